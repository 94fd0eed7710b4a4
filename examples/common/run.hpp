/// @file   run.hpp
/// @brief  Command line, error messages and exit codes of all programs.
#pragma once

#include <cstdio>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <ctp/core/error.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/io/suggest.hpp>

#include "passive_waiting.hpp"
#include "standard_streams.hpp"
#include "stop_signals.hpp"

namespace examples {

/// "did you mean --epochs? " for the first unknown option of the command line; empty if no option is near.
inline std::string nearest_option(const CLI::App& app) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) known.push_back(option->get_name());
  for (const std::string& word : app.remaining()) {
    const std::string name = ctp::io::nearest_name(word.substr(0, word.find('=')), known);
    if (word.starts_with("--") && !name.empty()) return "did you mean " + name + "? ";
  }
  return "";
}

/// Parses the command line. Returns an exit code if the program must end: 0 after --help, 2 for a usage error.
inline std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::fprintf(stderr, "%s: %s; %ssee --help\n", app.get_name().empty() ? argv[0] : app.get_name().c_str(),
                 ctp::printable(error.what()).c_str(), nearest_option(app).c_str());
    return static_cast<int>(ctp::ErrorCode::Usage);
  }
}

/// @brief True to run on a CUDA device. `runs`: false for a dry run, which needs no device.
/// **Errors.** UsageError for an unknown device or precision, or a device that this build does not support.
inline bool wants_cuda(const std::string& device, const std::string& precision, bool runs = true) {
  if (device != "cpu" && device != "cuda") throw ctp::UsageError("--device: expected cpu or cuda, found " + device);
  if (precision != "fp32" && precision != "tf32" && precision != "bf16")
    throw ctp::UsageError("--precision: expected fp32, tf32 or bf16, found " + precision);
  if (device == "cpu") {
    if (precision != "fp32")
      throw ctp::UsageError("--precision " + precision + ": expected fp32 on the CPU, found " + precision +
                            "; use --device cuda");
    return false;
  }
#if !defined(CTP_HAVE_CUDA)
  if (runs)
    throw ctp::UsageError(
        "--device cuda: expected a build with CUDA, found one without; configure with -DCTP_CUDA=ON where nvcc of CUDA "
        "12 or newer is installed, or use --device cpu");
#endif
  return runs;
}

namespace detail {
/// Runs the body. Errors become one line on standard error and the documented exit code.
template <class Body>
int exit_code_of(const char* program, const Body& body) {
  try {
    return body();
  } catch (const Stopped& stop) {  // temporary files are removed; the process ends as if it had not waited for that
    end_by_signal(stop.signal);
  } catch (const ctp::ShapeError& error) {
    std::fprintf(stderr, "%s: internal error, please report it: %s\n", program,
                 ctp::printable(error.what(), 1U << 15U).c_str());
    return static_cast<int>(ctp::ErrorCode::Internal);
  } catch (const ctp::Error& error) {
    std::fprintf(stderr, "%s: %s\n", program, ctp::printable(error.what(), 1U << 15U).c_str());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: the memory does not suffice; choose a smaller model, batch or number of workers\n",
                 program);
    return static_cast<int>(ctp::ErrorCode::Resource);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: internal error, please report it: %s\n", program,
                 ctp::printable(error.what(), 1U << 15U).c_str());
    return static_cast<int>(ctp::ErrorCode::Internal);
  }
}
}  // namespace detail

/// @brief Runs a program's body, with threads that wait passively and standard streams that are held open. Errors
/// become one line on standard error and the documented exit code. Output that could not be printed is an error, too:
/// exit code 6 if the body ended with 0.
template <class Body>
int guarded(const char* program, const Body& body) {
  wait_passively();
  hold_standard_streams();
  const int code = detail::exit_code_of(program, body);
  const bool printed = finish_standard_output(program);
  return code == 0 && !printed ? static_cast<int>(ctp::ErrorCode::Resource) : code;
}

}  // namespace examples
