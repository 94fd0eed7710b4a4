// Whole models and trainings on the kernels of the CUDA backend, run by simulated threads, against records of the
// executable specification: conformance_simulated RECORD...
#include <cstdio>
#include <exception>

#include <ctp/io/safetensors.hpp>

#include <support/simulated_cuda.hpp>

#include "../../examples/conformance/check.hpp"
#include "../../examples/conformance/read_record.hpp"

int main(int argc, char** argv) {
  try {
    bool all = argc > 1;
    for (int i = 1; i < argc; ++i) {
      const ctp::TensorFile file = ctp::io::read_safetensors(argv[i]);
      const conformance::Record record = conformance::read_record(file);
      const bool ok =
          conformance::is_double(file)
              ? conformance::check_record<ctp::test::SimulatedCuda<double>>(record, conformance::double_limits)
              : conformance::check_record<ctp::test::SimulatedCuda<float>>(record, conformance::fp32_limits);
      std::printf("%s %s\n", ok ? "PASS" : "FAIL", argv[i]);
      all = all && ok;
    }
    return all ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "conformance_simulated: %s\n", error.what());
    return 2;
  }
}
