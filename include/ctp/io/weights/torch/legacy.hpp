/// @file   ctp/io/weights/torch/legacy.hpp
/// @brief  Reader of the files of torch.save() before PyTorch 1.6: pickles, then the storages one behind the other.
/// @layer  io
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/quoted.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/weights/source.hpp>
#include <ctp/io/weights/torch/pickle_machine.hpp>
#include <ctp/io/weights/torch/rules.hpp>
#include <ctp/io/weights/torch/torch_views.hpp>

namespace ctp::io::torch {

/// The number 0x1950a86a20f9469cfc6c, with which the files begin, as a pickle has it: the lowest byte first.
inline constexpr std::string_view legacy_magic{"\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19", 10};

/// True if a file that begins with these bytes is one of torch.save() before PyTorch 1.6. 32 bytes suffice.
inline bool begins_as_legacy(std::string_view start) {
  return start.starts_with('\x80') && start.substr(0, 32).find(legacy_magic) != std::string_view::npos;
}

namespace detail {

/// Where the storages begin, in the order of `data.storages`. `keys`: their order in the file. `at`: the first byte.
inline std::vector<std::uint64_t> legacy_storages(const InputFile& file, const PickleData& data, const PickleData& keys,
                                                  std::uint64_t at) {
  const std::string& path = file.path();
  const auto fail = [&](std::string_view place, std::string expected, std::string found) {
    refuse(path, place, "storages", std::move(expected), std::move(found));
  };
  std::map<std::string_view, std::size_t> by_key;
  for (std::size_t i = 0; i < data.storages.size(); ++i) by_key.emplace(data.storages[i].key, i);
  if (keys.root.kind != PickleKind::List) fail("keys", "a list of storages", std::string(kind_name(keys.root.kind)));
  std::vector<std::uint64_t> begins(data.storages.size());
  for (const PickleValue key : keys.items(keys.root)) {
    if (key.kind != PickleKind::Text) fail("keys", "texts", std::string(kind_name(key.kind)));
    const std::string place = "storage " + ctp::quoted(keys.text(key));
    const auto found = by_key.find(keys.text(key));
    if (found == by_key.end()) fail(place, "a storage that a tensor names", "one that no tensor names");
    if (begins[found->second] != 0) fail(place, "every key once", "it twice");
    const PickleStorage& storage = data.storages[found->second];
    if (file.size() - at < 8) fail(place, "its number of elements", "the end of the file");
    PickleInput input(file, at, file.size(), place);
    if (const std::uint64_t count = input.number(8); count != storage.count)
      fail(place, std::to_string(storage.count) + " elements", std::to_string(count));
    const auto bytes =
        checked_byte_count(storage.dtype, std::vector<std::int64_t>{static_cast<std::int64_t>(storage.count)});
    if (!bytes || *bytes > file.size() - at - 8)
      fail(place, std::to_string(storage.count) + " elements of " + std::string(dtype_name(storage.dtype)),
           std::to_string(file.size() - at - 8) + " bytes to the end of the file");
    begins[found->second] = at + 8;
    at += 8 + *bytes;
  }
  for (std::size_t i = 0; i < begins.size(); ++i)
    if (begins[i] == 0)
      fail("storage " + ctp::quoted(data.storages[i].key), "every storage in the list of keys", "none of this name");
  if (at != file.size())
    fail("", "the last storage at the end of the file", std::to_string(file.size() - at) + " bytes behind it");
  return begins;
}

/// A number, text or Boolean of a pickle, or what else it is, for messages.
inline std::string value_text(const PickleData& data, PickleValue value) {
  switch (value.kind) {
    case PickleKind::Integer:
      return std::to_string(value.integer());
    case PickleKind::Boolean:
      return value.integer() != 0 ? "True" : "False";
    case PickleKind::Text:
      return ctp::quoted(data.text(value));
    case PickleKind::Long:
      return "the bytes " + hex_text(data.text(value).substr(0, 16)) + ", the lowest first";
    default:
      return std::string(kind_name(value.kind));
  }
}

inline void require_magic(const PickleData& magic, const std::string& path) {
  if (magic.root.kind != PickleKind::Long || magic.text(magic.root) != legacy_magic)
    refuse(path, "magic number", "version", "0x1950a86a20f9469cfc6c", value_text(magic, magic.root));
}
inline void require_version(const PickleData& version, const std::string& path) {
  if (version.root.kind != PickleKind::Integer || version.root.integer() != 1001)
    refuse(path, "version", "version", "1001", value_text(version, version.root));
}
inline void require_little_endian(const PickleData& machine, const std::string& path) {
  const auto fail = [&](std::string found) {
    refuse(path, "machine", "byte order", "a dict with little_endian True", std::move(found),
           "write it on a little-endian machine");
  };
  if (machine.root.kind != PickleKind::Dict) fail(value_text(machine, machine.root));
  const PickleValue little = value_under({machine, path, "machine"}, machine.root, "little_endian");
  if (little.kind != PickleKind::Boolean || little.integer() != 1) fail("little_endian " + value_text(machine, little));
}

}  // namespace detail

/// @brief Opens a file of torch.save() before PyTorch 1.6, or with `_use_new_zipfile_serialization=False`: five
/// pickles (magic number, version, facts about the machine, the data, the keys of the storages), then the storages.
///
/// **Errors.** DataError naming file, place and rule: those of read_pickle() and source_of(); 'version': 1001; 'byte
/// order': little; 'storages': every one there, with the number of elements that the data name, up to the end of the
/// file; 'size': also limits::fact_bytes for each of the first three. ResourceError if the system refuses.
/// **Source.** torch/serialization.py, `_legacy_save` and `_legacy_load`.
inline WeightSource open_torch_legacy(const std::string& path) {
  auto file = std::make_unique<const InputFile>(path);
  std::uint64_t at = 0;
  const auto next = [&](const char* place, std::uint64_t most = limits::pickle_bytes) {
    PickleInput input(*file, at, file->size(), place, most);
    PickleData data = read_pickle(input);
    at += data.length;
    return data;
  };
  // Each of these three is freed before the next is read.
  detail::require_magic(next("magic number", limits::fact_bytes), path);
  detail::require_version(next("version", limits::fact_bytes), path);
  detail::require_little_endian(next("machine", limits::fact_bytes), path);
  const PickleData data = next("data");
  const PickleData keys = next("keys");
  const std::vector<std::uint64_t> begins = detail::legacy_storages(*file, data, keys, at);
  return source_of(std::move(file), data, "data", begins, "PyTorch file of the old format");
}

}  // namespace ctp::io::torch
