/// @file   ctp/train/parameters/ranges.hpp
/// @brief  Ranges of the parameter vector from the layout and from the groups of a training.
/// @layer  train
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/io/suggest.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/optim/parameter_group.hpp>
#include <ctp/optim/ranges.hpp>
#include <ctp/train/options.hpp>

namespace ctp {

/// **Errors.** UsageError for a group whose pattern no parameter has, or with a factor that is negative or not finite.
/// `where`: the source of the pattern, for the message.
[[gnu::cold]] inline void require_group(const optim::ParameterGroup& group,
                                        const std::vector<ParameterInfo>& parameters,
                                        const std::string& where = "parameter group") {
  for (const auto& [key, factor] : {std::pair{"rate", group.rate}, {"decay", group.decay}})
    if (factor && !(std::isfinite(*factor) && *factor >= 0))
      throw UsageError(Complaint{where + " '" + group.pattern + "'", key, "a factor from 0", std::to_string(*factor),
                                 "1 leaves the number as it is"}
                           .text());
  std::vector<std::string> names;
  for (const ParameterInfo& p : parameters) {
    if (optim::matches(group.pattern, p.name)) return;
    names.push_back(p.name);
  }
  throw UsageError(Complaint{where, "", "a pattern that the name of a parameter matches",
                             "'" + group.pattern + "', which none matches",
                             io::suggestion(group.pattern, names) + "; * stands for any text, as in '" +
                                 names.front().substr(0, names.front().find('.')) + "*'"}
                       .text());
}

namespace detail {

/// The parameters in the order of their places. **Errors.** UsageError if a place has no name, or two.
[[gnu::cold]] inline std::vector<ParameterInfo> parameters_by_place(const Layout& layout) {
  std::vector<ParameterInfo> parameters = layout.parameters();
  // Empty parameters, which have no places, come before the one that begins where they do.
  std::sort(parameters.begin(), parameters.end(), [](const ParameterInfo& a, const ParameterInfo& b) {
    return std::pair(a.offset, a.size()) < std::pair(b.offset, b.size());
  });
  Index end = 0;
  const auto require_next = [&](Index begin, const std::string& what) {
    if (begin == end || begin == (end + 15) / 16 * 16) return;
    throw UsageError(Complaint{what, "first place", std::to_string(end) + ", or the next multiple of 16",
                               std::to_string(begin),
                               "name every row of a place that Layout::reserve() makes once, with add_part()"}
                         .text());
  };
  for (const ParameterInfo& p : parameters) {
    require_next(p.offset, "parameter " + p.name);
    end = p.offset + p.size();
  }
  require_next(layout.size(), "end of the layout");
  return parameters;
}

}  // namespace detail

/// @brief The ranges of a layout: each parameter with its own numbers and those of the groups that it matches; of
/// several groups the last one counts, for each number by itself. A factor of a group multiplies the parameter's own.
///
/// The gap behind a parameter belongs to the parameter's range, or to one of its own behind a clamped parameter.
/// **Errors.** UsageError for a group whose pattern no parameter has, or with a factor out of range; for a place of the
/// layout that has no name, or two.
[[gnu::cold]] inline optim::Ranges parameter_ranges(const Layout& layout,
                                                    const std::vector<optim::ParameterGroup>& groups) {
  for (const optim::ParameterGroup& group : groups) require_group(group, layout.parameters());
  const std::vector<ParameterInfo> parameters = detail::parameters_by_place(layout);
  optim::Ranges ranges;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const ParameterInfo& p = parameters[i];
    const Index next = i + 1 < parameters.size() ? parameters[i + 1].offset : layout.size();
    double rate = 1, decay = 1;
    optim::Range range{.begin = p.offset, .end = next, .least = p.least, .most = p.most};
    for (const optim::ParameterGroup& group : groups) {
      if (!optim::matches(group.pattern, p.name)) continue;
      range.frozen = group.freeze.value_or(range.frozen);
      rate = group.rate.value_or(rate);
      decay = group.decay.value_or(decay);
    }
    range.rate = p.rate * rate;
    range.decay = p.decay * decay;
    if (!(p.least <= 0 && p.most >= 0)) range.end = p.offset + p.size();  // a clamp would move the gap, which is zero
    ranges.append(range);
    ranges.append({.begin = range.end, .end = next});
  }
  return ranges;
}

/// As parameter_ranges(), for an optimiser. **Errors.** as parameter_ranges(); UsageError for a negative clip_norm, and
/// for an optimiser without ranges if there is more than one or the gradient is clipped.
[[gnu::cold]] inline optim::Ranges checked_ranges(const Layout& layout, const TrainOptions& options,
                                                  bool optimizer_takes_ranges) {
  if (!(std::isfinite(options.clip_norm) && options.clip_norm >= 0))
    throw UsageError(
        Complaint{"TrainOptions", "clip_norm", "a length from 0", std::to_string(options.clip_norm), "0 does not clip"}
            .text());
  optim::Ranges ranges = parameter_ranges(layout, options.groups);
  if (!optimizer_takes_ranges && (!ranges.plain() || options.clip_norm > 0))
    throw UsageError(
        Complaint{"optimizer", "step",
                  "an optimiser that knows ranges of parameters and a factor of the gradient, for groups, clipping or "
                  "parameters with numbers of their own",
                  "one without",
                  "give it 'template <class Model, class Term> void step(State<Model>&, Model::Real* theta, "
                  "Model::Real* gradient, double rate, const Term&, const ctp::optim::Ranges&, const Model::Real* "
                  "factor) const', as docs/policies/optim.md shows, or use ctp::optim::AdamW"}
            .text());
  return ranges;
}

/// Number of weights, gaps not included, and of parameters that `ranges` freeze.
struct FrozenCount {
  Index weights = 0;
  std::size_t parameters = 0;
};
inline FrozenCount frozen_count(const Layout& layout, const optim::Ranges& ranges) {
  FrozenCount count;
  for (const ParameterInfo& p : layout.parameters()) {
    for (const optim::Range& range : ranges.list()) {
      if (!range.frozen || p.offset < range.begin || p.offset >= range.end) continue;
      count.weights += p.size();
      ++count.parameters;
    }
  }
  return count;
}

}  // namespace ctp
