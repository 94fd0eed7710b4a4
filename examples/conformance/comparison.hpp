/// @file   comparison.hpp
/// @brief  Collects the errors of computed numbers against recorded numbers, and prints one line for each quantity.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <ctp/tensor/named.hpp>

namespace conformance {

/// Definition of a quantity's error.
enum class Measure {
  Absolute,  ///< largest |found - expected| of any element
  Scaled,    ///< Absolute, divided by max(1, |expected|)
  Norm,      ///< |found - expected| / |expected| as vectors; the largest difference if the record is zero
};

/// @brief The quantities of one record. A quantity is a group of tensors, such as all gradients of one method; its
/// error is the error of its worst tensor.
class Comparison {
 public:
  explicit Comparison(const ctp::TensorFile& file) : file_(file) {}

  [[nodiscard]] const ctp::TensorFile& file() const { return file_; }

  /// Compares values with the tensor `name` of the record, as part of `quantity`.
  template <class Real>
  void check(const std::string& quantity, const std::string& name, std::span<const Real> found, double limit,
             Measure measure, double zero_limit = 0) {
    const std::vector<double> expected = file_.at(name).as_doubles();
    known_.insert(name);
    double worst = 0, squares = 0, size = 0, plain = 0;
    if (found.size() != expected.size()) worst = plain = INFINITY;
    for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
      const double error = std::abs(static_cast<double>(found[i]) - expected[i]);
      const double scaled = measure == Measure::Scaled ? error / std::max(1.0, std::abs(expected[i])) : error;
      worst = scaled <= worst ? worst : scaled;  // NaN becomes the largest error
      plain = error <= plain ? plain : error;
      squares += error * error;
      size += expected[i] * expected[i];
    }
    if (measure == Measure::Norm && std::isfinite(plain)) {
      // A tensor that is zero in exact arithmetic holds rounding noise in the record: only its size can be compared.
      const bool zero = std::sqrt(size) <= 1e-6 * std::sqrt(static_cast<double>(expected.size()));
      worst = zero ? plain * limit / zero_limit : std::sqrt(squares / size);
    }
    record(quantity, name, worst, limit);
  }
  /// Adds an error that the caller measured.
  void record(const std::string& quantity, const std::string& name, double error, double limit) {
    Line& line = lines_[quantity];
    if (line.count++ == 0) order_.push_back(quantity);
    line.limit = limit;
    if (!(error <= line.error) || line.count == 1) {
      line.error = error;
      line.worst = name;
    }
  }
  /// Marks all tensors with the name prefix `prefix` as inputs: read, not compared.
  void input(const std::string& prefix) {
    for (const ctp::NamedTensor& tensor : file_.tensors)
      if (tensor.name.starts_with(prefix)) known_.insert(tensor.name);
  }

  /// Prints all lines; true if every error is within its limit and no tensor of the record is unknown.
  bool print() {
    for (const ctp::NamedTensor& tensor : file_.tensors)
      if (!known_.contains(tensor.name)) record("unknown tensor", tensor.name, INFINITY, 0);
    bool all = true;
    for (const std::string& quantity : order_) {
      const Line& line = lines_.at(quantity);
      const bool ok = line.error <= line.limit;
      all = all && ok;
      std::printf("  %-34s %10.2e %10.0e  %s  %zu tensors, worst %s\n", quantity.c_str(), line.error, line.limit,
                  ok ? "ok  " : "FAIL", line.count, line.worst.c_str());
    }
    return all;
  }

 private:
  struct Line {
    double error = 0, limit = 0;
    std::size_t count = 0;
    std::string worst;
  };
  const ctp::TensorFile& file_;
  std::map<std::string, Line> lines_;
  std::vector<std::string> order_;
  std::set<std::string> known_;
};

}  // namespace conformance
