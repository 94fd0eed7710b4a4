#include <ctp/encoder/initialize.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tiny_structure.hpp"

namespace {

/// Root of the mean square of a parameter.
double deviation(const std::vector<double>& theta, const ctp::ParameterInfo& p) {
  double squares = 0;
  for (ctp::Index i = 0; i < p.size(); ++i)
    squares += theta[static_cast<std::size_t>(p.offset + i)] * theta[static_cast<std::size_t>(p.offset + i)];
  return std::sqrt(squares / static_cast<double>(p.size()));
}
/// Of n normal numbers the deviation is within 5 / sqrt(2 n) of the true one, relative.
bool agrees(double found, double expected, ctp::Index n) {
  return std::abs(found / expected - 1) < 5 / std::sqrt(2 * static_cast<double>(n));
}
bool is_bias(const std::string& name) { return name.ends_with("bias"); }
bool is_gain(const std::string& name) {
  return name.ends_with("LayerNorm.weight") || name.ends_with("norm.weight") || name.ends_with("norm1.weight") ||
         name.ends_with("norm2.weight");
}

}  // namespace

TEST_CASE("initialize: weights deviate by 1/sqrt(fan-in), tables by 1/sqrt(width); gains are one, biases zero") {
  const test::Structure model(test::odd);
  const std::vector<double> theta = ctp::initial_weights<double>(model.layout(), 3);

  for (const ctp::ParameterInfo& p : model.layout().parameters()) {
    CAPTURE(p.name);
    const auto first = theta.begin() + p.offset;
    if (is_gain(p.name)) {
      CHECK(std::all_of(first, first + p.size(), [](double w) { return w == 1; }));
    } else if (is_bias(p.name)) {
      CHECK(std::all_of(first, first + p.size(), [](double w) { return w == 0; }));
    } else {
      double fan_in = static_cast<double>(p.shape.back());
      if (p.name.ends_with("patch_embed.proj.weight")) fan_in = 3 * 5 * 5;
      CHECK(agrees(deviation(theta, p), 1 / std::sqrt(fan_in), p.size()));
    }
  }
}

TEST_CASE("initialize: the published scheme draws every weight and table with deviation 0.02") {
  const test::Structure model(test::odd);
  const auto theta = ctp::initial_weights<double>(model.layout(), 3, ctp::Initialization::Published);

  for (const ctp::ParameterInfo& p : model.layout().parameters()) {
    CAPTURE(p.name);
    if (!is_gain(p.name) && !is_bias(p.name)) CHECK(agrees(deviation(theta, p), 0.02, p.size()));
    if (is_gain(p.name)) CHECK(theta[static_cast<std::size_t>(p.offset)] == 1);
  }
}

TEST_CASE("initialize: the weights depend on the seed alone, and no parameter repeats another's numbers") {
  const test::Structure model(test::odd);
  const auto theta = ctp::initial_weights<double>(model.layout(), 3);

  CHECK(theta == ctp::initial_weights<double>(model.layout(), 3));
  CHECK(theta != ctp::initial_weights<double>(model.layout(), 4));
  std::vector<double> first;
  for (const ctp::ParameterInfo& p : model.layout().parameters())
    if (!is_gain(p.name) && !is_bias(p.name)) first.push_back(theta[static_cast<std::size_t>(p.offset)]);
  std::sort(first.begin(), first.end());
  CHECK(std::adjacent_find(first.begin(), first.end()) == first.end());
}

TEST_CASE("initialize: the gaps between parameters are zero") {
  const test::Structure model(test::odd);
  const auto theta = ctp::initial_weights<double>(model.layout(), 3);
  const std::vector<bool> taken = test::taken(model.layout());
  std::size_t gaps = 0, other = 0;

  for (std::size_t i = 0; i < theta.size(); ++i) {
    if (taken[i]) continue;
    ++gaps;
    if (theta[i] != 0) ++other;
  }

  CHECK(gaps > 0);  // the odd widths leave gaps
  CHECK(other == 0);
}

TEST_CASE("initialize: constants and distributions of a parameter are the same in both schemes") {
  ctp::Layout layout;
  const auto constant = layout.add<1>("constant", {5}, ctp::Start::constant(-10));
  const auto uniform = layout.add<2>("uniform", {40, 50}, ctp::Start::uniform(2, 6));
  const auto normal = layout.add<2>("normal", {40, 50}, ctp::Start::normal(3, 0.5));
  const auto theta = ctp::initial_weights<double>(layout, 3);
  CHECK(theta == ctp::initial_weights<double>(layout, 3, ctp::Initialization::Published));

  const auto at = [&](ctp::Index offset) { return theta.begin() + offset; };
  CHECK(std::all_of(at(constant.offset), at(constant.offset) + 5, [](double x) { return x == -10; }));
  CHECK(std::all_of(at(uniform.offset), at(uniform.offset) + 2000, [](double x) { return x >= 2 && x < 6; }));
  const auto moments = [&](ctp::Index offset) {
    double sum = 0, squares = 0;
    for (ctp::Index i = 0; i < 2000; ++i) sum += *at(offset + i);
    for (ctp::Index i = 0; i < 2000; ++i) squares += (*at(offset + i) - sum / 2000) * (*at(offset + i) - sum / 2000);
    return std::pair{sum / 2000, std::sqrt(squares / 2000)};
  };
  // Five deviations of a mean of 2000 numbers; the deviation of uniform numbers is their width / sqrt(12).
  CHECK(std::abs(moments(uniform.offset).first - 4) < 5 * 4 / std::sqrt(12.0 * 2000));
  CHECK(agrees(moments(uniform.offset).second, 4 / std::sqrt(12.0), 2000));
  CHECK(std::abs(moments(normal.offset).first - 3) < 5 * 0.5 / std::sqrt(2000.0));
  CHECK(agrees(moments(normal.offset).second, 0.5, 2000));
}
