/// @file   ctp/io/weights/open_weights.hpp
/// @brief  Opens weights of any format that is read. Content decides which, the name of the file does not.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <ctp/io/files.hpp>
#include <ctp/io/weights/content.hpp>
#include <ctp/io/weights/safetensors_source.hpp>
#include <ctp/io/weights/sharded.hpp>
#include <ctp/io/weights/source.hpp>
#include <ctp/io/weights/torch/archive.hpp>
#include <ctp/io/weights/torch/legacy.hpp>

namespace ctp::io {

namespace detail {

/// The first bytes of a file: enough to recognise its format, and an index with many metadata.
inline std::string start_of(const std::string& path) {
  const InputFile file(path);
  std::string start(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), std::uint64_t{64} << 10U)), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(start)));
  return start;
}

/// Opens one file with tensors.
inline WeightSource open_one_file(const std::string& path, std::string_view start) {
  if (begins_as_zip(start) && !is_numpy_archive(start)) return torch::open_torch_archive(path);
  if (torch::begins_as_legacy(start)) return torch::open_torch_legacy(path);
  return open_safetensors(path);  // it names all other formats, NumPy's archives among them
}

}  // namespace detail

/// @brief Opens a weight file: safetensors, an index of several such files, an archive of PyTorch, or a file of PyTorch
/// in the old format. Tensors are checked now and read when they are wanted.
///
/// **Errors.** DataError naming file, place, rule, expected, found and remedy: those of open_safetensors(), which names
/// all other formats, open_sharded(), torch::open_torch_archive() and torch::open_torch_legacy(). ResourceError if the
/// system refuses.
inline WeightSource open_weights(const std::string& path) {
  const std::string start = detail::start_of(path);
  if (begins_as_index(start))
    return open_sharded(path, [](const std::string& file) {
      return detail::open_one_file(file, detail::start_of(file));  // an index in an index is refused
    });
  return detail::open_one_file(path, start);
}

/// The tensors of a weight file that `wanted` selects. **Errors.** as open_weights() and WeightSource::read_all().
inline TensorFile read_weight_file(const std::string& path, const NameFilter& wanted = {}) {
  return open_weights(path).read_all(wanted);
}

}  // namespace ctp::io
