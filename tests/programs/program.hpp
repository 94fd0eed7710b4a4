// Runs a built program with arguments and captures its exit code and output.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "data/temporary_folder.hpp"

namespace test {

inline std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// True if `part` stands in `text`.
inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Exit code and output of a program.
struct Finished {
  int code = -1;  ///< exit code; -1 if a signal ended the program
  std::string out, err;
};

/// Runs `name` with these arguments and nothing on its standard input. The program sees no GPU.
inline Finished run_program(const std::string& name, const std::vector<std::string>& arguments) {
  const auto quoted = [](const std::string& word) {
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
  };
  const TemporaryFolder output;
  std::string command = "CUDA_VISIBLE_DEVICES= " + quoted(std::string(CTP_PROGRAM_DIR) + "/" + name);
  for (const std::string& argument : arguments) command += " " + quoted(argument);
  command += " </dev/null >" + quoted(output.path("out")) + " 2>" + quoted(output.path("err"));
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_whole(output.path("out")), read_whole(output.path("err"))};
}

/// The names of the first two tasks of the synthetic stream.
inline constexpr const char* first_task = "家居用品";
inline constexpr const char* two_tasks = "家居用品,家装家饰";

/// A small synthetic stream, made once: 90 training pairs, 45 test pairs. Tests that damage files work on a copy.
inline const std::string& small_stream() {
  static const TemporaryFolder folder;
  static const std::string path = [] {
    run_program("make_stream", {"--output", folder.path("stream"), "--train", "90", "--test", "45", "--quiet"});
    return folder.path("stream");
  }();
  return path;
}

}  // namespace test
