/// @file   ctp/strategy/lwf.hpp
/// @brief  Learning without Forgetting.
/// @layer  strategy
#pragma once

#include <ctp/distill/lwf.hpp>
#include <ctp/distill/masked_language.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Distils the previous model's projections and its token distributions at masked positions, with weights 1.
/// **Source.** Li and Hoiem 2016, arXiv:1606.09282; CTP, ICCV 2023, arXiv:2308.07146, baseline LWF.
struct Lwf : SeqF {
  static constexpr const char* name = "lwf";
  using Distillation = All<distill::Lwf, distill::MaskedLanguage<distill::Teacher::Previous>>;
};

}  // namespace ctp::strategy
