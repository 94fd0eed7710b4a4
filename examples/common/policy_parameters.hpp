/// @file   policy_parameters.hpp
/// @brief  Sentences on parameters of policies that a weight file and a model do not share.
#pragma once

#include <string>
#include <vector>

#include <ctp/core/quoted.hpp>
#include <ctp/encoder/weights.hpp>

namespace examples {

/// Names of parameters, separated by commas.
inline std::string parameter_list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + ctp::detail::tensor_text(name);
  return text;
}

/// One sentence for each kind of parameters that the training and its starting weights do not share.
inline std::vector<std::string> notes_on(const ctp::UnsharedParameters& unshared, const std::string& file) {
  std::vector<std::string> notes;
  if (!unshared.fresh.empty())
    notes.push_back("parameters of policies that " + file +
                    " does not have start fresh: " + parameter_list(unshared.fresh));
  if (!unshared.passed_over.empty())
    notes.push_back("parameters of other policies in " + file +
                    ", not used by this training: " + parameter_list(unshared.passed_over));
  return notes;
}

}  // namespace examples
