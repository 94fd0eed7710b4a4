/// @file   start_facts.hpp
/// @brief  What a training that starts from weight files would take from them, decided without their numbers.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/encoder/partial_weights.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/source.hpp>
#include <ctp/io/weights/training_record.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/tensor/named.hpp>

#include "../common/encoder_layout.hpp"
#include "../common/starting_parts.hpp"
#include "file_facts.hpp"

namespace inspect {

/// What `continual_pretrain --init` would say of the files together.
struct StartFacts {
  std::string error;                ///< why it refuses them; empty if it does not
  std::vector<std::string> fresh;   ///< parts of a model of which no file has a tensor
  std::vector<std::string> needed;  ///< what tensors do not tell, and the options that say it
  std::vector<std::string> notes;   ///< further lines of its report
};

namespace detail {

/// Matches tensors with a model's parameters; notes a tensor that no encoder has. Which parameters a head has besides
/// its weight, the strategy decides. **Errors.** as match_weights().
inline void match(const ctp::Layout& layout, const ctp::TensorFile& headers, const ctp::ParameterFilter& fresh,
                  StartFacts& start) {
  (void)ctp::match_weights(layout, headers, "", true, fresh);
  ctp::TensorFile rest = headers;
  std::erase_if(rest.tensors, [](const ctp::NamedTensor& tensor) {
    return (tensor.name.starts_with("vision_proj.") || tensor.name.starts_with("text_proj.")) &&
           !tensor.name.ends_with(".weight");
  });
  try {
    (void)ctp::match_weights(layout, rest, "", false, fresh);
  } catch (const ctp::DataError& error) {
    start.notes.push_back("refused unless the strategy has this parameter: " + std::string(error.what()));
  }
}

inline void take_parts(const ctp::TensorFile& headers, const examples::PartsOfModel& parts, ctp::ModelConfig model,
                       StartFacts& start) {
  const auto [of_files, told] = ctp::io::sizes_of_part(headers, model);
  model = of_files;
  const auto heads = [&](const char* field, bool by_width, int width, int& number) {
    try {
      start.notes.push_back(examples::take_heads(headers.origin, field, by_width, width, {}, number));
    } catch (const ctp::DataError& error) {
      start.needed.emplace_back(error.what());
      number = 1;  // no shape depends on it
    }
  };
  if (told.contains("vision_width"))
    heads("vision_heads", parts.image_heads_by_width, model.vision_width, model.vision_heads);
  if (told.contains("text_width")) heads("text_heads", parts.text_heads_by_width, model.text_width, model.text_heads);
  model.pad = model.unk = model.cls = model.sep = model.mask = 0;  // the vocabulary decides
  ctp::validate(model);
  const ctp::Layout layout = examples::layout_of_encoders(model);
  const std::vector<ctp::FreshPart> fresh = ctp::fresh_parts(layout, headers);
  match(layout, headers, ctp::parameters_of(fresh), start);
  for (const ctp::FreshPart& part : fresh) start.fresh.emplace_back(part.name);
  start.notes.push_back(examples::fresh_text(fresh, model, told));
  if (std::string text = examples::sizes_text(model, told, {}); !text.empty()) start.notes.push_back(std::move(text));
}

inline void take_whole(const ctp::TensorFile& headers, StartFacts& start) {
  const std::set<std::string> told = ctp::io::sizes_of(headers).told;
  ctp::io::GivenSizes given;
  for (const char* heads : {"vision_heads", "text_heads"}) {
    if (told.contains(heads)) continue;
    given[heads] = 1;  // no shape depends on it
    start.needed.push_back(headers.origin + ": number of heads, which tensors do not tell: give model." + heads +
                           " with --set");
  }
  (void)ctp::io::training_of(headers);
  const ctp::ModelConfig model = ctp::io::config_of(headers, given);
  match(examples::layout_of_encoders(model), headers, {}, start);
  if (std::string text = examples::defaults_text(headers.origin, model, told, {}); !text.empty())
    start.notes.push_back(std::move(text));
}

}  // namespace detail

/// @brief What a training would take from the files. `model`: the sizes that no file tells. Vocabulary and numbers are
/// not looked at, but for the temperatures.
/// **Errors.** ResourceError if the system refuses. Refusals of the training are facts, not errors.
inline StartFacts start_of(std::vector<ctp::io::WeightSource> files, const ctp::ModelConfig& model) {
  StartFacts start;
  try {
    const examples::JoinedWeights joined = examples::join_files(std::move(files));
    const ctp::TensorFile headers = headers_of(joined.source);
    if (joined.parts)
      detail::take_parts(headers, *joined.parts, model, start);
    else
      detail::take_whole(headers, start);
  } catch (const ctp::DataError& error) {
    start.error = error.what();
  } catch (const ctp::UsageError& error) {
    start.error = error.what();
  }
  return start;
}

}  // namespace inspect
