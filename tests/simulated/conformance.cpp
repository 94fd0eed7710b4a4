// Whole models and trainings on the kernels of the CUDA backend with simulated threads, compared with records of the
// executable specification: conformance_simulated fp32|tf32|bf16 RECORD...
#include <cstdio>
#include <exception>
#include <string>

#include <ctp/io/weights/safetensors.hpp>

#include <support/simulated_cuda.hpp>

#include "../../examples/conformance/check.hpp"
#include "../../examples/conformance/read_record.hpp"

namespace {

bool check(const conformance::Record& record, const std::string& precision) {
  using ctp::test::SimulatedCuda;
  const conformance::Limits limits = conformance::limits_of(precision);
  if (precision == "tf32") return conformance::check_record<SimulatedCuda<float, 10>>(record, limits);
  if (precision == "bf16") return conformance::check_record<SimulatedCuda<float, 7>>(record, limits);
  if (conformance::is_double(record.file))
    return conformance::check_record<SimulatedCuda<double>>(record, conformance::double_limits);
  return conformance::check_record<SimulatedCuda<float>>(record, limits);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    bool all = argc > 2;
    for (int i = 2; i < argc; ++i) {
      const ctp::TensorFile file = ctp::io::read_safetensors(argv[i]);
      const bool ok = check(conformance::read_record(file), argv[1]);
      std::printf("%s %s\n", ok ? "PASS" : "FAIL", argv[i]);
      all = all && ok;
    }
    return all ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "conformance_simulated: %s\n", error.what());
    return 2;
  }
}
