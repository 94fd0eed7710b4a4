/// @file   model.hpp
/// @brief  The model of the programs on a backend.
#pragma once

#include <ctp/encoder/model.hpp>
#include <ctp/nn/layers.hpp>

#include "own_policies.hpp"

namespace examples {

/// The library's encoders, or those that ctp_add_programs() names.
template <class Backend, class Projection = ctp::nn::Linear>
using Model = ctp::VisionLanguageModel<own_policies::ImageEncoder, own_policies::TextEncoder, Backend, Projection>;

}  // namespace examples
