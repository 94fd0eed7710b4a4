/// @file   ctp/nn/layout.hpp
/// @brief  Layout of the flat parameter vector: names, shapes, offsets and rules of parameters.
/// @layer  nn
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/nn/start.hpp>

namespace ctp {

/// Prefix of the names of parameters that belong to policies of a training, not to the model.
inline constexpr std::string_view policy_prefix = "policy.";

/// How a parameter starts, and how an optimiser treats it.
struct ParameterRules {
  Start start = Start::Zeros;
  double decay = 1;  ///< factor on the optimiser's weight decay; 0: none
  double rate = 1;   ///< factor on the learning rate; 0: fixed
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();  ///< after each step a value lies in [least, most]
};

/// One named parameter.
struct ParameterInfo {
  std::string name;
  std::vector<std::int64_t> shape;
  Index offset = 0;
  Start start = Start::Zeros;
  double decay = 1, rate = 1;  ///< this and the next line: as in ParameterRules
  double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();

  [[nodiscard]] Index size() const {
    Index n = 1;
    for (const std::int64_t extent : shape) n *= static_cast<Index>(extent);
    return n;
  }
};

/// @brief Layout of a parameter vector: the parameters of a model in the order of its layers' calls, and behind them
/// those of policies.
///
/// Each place begins at a multiple of 16 values, so that every place is aligned. A place is one parameter, or
/// several without gaps between them: then their order in the vector is not that of the calls. Gaps are zero, have zero
/// gradient, and stay zero.
class Layout {
 public:
  /// Appends a parameter and returns its place in the vector. **Errors.** UsageError if an extent is negative, the
  /// vector becomes longer than 2^60 values, a rule is out of range or excludes the start, or two parameters of
  /// policies have one name.
  template <std::size_t Rank>
  Parameter<Rank> add(std::string name, Shape<Rank> shape, const ParameterRules& rules) {
    name.insert(0, prefix_);
    require_new(name);
    require_valid(name, rules);
    const Parameter<Rank> place = reserve(name, shape);
    append(std::move(name), place, rules);
    return place;
  }
  /// Appends a parameter that an optimiser treats as any other. **Errors.** as above.
  template <std::size_t Rank>
  Parameter<Rank> add(std::string name, Shape<Rank> shape, Start start) {
    return add<Rank>(std::move(name), shape, ParameterRules{.start = start});
  }
  /// Appends a place for several parameters that one operation reads as one. add_part() names them; all of the place
  /// must be named, which parameter_ranges() checks. `name`: of the place, for messages. **Errors.** UsageError for a
  /// shape as above.
  template <std::size_t Rank>
  Parameter<Rank> reserve(const std::string& name, Shape<Rank> shape) {
    const Index begin = size_;
    size_ += (checked_count(name, shape) + 15) / 16 * 16;
    return {begin, shape};
  }
  /// Appends a parameter that lies in a reserved place: `rows` of its first extent, from row `first` on.
  /// **Errors.** as add(); UsageError for rows outside of the place.
  template <std::size_t Rank>
  void add_part(std::string name, Parameter<Rank> place, Index first, Index rows, Start start) {
    static_assert(Rank > 0, "a number has no parts");
    name.insert(0, prefix_);
    require_new(name);
    if (first < 0 || rows < 0 || first > place.shape[0] - rows)
      throw UsageError(Complaint{"parameter " + name, "rows", "rows of the place " + to_string(place.shape),
                                 to_string(Shape<2>{first, rows}), "give the first row and the number of rows"}
                           .text());
    const Index all = place.shape[0];
    if (all > 0) place.offset += count(place.shape) / all * first;
    place.shape[0] = rows;
    append(std::move(name), place, ParameterRules{.start = start});
  }
  /// Calls use(layout). Names of the parameters that it adds are led by policy_prefix, `policy` and a dot. use()
  /// may call add_of_policy() for a policy within this one; its names are led by the inner policy's name alone.
  /// **Errors.** as use().
  template <class Use>
  void add_of_policy(std::string_view policy, const Use& use) {
    struct Restore {
      std::string* prefix;
      std::string before;
      ~Restore() { prefix->swap(before); }
    };
    const Restore restore{&prefix_, std::exchange(prefix_, std::string(policy_prefix).append(policy) + ".")};
    use(*this);
  }

  /// Length of a parameter vector, gaps included.
  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] const std::vector<ParameterInfo>& parameters() const { return parameters_; }
  /// Number of weights, gaps not included.
  [[nodiscard]] Index weights() const {
    Index n = 0;
    for (const auto& p : parameters_) n += p.size();
    return n;
  }

 private:
  static constexpr Index limit = Index{1} << 60;  ///< values

  template <std::size_t Rank>
  void append(std::string name, const Parameter<Rank>& place, const ParameterRules& rules) {
    parameters_.push_back({std::move(name),
                           {place.shape.begin(), place.shape.end()},
                           place.offset,
                           rules.start,
                           rules.decay,
                           rules.rate,
                           rules.least,
                           rules.most});
  }

  /// Number of values of a shape. The length of the vector with them is at most `limit`, so sums do not wrap around.
  template <std::size_t Rank>
  [[nodiscard]] Index checked_count(const std::string& name, const Shape<Rank>& shape) const {
    const Index room = limit - size_;
    Index n = 1;
    bool fits = room >= 1;
    for (const Index extent : shape) {
      fits = fits && extent >= 0 && (extent == 0 || n <= room / extent);
      if (fits) n *= extent;
    }
    if (!fits)
      throw UsageError(Complaint{"parameter " + name, "shape", "at most 2^60 values in all parameters",
                                 to_string(shape), "choose a smaller model"}
                           .text());
    return n;
  }
  /// Policies alone can meet in one name: layers of a model have names of their own.
  [[gnu::cold]] void require_new(const std::string& name) const {
    if (prefix_.empty()) return;
    if (std::any_of(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.name == name; }))
      throw UsageError(Complaint{"parameter " + name, "", "one parameter of this name", "two",
                                 "give each policy of a strategy a name of its own, and each of its parameters"}
                           .text());
  }
  [[gnu::cold]] static void require_valid(const std::string& name, const ParameterRules& rules) {
    const auto text = [](double number) {
      std::string digits;
      detail::append_json_number(digits, number);
      return digits;
    };
    const auto check = [&](bool ok, const char* what, const std::string& expected, const std::string& found,
                           const char* remedy) {
      if (!ok) throw UsageError(Complaint{"parameter " + name, what, expected, found, remedy}.text());
    };
    const std::string range = text(rules.least) + " to " + text(rules.most);
    check(rules.decay >= 0 && std::isfinite(rules.decay), "decay", "a finite factor of 0 or more", text(rules.decay),
          "0 means no weight decay");
    check(rules.rate >= 0 && std::isfinite(rules.rate), "rate", "a finite factor of 0 or more", text(rules.rate),
          "0 means a fixed value");
    check(rules.least <= rules.most, "least and most", "a range, the smaller number first", range,
          "exchange the two or choose others");
    check(rules.start.lies_within(rules.least, rules.most), "start", "a value from " + range,
          rules.start.kind() == Start::Kind::Constant ? text(rules.start.first()) : "values that may lie outside",
          "choose another start or a wider range");
  }

  std::vector<ParameterInfo> parameters_;
  Index size_ = 0;
  std::string prefix_;  ///< of the names, while a policy adds its parameters
};

}  // namespace ctp
