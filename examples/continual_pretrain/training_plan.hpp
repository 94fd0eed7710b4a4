/// @file   training_plan.hpp
/// @brief  Epochs of each task, and groups of parameters, as options of continual_pretrain.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/optim/parameter_group.hpp>
#include <ctp/train/parameters/ranges.hpp>
#include <ctp/train/task_plan.hpp>

#include "name_list.hpp"
#include "settings.hpp"

namespace pretrain {

/// @brief Sets the epochs of each task if `a` is a list of them, such as "5,3,3". False for any other assignment; a
/// single number of epochs drops an earlier list. **Errors.** as assign_in_range(), for each number.
inline bool assign_epochs(const Assignment& a, Settings& settings) {
  if (a.key != "epochs") return false;
  settings.task_epochs.clear();
  if (a.type != ValueType::List && a.value.find(',') == std::string::npos) return false;
  for (std::size_t begin = 0; begin <= a.value.size();) {
    const std::size_t end = std::min(a.value.find(',', begin), a.value.size());
    assign_in_range({a.key, a.value.substr(begin, end - begin), a.where}, settings.task_epochs.emplace_back());
    begin = end + 1;
  }
  settings.epochs = *std::max_element(settings.task_epochs.begin(), settings.task_epochs.end());
  return true;
}

/// Planned epochs of `task`, a number from 0.
inline int epochs_of(const Settings& settings, std::size_t task) {
  return task < settings.task_epochs.size() ? settings.task_epochs[task] : settings.epochs;
}
/// "5", or for tasks of their own "5, 3, 3".
inline std::string epochs_text(const Settings& settings) {
  if (settings.task_epochs.empty()) return std::to_string(settings.epochs);
  std::string text;
  for (const int epochs : settings.task_epochs) text += (text.empty() ? "" : ", ") + std::to_string(epochs);
  return text;
}
/// The plans of all trainings; none if all tasks have the same number of epochs.
inline std::vector<ctp::TaskPlan> plans_of(const Settings& settings) {
  std::vector<ctp::TaskPlan> plans;
  for (const int epochs : settings.task_epochs) plans.push_back({.epochs = epochs});
  return plans;
}
/// **Errors.** UsageError unless there are epochs for each training. `joined`: the strategy trains once on all tasks.
inline void require_epochs(const Settings& settings, std::size_t tasks, bool joined) {
  const std::size_t trainings = joined ? 1 : tasks;
  if (settings.task_epochs.empty() || settings.task_epochs.size() == trainings) return;
  throw ctp::UsageError(ctp::Complaint{"--epochs", "",
                                       joined ? "one number, for " + settings.strategy + " trains once on all tasks"
                                              : "one number, or " + std::to_string(trainings) + ", one for each task",
                                       epochs_text(settings), ""}
                            .text());
}

namespace detail {

/// A key of the form group.PATTERN.field. The pattern may have dots.
struct GroupKey {
  std::string pattern, field;
};
inline GroupKey group_key(const std::string& key) {
  constexpr std::size_t behind = std::string_view("group.").size();
  const std::size_t dot = key.rfind('.');
  if (dot < behind) return {};
  return {key.substr(behind, dot - behind), key.substr(dot + 1)};
}

/// The group that `a` describes. **Errors.** UsageError for an unknown field or a value out of range.
inline ctp::optim::ParameterGroup group_of(const Assignment& a) {
  const GroupKey key = group_key(a.key);
  ctp::optim::ParameterGroup group{.pattern = key.pattern};
  if (!key.pattern.empty() && key.field == "freeze")
    assign(a, group.freeze.emplace());
  else if (!key.pattern.empty() && (key.field == "rate" || key.field == "decay"))
    assign(a, (key.field == "rate" ? group.rate : group.decay).emplace());
  else
    throw ctp::UsageError(ctp::Complaint{a.where, a.key,
                                         "group.PATTERN.freeze, group.PATTERN.rate or group.PATTERN.decay",
                                         "an unknown key", "for example group.visual_encoder*.rate=0.1"}
                              .text());
  for (const auto& factor : {group.rate, group.decay})
    if (factor && *factor < 0) refuse(a, "a factor from 0", "1 leaves the number as it is");
  return group;
}

}  // namespace detail

/// @brief Keeps an assignment to a group of parameters. False if its key does not begin with "group.". A later
/// assignment to the same key replaces an earlier one. **Errors.** UsageError for an unknown field or a value out of
/// range.
inline bool assign_group(const Assignment& a, Settings& settings) {
  if (!a.key.starts_with("group.")) return false;
  static_cast<void>(detail::group_of(a));
  std::erase_if(settings.groups, [&](const Assignment& other) { return other.key == a.key; });
  settings.groups.push_back(a);
  return true;
}

/// The groups of --freeze, then those of --set group.PATTERN.field=value, in the order of the assignments.
inline std::vector<ctp::optim::ParameterGroup> groups_of(const Settings& settings) {
  std::vector<ctp::optim::ParameterGroup> groups;
  for (const std::string& pattern : split(settings.freeze)) groups.push_back({.pattern = pattern, .freeze = true});
  for (const Assignment& a : settings.groups) groups.push_back(detail::group_of(a));
  return groups;
}

/// `layout`: of the model, with the parameters of the policies. **Errors.** UsageError naming the option whose pattern
/// matches none of its parameters.
inline void require_patterns(const Settings& settings, const ctp::Layout& layout) {
  const auto check = [&](const std::string& where, const ctp::optim::ParameterGroup& group) {
    ctp::require_group(group, layout.parameters(), where);
  };
  for (const std::string& pattern : split(settings.freeze)) check("--freeze", {.pattern = pattern});
  for (const Assignment& a : settings.groups) check(a.where + ": " + a.key, detail::group_of(a));
}

/// The groups that match a parameter of `layout`; other strategies have other parameters.
inline std::vector<ctp::optim::ParameterGroup> groups_within(const Settings& settings, const ctp::Layout& layout) {
  std::vector<ctp::optim::ParameterGroup> groups = groups_of(settings);
  std::erase_if(groups, [&](const ctp::optim::ParameterGroup& group) {
    return std::none_of(layout.parameters().begin(), layout.parameters().end(),
                        [&](const ctp::ParameterInfo& p) { return ctp::optim::matches(group.pattern, p.name); });
  });
  return groups;
}

/// What is frozen of a model.
struct Frozen {
  ctp::FrozenCount count;
  ctp::Index weights = 0;  ///< of the model
  std::size_t parameters = 0;

  [[nodiscard]] std::string text() const {
    return "frozen: " + std::to_string(count.parameters) + " of " + std::to_string(parameters) + " parameters, " +
           std::to_string(count.weights) + " of " + std::to_string(weights) + " weights";
  }
};
inline Frozen frozen_of(const Settings& settings, const ctp::Layout& layout) {
  const auto ranges = ctp::parameter_ranges(layout, groups_within(settings, layout));
  return {ctp::frozen_count(layout, ranges), layout.weights(), layout.parameters().size()};
}

}  // namespace pretrain
