/// @file   ctp/io/checkpoint/checkpoint_reader.hpp
/// @brief  Reader of one checkpoint, with full validation.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/io/checkpoint/manifest.hpp>
#include <ctp/io/checksum.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/weights/safetensors.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io {

namespace detail {

inline constexpr std::string_view step_prefix = "step-";
inline constexpr std::size_t step_digits = 12;
inline constexpr std::uint64_t most_steps = 999'999'999'999;

/// "000000000120"
inline std::string step_number(std::uint64_t step) {
  const std::string number = std::to_string(step);
  return std::string(step_digits - std::min(step_digits, number.size()), '0') + number;
}
/// The step in the name of a checkpoint's folder, "step-000000000120"; nullopt for any other name.
inline std::optional<std::uint64_t> step_of_name(std::string_view name) {
  if (!name.starts_with(step_prefix) || name.size() != step_prefix.size() + step_digits) return std::nullopt;
  std::uint64_t step = 0;
  for (const char c : name.substr(step_prefix.size())) {
    if (c < '0' || c > '9') return std::nullopt;
    step = step * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return step;
}

/// Bytes of a manifest: above the largest one, which has the lines that a full disk kept from a log.
inline constexpr std::uint64_t manifest_limit = std::uint64_t{256} << 20U;

/// **Errors.** CheckpointError if the path is a symbolic link: nothing outside of the folder is read.
inline void require_no_link(const std::string& path) {
  std::string target;
  if (file_system().read_link(path.c_str(), target) >= 0)
    refuse_manifest(path, "", "a file or a folder of the checkpoint", "a symbolic link");
}

/// The manifest of the checkpoint in a folder. **Errors.** CheckpointError, DataError, ResourceError.
inline CheckpointManifest read_manifest(const std::string& folder) {
  require_no_link(folder);
  const std::string path = join(folder, CheckpointManifest::file_name);
  require_no_link(path);
  CheckpointManifest manifest = parse_manifest(read_text(path, manifest_limit), path);
  if (const auto step = step_of_name(folder.substr(folder.rfind('/') + 1)); step && *step != manifest.step)
    refuse_manifest(path, "step", std::to_string(*step) + ", as the name of the folder says",
                    std::to_string(manifest.step));
  return manifest;
}

/// Calls use(file) with the open file of a part. **Errors.** CheckpointError for another size; DataError,
/// ResourceError.
template <class Use>
void with_part(const std::string& folder, const CheckpointPart& part, const Use& use) {
  const std::string path = join(folder, part.file);
  require_no_link(path);
  const InputFile file(path);
  if (file.size() != part.bytes)
    refuse_manifest(path, "size", std::to_string(part.bytes) + " bytes", std::to_string(file.size()) + " bytes");
  use(file);
}

}  // namespace detail

/// @brief Reads the checkpoint in a folder. Sizes and checksums of all files are compared before a tensor is taken.
///
/// **Errors.** CheckpointError or DataError naming the file and what is wrong; ResourceError if the system refuses.
inline Checkpoint read_checkpoint(const std::string& folder) {
  CheckpointManifest manifest = detail::read_manifest(folder);
  for (const CheckpointPart& part : manifest.parts)
    detail::with_part(folder, part, [&](const InputFile& file) {
      if (const std::string sum = checksum_of(file); sum != part.checksum)
        detail::refuse_manifest(file.path(), "xxh3_128", part.checksum, "bytes whose checksum is " + sum);
    });
  Checkpoint checkpoint{folder, manifest.step, std::move(manifest.facts), {}};
  for (const CheckpointPart& part : manifest.parts) {
    std::vector<NamedTensor> tensors = read_safetensors(join(folder, part.file)).tensors;
    checkpoint.tensors.insert(checkpoint.tensors.end(), std::make_move_iterator(tensors.begin()),
                              std::make_move_iterator(tensors.end()));
  }
  return checkpoint;
}

/// True if the checkpoint's files are there with the sizes in its manifest; their bytes are not read.
inline bool looks_complete(const std::string& folder) {
  try {
    for (const CheckpointPart& part : detail::read_manifest(folder).parts)
      detail::with_part(folder, part, [](const InputFile&) {});
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace ctp::io
