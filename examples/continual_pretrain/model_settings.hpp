/// @file   model_settings.hpp
/// @brief  Sorts assignments into options, sizes of the model and settings of policies.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/io/suggest.hpp>
#include <ctp/io/weights/model_config.hpp>

#include "settings.hpp"
#include "training_plan.hpp"

namespace pretrain {

/// An assignment to a field of ModelConfig.
struct ModelSetting {
  Assignment assignment;
  std::string field;
};

/// The field of ModelConfig that an option sets; empty for other keys.
inline std::string field_of_option(const std::string& key) {
  if (key == "image_size") return "image";
  return key == "queue" || key == "dropout" ? key : "";
}

/// Assignments that do not set an option of the training: to fields of the model, in order, and to policies.
struct ParsedSettings {
  std::vector<ModelSetting> model;
  std::vector<Assignment> policies;
};

/// Sets options and augmentation, and `model` by its name. Options without a value take the defaults of that model.
inline ParsedSettings resolve_options(const std::vector<Assignment>& assignments, Settings& settings,
                                      ctp::ModelConfig& model) {
  ParsedSettings parsed;
  for (const Assignment& a : assignments) {
    const bool option = assign_epochs(a, settings) || assign_group(a, settings) || assign_option(a, settings) ||
                        assign_augmentation(a, settings.augment);
    if (a.key.starts_with("model."))
      parsed.model.push_back({a, a.key.substr(6)});
    else if (const std::string field = field_of_option(a.key); !field.empty())
      parsed.model.push_back({a, field});
    else if (!option)
      parsed.policies.push_back(a);
  }
  struct Known {
    const char* name;
    ctp::ModelConfig sizes;
    int batch;
    double rate, min_rate;
  };
  const std::array<Known, 3> models{{{"tiny", ctp::sizes::tiny, 32, 5e-4, 5e-6},
                                     {"small", ctp::sizes::small, 64, 5e-4, 5e-6},
                                     {"base", ctp::sizes::base, 128, 1e-4, 1e-6}}};
  const Known* known = nullptr;
  for (const Known& m : models)
    if (settings.model == m.name) known = &m;
  if (known == nullptr)
    throw ctp::UsageError(ctp::Complaint{"--model", "", "tiny, small or base", "'" + settings.model + "'", ""}.text());
  model = known->sizes;
  if (settings.epochs < 0) settings.epochs = 5;
  if (settings.batch_size < 0) settings.batch_size = known->batch;
  if (settings.lr < 0) settings.lr = known->rate;
  if (settings.min_lr < 0) settings.min_lr = known->min_rate;
  return parsed;
}

/// @brief Requires that no assignment gives another value to a field that starting weights fix. `origin`: of the
/// weights. `fixed`: selects the fields by their names.
/// **Errors.** UsageError naming the assignment that contradicts the weights.
template <class Fixed>
void require_fixed(const std::string& origin, const ctp::ModelConfig& of_weights, const ctp::ModelConfig& model,
                   const std::vector<ModelSetting>& settings, const Fixed& fixed) {
  std::map<std::string, double> chosen;
  ctp::ModelConfig::fields(model, [&](const char* name, auto number) { chosen[name] = number; });
  for (auto setting = settings.rbegin(); setting != settings.rend(); ++setting) {  // the last assignment wins
    if (!fixed(setting->field)) continue;
    ctp::ModelConfig::fields(of_weights, [&](const char* name, auto number) {
      if (setting->field == name && chosen.at(name) != number)
        detail::refuse(setting->assignment, "the " + ctp::io::detail::shortest(number) + " of " + origin,
                       "leave it out: with --init sizes come from the file");
    });
  }
}

/// Sets fields of the model. **Errors.** UsageError for an unknown field.
inline void set_fields(const std::vector<ModelSetting>& settings, ctp::ModelConfig& model) {
  for (const auto& [assignment, wanted] : settings) {
    bool found = false;
    std::vector<std::string> names;
    ctp::ModelConfig::fields(model, [&](const std::string& name, auto& field) {
      names.push_back("model." + name);
      if (wanted != name) return;
      assign(assignment, field);
      found = true;
    });
    if (!found)
      throw ctp::UsageError(ctp::Complaint{assignment.where, assignment.key, "a size of the model", "an unknown key",
                                           ctp::io::suggestion(assignment.key, names)}
                                .text());
  }
}

}  // namespace pretrain
