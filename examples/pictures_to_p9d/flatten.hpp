// Composites pictures with transparency onto a uniform background.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/data/codec/transparency.hpp>

/// @brief A picture file with opacity, laid on `background`; nullopt for a file that stores none.
///
/// **Errors.** ctp::DataError naming `file` if the picture is damaged.
inline std::optional<std::vector<std::byte>> flatten_png(std::span<const std::byte> bytes, const std::string& file,
                                                         std::uint8_t background) {
  ctp::data::Flattened flat = ctp::data::lay_on_background(bytes, file, background);
  return std::move(flat.bytes);
}
