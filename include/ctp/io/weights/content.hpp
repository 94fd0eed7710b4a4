/// @file   ctp/io/weights/content.hpp
/// @brief  Recognises files of other formats by their content, to name them in messages about weights.
/// @layer  io
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <ctp/core/utf8.hpp>

namespace ctp::io {

/// A format of weights that is not safetensors, and advice to the user.
struct OtherFormat {
  std::string name;    ///< "a PyTorch archive (.pth)"
  std::string remedy;  ///< how to get a safetensors file
};

namespace detail {

inline bool contains_any_case(std::string_view text, std::string_view lower) {
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                     [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; }) != text.end();
}

/// The text from its first visible character on; empty if there is none.
inline std::string_view visible_part(std::string_view start) {
  if (start.starts_with("\xEF\xBB\xBF")) start.remove_prefix(3);
  return start.substr(std::min(start.find_first_not_of(" \t\r\n"), start.size()));
}

}  // namespace detail

/// True if a file that begins with these bytes is a zip archive with an entry. A safetensors file with a header of
/// 67,324,752 bytes begins with the same four.
inline bool begins_as_zip(std::string_view start) {
  using namespace std::string_view_literals;
  return start.starts_with("PK\x03\x04") && !start.substr(4).starts_with("\0\0\0\0{"sv);
}

/// True if a file that begins with these bytes is a zip archive whose first entry is an array of NumPy.
inline bool is_numpy_archive(std::string_view start) {
  constexpr std::size_t header_bytes = 30;
  if (!begins_as_zip(start) || start.size() < header_bytes) return false;
  const auto byte = [&](std::size_t at) { return std::size_t{static_cast<unsigned char>(start[at])}; };
  return start.substr(header_bytes, byte(26) + 256 * byte(27)).ends_with(".npy");
}

/// True if a file that begins with these bytes is the index of weights in several files: they have one of its two keys.
inline bool begins_as_index(std::string_view start) {
  const std::string_view text = detail::visible_part(start);
  // The length at the beginning of a safetensors file has zeros.
  return text.starts_with('{') && start.substr(0, 8).find('\0') == std::string_view::npos &&
         (detail::contains_any_case(text, "\"weight_map\"") || detail::contains_any_case(text, "\"total_size\""));
}

namespace detail {

/// A text file: web page, LFS pointer, index of a model in several files, other JSON, anything else.
inline std::optional<OtherFormat> text_format(std::string_view start) {
  const std::string_view text = visible_part(start);
  if (text.empty()) return std::nullopt;
  if (text.starts_with("version https://git-lfs"))
    return OtherFormat{"a pointer of Git LFS, not the file itself", "fetch the file with git lfs pull"};
  if (text.front() == '<' && (contains_any_case(text, "<html") || contains_any_case(text, "<!doctype")))
    return OtherFormat{"a web page (HTML)", "the download failed: fetch the file again"};
  if (text.starts_with("<?xml") || (text.front() == '<' && contains_any_case(text, "<error")))
    return OtherFormat{"an XML text", "the download failed: fetch the file again"};
  if (begins_as_index(start))
    return OtherFormat{"the index of weights in several files",
                       "join the files that it lists in one safetensors file, and give that"};
  if (text.front() == '{' || text.front() == '[') return OtherFormat{"a JSON text", "give the file with the tensors"};
  const bool printable = std::none_of(start.begin(), start.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
  });
  const bool cut = valid_utf8_prefix(start) + 4 > start.size();  // the first bytes may end inside a character
  if (printable && cut && valid_utf8_prefix(start) > 0) return OtherFormat{"a text", "give the file with the tensors"};
  return std::nullopt;
}

}  // namespace detail

/// @brief The format of a file that is not safetensors, by its first bytes (a few hundred suffice); nothing for bytes
/// of no known format. The name of the file does not count.
inline std::optional<OtherFormat> other_format(std::string_view start) {
  using namespace std::string_view_literals;
  const std::string torch_remedy =
      "write its tensors as safetensors: in Python, safetensors.torch.save_file(state_dict, name)";
  if (begins_as_zip(start) || start.starts_with("PK\x05\x06"sv)) {
    if (is_numpy_archive(start)) return OtherFormat{"an archive of NumPy (.npz)", torch_remedy};
    if (start.find("data.pkl"sv) != start.npos || start.find("constants.pkl"sv) != start.npos ||
        start.find("/version"sv) != start.npos || start.find(".format_version"sv) != start.npos ||
        start.find("byteorder"sv) != start.npos)
      return OtherFormat{"a PyTorch archive (.pth, .pt, .bin)", torch_remedy};
    return OtherFormat{"a zip archive", "unpack it; if it is a PyTorch file, " + torch_remedy};
  }
  if (start.starts_with("\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19"sv))
    return OtherFormat{"a PyTorch file of the old format (.pth, .pt, .bin)", torch_remedy};
  if (start.size() >= 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5)
    return OtherFormat{"a Python pickle (.pth, .pkl)", torch_remedy};
  if (start.starts_with("GGUF") || start.starts_with("ggml") || start.starts_with("lmgg") || start.starts_with("tjgg"))
    return OtherFormat{"a GGUF or GGML file", "fetch the weights of this model as safetensors"};
  if (start.starts_with("\x89HDF\r\n\x1A\n"sv))
    return OtherFormat{"an HDF5 file (.h5)", "read it with the software that wrote it and write safetensors"};
  if (start.starts_with("\x93NUMPY"sv)) return OtherFormat{"a NumPy array (.npy)", torch_remedy};
  if (start.starts_with("\x1F\x8B"sv) || start.starts_with("BZh") || start.starts_with("\xFD\x37zXZ"sv) ||
      start.starts_with("\x28\xB5\x2F\xFD"sv))
    return OtherFormat{"a compressed file", "unpack it first"};
  if (start.size() >= 262 && start.substr(257, 5) == "ustar"sv) return OtherFormat{"a tar archive", "unpack it first"};
  if (start.size() >= 8 && start.substr(4, 4) == "TFL3"sv)
    return OtherFormat{"a TensorFlow Lite model", "write its tensors as safetensors"};
  if (start.size() >= 2 && start[0] == '\x08' && start[1] > 0 && start[1] < 16 && start.size() >= 3 &&
      start[2] == '\x12')
    return OtherFormat{"an ONNX model", "write the tensors of the original model as safetensors"};
  return detail::text_format(start);
}

}  // namespace ctp::io
