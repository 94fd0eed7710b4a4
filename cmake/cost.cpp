// cost <most seconds> <most MiB> <command...>: runs the command and prints its cost. Ends with 1 if the command
// failed, with 3 if the command took more processor time or memory than allowed.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int main(int count, char** words) {
  if (count < 4) {
    std::fprintf(stderr, "usage: cost <most seconds> <most MiB> <command...>\n");
    return 2;
  }
  const pid_t child = fork();
  if (child == 0) {
    execvp(words[3], words + 3);
    std::perror(words[3]);
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
    std::fprintf(stderr, "the command failed\n");
    return 1;
  }
  rusage use{};
  getrusage(RUSAGE_CHILDREN, &use);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  const double time = seconds(use.ru_utime) + seconds(use.ru_stime);
  const double mebibytes = static_cast<double>(use.ru_maxrss) / 1024.0;
  std::printf("%.1f s of processor time (allowed %s), %.0f MiB (allowed %s)\n", time, words[1], mebibytes, words[2]);
  return time <= std::atof(words[1]) && mebibytes <= std::atof(words[2]) ? 0 : 3;
}
