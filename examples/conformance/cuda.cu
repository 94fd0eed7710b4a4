// Comparison of records on an NVIDIA GPU. nvcc compiles this file, so the file includes no header that parses JSON or
// options.
#include "cuda.hpp"

#include "../common/cuda.cuh"
#include "check.hpp"

namespace conformance {

void use_cuda(const std::string& precision) { examples::use_cuda(precision); }

bool check_on_cuda(const Record& record, const std::string& precision) {
  return check_record<examples::Cuda>(record, limits_of(precision));
}

}  // namespace conformance
