// Checks the library against records made by the executable specification: one line per quantity, PASS or FAIL per
// file.
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "../common/run.hpp"
#include "../common/threads.hpp"
#include "check.hpp"
#include "read_record.hpp"
#if defined(CTP_HAVE_CUDA)
#include "cuda.hpp"
#endif

namespace {

using namespace conformance;

/// Compares a record on the device. Skips trainings in float64: their learning rate is too high for the limits of
/// single precision.
bool on_device([[maybe_unused]] const Record& record, [[maybe_unused]] const std::string& precision) {
#if defined(CTP_HAVE_CUDA)
  if (record.run && is_double(record.file)) {
    std::printf("  %-34s %10s %10s  SKIP  a training in float64, the device computes in single precision\n",
                ("trajectory of " + record.run->method).c_str(), "-", "-");
    return true;
  }
  return check_on_cuda(record, precision);
#else
  return false;  // unreachable: wants_cuda() throws without CUDA
#endif
}

int run(int argc, char** argv) {
  CLI::App app{"Recomputes records of the executable specification with the library and compares.", "conformance"};
  std::vector<std::string> files;
  std::string device = "cpu", precision = "fp32";
  int threads = 0;
  app.add_option("records", files, "safetensors records: golden, trajectory or exemplars")->required();
  app.add_option("--device", device, "cpu or cuda")->capture_default_str();
  app.add_option("--precision", precision, "fp32, tf32 or bf16; a record in float64 is always computed in double")
      ->capture_default_str();
  app.add_option("--threads", threads, "threads (default: all cores)");
  if (const auto code = examples::parse(app, argc, argv)) return *code;
  const bool on_cuda = examples::wants_cuda(device, precision);
#if defined(CTP_HAVE_CUDA)
  if (on_cuda) use_cuda(precision);
#endif
  examples::use_threads(threads, 0);

  bool all = true;
  for (const std::string& path : files) {
    const ctp::TensorFile file = ctp::io::read_safetensors(path);
    std::printf("%s (%s)\n", path.c_str(), is_double(file) && !on_cuda ? "double" : "single precision");
    const Record record = read_record(file);
    const bool ok = on_cuda           ? on_device(record, precision)
                    : is_double(file) ? check_record<ctp::BasicCpu<double>>(record, double_limits)
                                      : check_record<ctp::BasicCpu<float>>(record, fp32_limits);
    std::printf("%s %s\n", ok ? "PASS" : "FAIL", path.c_str());
    all = all && ok;
  }
  return all ? 0 : static_cast<int>(ctp::ErrorCode::CheckFailed);
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("conformance", [&] { return run(argc, argv); });
}
