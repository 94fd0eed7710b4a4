/// @file   ctp/data/loader/masking.hpp
/// @brief  Masking of tokens for masked-language modelling.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <ctp/core/philox.hpp>
#include <ctp/data/batch.hpp>

namespace ctp::data {

/// Special tokens of the vocabulary and the probabilities of masking.
struct Masking {
  std::int32_t pad = 0;         ///< id of [PAD]
  std::int32_t cls = -1;        ///< id of [CLS]
  std::int32_t mask = -1;       ///< id of [MASK]
  std::int32_t vocabulary = 0;  ///< number of token ids
  float probability = 0.15F;    ///< probability that a token is masked
  float to_mask = 0.8F;         ///< share of masked tokens that become [MASK]
  float to_random = 0.5F;       ///< share of the other masked tokens drawn at random; the rest keep their token
};

/// The published masking for `vocabulary`: any type with pad(), cls(), mask() and size().
template <class Vocabulary>
Masking masking_over(const Vocabulary& vocabulary) {
  Masking rule;
  rule.pad = vocabulary.pad();
  rule.cls = vocabulary.cls();
  rule.mask = vocabulary.mask();
  rule.vocabulary = static_cast<std::int32_t>(vocabulary.size());
  return rule;
}

/// @brief Masks one caption: 15 % of its tokens, never [PAD] or [CLS]; [SEP] may be masked.
///
/// Every position draws from a substream of its own, so the outcome depends on neither padding nor place in the batch.
/// **Shapes.** ids, masked, labels: [L]. labels: the original token at masked positions, ignore_label elsewhere.
/// **Source.** Devlin et al. 2019, arXiv:1810.04805, section 3.1, on the random stream named "mask".
inline void mask_tokens(const Masking& rule, RandomStream stream, RandomPlace place, std::span<const std::int32_t> ids,
                        std::span<std::int32_t> masked, std::span<std::int32_t> labels) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    masked[i] = ids[i];
    labels[i] = ignore_label;
    if (ids[i] == rule.pad || ids[i] == rule.cls) continue;
    RandomSubstream random(stream, place, static_cast<std::uint32_t>(i));
    if (unit_float(random.word()) >= rule.probability) continue;
    labels[i] = ids[i];
    if (unit_float(random.word()) < rule.to_mask) {
      masked[i] = rule.mask;
    } else if (unit_float(random.word()) < rule.to_random) {
      masked[i] = static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(rule.vocabulary)));
    }
  }
}

}  // namespace ctp::data
