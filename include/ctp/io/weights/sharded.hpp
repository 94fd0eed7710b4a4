/// @file   ctp/io/weights/sharded.hpp
/// @brief  Weights in several files with an index (model.safetensors.index.json) as one source.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/json/document.hpp>
#include <ctp/io/weights/source.hpp>

namespace ctp::io {

/// Limits of an index.
namespace index_limits {
inline constexpr std::uint64_t bytes = std::uint64_t{32} << 20U;  ///< of the index
inline constexpr std::size_t files = 256;                         ///< that it names; all of them are open at a time
}  // namespace index_limits

namespace detail {

/// The files of an index, each with the names of its tensors.
using FilesOfIndex = std::map<std::string, std::set<std::string>>;

/// True for the name of a file beside the index: no folder, not hidden, no control characters.
inline bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '/' || c == '\\';
  });
}

inline FilesOfIndex read_index(const std::string& path) {
  const JsonDocument document = read_json(path, {}, index_limits::bytes);
  const JsonView map = document.root().at("weight_map");
  FilesOfIndex files;
  for (const std::string& name : map.keys()) {
    const JsonView file = map.at(name);
    if (!is_plain_file_name(file.string()))
      file.fail("the name of a file beside the index", ctp::quoted(file.string(), 80), "");
    files[file.string()].insert(name);
    if (files.size() > index_limits::files)
      map.fail("at most " + std::to_string(index_limits::files) + " files", "more", "join the files");
  }
  if (files.empty()) map.fail("at least one tensor", "none", "");
  return files;
}

/// Requires that the tensors of a file are those that the index says.
inline void require_tensors(const std::string& index, const WeightSource& source, const std::set<std::string>& names) {
  std::set<std::string_view> found;
  for (const StoredTensor& tensor : source.tensors()) found.insert(tensor.name);
  const auto fail = [&](const std::string& name, std::string expected, std::string other) {
    throw DataError(Complaint{index, "weight_map: tensor " + ctp::quoted(name), std::move(expected), std::move(other),
                              "fetch the index and all its files again, of one version"}
                        .text());
  };
  for (const std::string& name : names)
    if (!found.contains(name)) fail(name, "a tensor of " + source.origin(), "none with this name");
  for (const StoredTensor& tensor : source.tensors())
    if (!names.contains(tensor.name)) fail(tensor.name, "every tensor of " + source.origin(), "no such entry");
}

class ShardsReader final : public TensorReader {
 public:
  explicit ShardsReader(std::vector<WeightSource> shards) : shards_(std::move(shards)) {
    for (std::size_t shard = 0; shard < shards_.size(); ++shard)
      for (std::size_t i = 0; i < shards_[shard].tensors().size(); ++i) places_.push_back({shard, i});
  }
  [[nodiscard]] std::vector<std::byte> read(std::size_t index) const override {
    const auto [shard, place] = places_.at(index);
    return shards_[shard].reader().read(place);
  }
  void require_unchanged() const override {
    for (const WeightSource& shard : shards_) shard.reader().require_unchanged();
  }

 private:
  std::vector<WeightSource> shards_;
  std::vector<std::pair<std::size_t, std::size_t>> places_;
};

}  // namespace detail

/// @brief Opens the files that an index names, with `open`, as one source: file by file in the order of their names.
///
/// The files lie in the folder of the index. The metadata are those that all files have with one value. The index's
/// own `metadata` are passed over.
/// **Errors.** DataError naming file and place for: no object `weight_map` from names of tensors to names of files
/// beside the index; more than index_limits; a tensor that its file lacks, or that the index lacks; a file that `open`
/// refuses. **Source.** huggingface.co/docs/huggingface_hub, "Serialization".
inline WeightSource open_sharded(const std::string& path, const std::function<WeightSource(const std::string&)>& open) {
  std::vector<WeightSource> shards;
  std::vector<StoredTensor> tensors;
  std::map<std::string, std::string> metadata;
  for (const auto& [file, names] : detail::read_index(path)) {
    const WeightSource& shard = shards.emplace_back(open(join(directory_of(path), file)));
    detail::require_tensors(path, shard, names);
    tensors.insert(tensors.end(), shard.tensors().begin(), shard.tensors().end());
    if (shards.size() == 1) metadata = shard.metadata();
    std::erase_if(metadata, [&](const auto& entry) {
      const auto other = shard.metadata().find(entry.first);
      return other == shard.metadata().end() || other->second != entry.second;
    });
  }
  return {path, "weights in " + std::to_string(shards.size()) + " files", std::move(metadata), std::move(tensors),
          std::make_unique<detail::ShardsReader>(std::move(shards))};
}

}  // namespace ctp::io
