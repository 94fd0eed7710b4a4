/// @file   own_policies.hpp
/// @brief  Strategies and encoders of a user, in programs that ctp_add_programs() builds; else none and the library's.
#pragma once

#include <tuple>

// A header that ctp_add_programs() writes: it includes the user's header and defines the macros below.
#if defined(CTP_OWN_POLICIES)
#include CTP_OWN_POLICIES
#endif

#if !defined(CTP_OWN_STRATEGIES)
#define CTP_OWN_STRATEGIES
#endif
#if !defined(CTP_OWN_IMAGE_ENCODER)
#include <ctp/encoder/vit.hpp>
#define CTP_OWN_IMAGE_ENCODER ctp::encoder::Vit
#endif
#if !defined(CTP_OWN_TEXT_ENCODER)
#include <ctp/encoder/bert.hpp>
#define CTP_OWN_TEXT_ENCODER ctp::encoder::Bert
#endif

/// A namespace of its own: the user's names are looked up from the global namespace.
namespace own_policies {

using Strategies = std::tuple<CTP_OWN_STRATEGIES>;
using ImageEncoder = CTP_OWN_IMAGE_ENCODER;
using TextEncoder = CTP_OWN_TEXT_ENCODER;

}  // namespace own_policies
