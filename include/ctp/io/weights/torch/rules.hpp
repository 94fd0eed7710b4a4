/// @file   ctp/io/weights/torch/rules.hpp
/// @brief  Limits of PyTorch files, and the form of a refusal: file, place, rule, expected, found, remedy.
/// @layer  io
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <ctp/core/error.hpp>

namespace ctp::io::torch {

/// Limits of what is read. They bound memory and time, whatever the file says.
namespace limits {
inline constexpr std::uint64_t pickle_bytes = std::uint64_t{64} << 20U;  ///< of one pickle
inline constexpr std::uint64_t fact_bytes = std::uint64_t{64} << 10U;    ///< of those in front of the data, old format
inline constexpr std::size_t values = 4'000'000;                         ///< values that a pickle makes, and its memo
inline constexpr std::size_t depth = 64;                                 ///< of containers in containers
inline constexpr std::size_t line_bytes = 256;                           ///< module, and name, of a global
inline constexpr std::size_t integer_bytes = 255;                        ///< of an integer
inline constexpr std::size_t tensors = 200'000;                          ///< those of an optimiser included
inline constexpr std::size_t dimensions = 8;
inline constexpr std::uint64_t directory_bytes = std::uint64_t{64} << 20U;  ///< of an archive
inline constexpr std::uint64_t entries = 200'100;                           ///< of an archive
inline constexpr std::uint64_t copies = 4;  ///< bytes of all tensors, in units of the size of the file
inline constexpr std::uint64_t spans = 64;  ///< bytes read for tensors that are not contiguous, in the same units
}  // namespace limits

inline constexpr const char* damaged_remedy = "the file is damaged or was not written by torch.save(): write it again";

inline constexpr const char* contiguous_remedy =
    "in Python, save {name: tensor.contiguous() for name, tensor in state_dict.items()}";

/// "50 4b 05 06", for messages.
inline std::string hex_text(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text.empty()) text += ' ';
    (text += digits[byte / 16U]) += digits[byte % 16U];
  }
  return text;
}

/// @brief Refuses a file. `place`: part of the file, such as "data.pkl, byte 12, REDUCE"; may be empty.
/// **Errors.** DataError "file: place: rule 'name': expected ..., found ...; remedy", always.
[[noreturn]] inline void refuse(const std::string& file, std::string_view place, std::string_view rule,
                                std::string expected, std::string found, std::string remedy = damaged_remedy) {
  std::string what(place);
  if (!what.empty()) what += ": ";
  ((what += "rule '") += rule) += '\'';
  throw DataError(Complaint{file, std::move(what), std::move(expected), std::move(found), std::move(remedy)}.text());
}

}  // namespace ctp::io::torch
