// Runs a training as a shell command that can be stopped while it runs.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "programs/program.hpp"

namespace test {

/// A shell command with $bin, $data and $out.
struct Shell {
  TemporaryFolder folder;
  Finished finished;

  [[nodiscard]] std::string prefix() const {
    return "export CUDA_VISIBLE_DEVICES= OMP_WAIT_POLICY=passive; bin='" + std::string(CTP_PROGRAM_DIR) + "'; data='" +
           small_stream() + "'; out='" + folder.path("out") + "'; train() { exec $bin/continual_pretrain --data " +
           "\"$data\" --output \"$out\" --tasks " + first_task +
           " --strategy seqf --batch-size 5 --image-size 32 --threads 1 --workers 0 --log-every 1 \"$@\"; }; ";
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder.path(name); }

  /// Runs `command` with bash. Standard error goes to a file, standard output where the command says.
  int run(const std::string& command) {
    folder.write("script", prefix() + command);
    const int status = std::system(("bash '" + path("script") + "' 2>'" + path("err") + "'").c_str());
    finished = {WIFEXITED(status) ? WEXITSTATUS(status) : -1, "", read_whole(path("err"))};
    return finished.code;
  }
  [[nodiscard]] std::string log() const { return read_whole(path("out/metrics.jsonl")); }
  /// Starts `command`, calls `act` once the log has `lines` lines, and waits for the end.
  int run_and(const std::string& command, const std::function<void(pid_t)>& act, int lines = 4) {
    folder.write("script", prefix() + command);
    const pid_t child = ::fork();
    if (child == 0) {
      for (const int one : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) std::signal(one, SIG_DFL);
      const std::string script = path("script"), err = path("err");
      ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666), STDERR_FILENO);
      ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
      ::execlp("bash", "bash", script.c_str(), nullptr);
      ::_exit(99);
    }
    const auto there = [&] {
      const std::string text = log();
      return std::count(text.begin(), text.end(), '\n') >= lines;
    };
    int status = 0;
    bool ended = false;
    for (int i = 0; i < 3000 && !there() && !ended; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      ended = ::waitpid(child, &status, WNOHANG) == child;
    }
    if (!ended) {
      act(child);
      ::waitpid(child, &status, 0);
    }
    finished = {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), "", read_whole(path("err"))};
    return finished.code;
  }
};

}  // namespace test
