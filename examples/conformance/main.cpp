// Checks the library against records made by the executable specification: one line per quantity, PASS or FAIL per
// file.
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "../common/run.hpp"
#include "../common/strategies.hpp"
#include "exemplars.hpp"
#include "golden.hpp"
#include "trajectory.hpp"

namespace {

using namespace conformance;

Run read_run(const ctp::TensorFile& file) {
  const auto document = ctp::io::parse_json_document(file.metadata.at("run"), file.origin + " (metadata 'run')");
  const auto root = document.root();
  const auto count = [&](const char* key) { return static_cast<int>(root.at(key).integer(1, 1 << 20)); };
  return {root.at("method").string(),
          count("tasks"),
          count("epochs"),
          count("steps"),
          root.at("lr").number(),
          root.at("min_lr").number(),
          root.at("weight_decay").number()};
}

/// A strategy on batches that a record holds: there is nothing to rehearse.
template <class Strategy>
struct OnRecordedBatches : Strategy {
  using Rehearsal = ctp::rehearsal::None;
};

/// Prints the lines of one record; true unless a quantity fails.
template <class Real>
bool check(const ctp::TensorFile& file) {
  if (file.metadata.contains("run")) {
    const Run run = read_run(file);
    bool passed = true;
    const bool known = examples::with_strategy(
        run.method, [&]<class Strategy>() { passed = Trajectory<Real, OnRecordedBatches<Strategy>>(file, run).run(); });
    if (!known)
      std::printf("  %-34s %10s %10s  SKIP  this method is not built yet\n", ("trajectory of " + run.method).c_str(),
                  "-", "-");
    return passed;
  }
  if (file.find("features") != nullptr) {
    return check_exemplars(file);
  }
  if (file.find("batch.ids") == nullptr)
    throw ctp::DataError(ctp::Complaint{file.origin, "tensor batch.ids", "a record of the executable specification",
                                        "a file without it",
                                        "make one with make_golden.py; weights alone cannot be checked"}
                             .text());
  return Golden<Real>(file).run();
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
  examples::require_available(device, precision);
  if (threads > 0) ctp::set_threads(threads);

  bool all = true;
  for (const std::string& path : files) {
    const ctp::TensorFile file = ctp::io::read_safetensors(path);
    const ctp::NamedTensor* any = file.find("params.vision_proj.weight");
    if (any == nullptr) any = file.find("start.vision_proj.weight");
    const bool is_double = any != nullptr && any->dtype == ctp::DType::F64;
    std::printf("%s (%s)\n", path.c_str(), is_double ? "double" : "single precision");
    const bool ok = is_double ? check<double>(file) : check<float>(file);
    std::printf("%s %s\n", ok ? "PASS" : "FAIL", path.c_str());
    all = all && ok;
  }
  return all ? 0 : static_cast<int>(ctp::ErrorCode::CheckFailed);
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("conformance", [&] { return run(argc, argv); });
}
