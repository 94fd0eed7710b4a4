/// @file   tests/eval/eval_records.hpp
/// @brief  Reads the records that tests/golden/eval/make_eval_golden.py writes.
#pragma once

#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace ctp_test {

inline std::ifstream open_eval_golden() {
  std::ifstream in(std::string(CTP_GOLDEN_DIR) + "/eval/eval.txt");
  if (!in) throw std::runtime_error("cannot read tests/golden/eval/eval.txt");
  return in;
}

inline std::vector<double> numbers(std::ifstream& in, std::size_t count, double scale = 1.0) {
  std::vector<double> out(count);
  for (double& v : out) {
    if (!(in >> v)) throw std::runtime_error("tests/golden/eval/eval.txt is cut off");
    v *= scale;
  }
  return out;
}

inline std::vector<float> as_floats(const std::vector<double>& x) { return {x.begin(), x.end()}; }

}  // namespace ctp_test
