/// @file   ctp/io/weights/torch/archive.hpp
/// @brief  Reader of the zip archives of torch.save() (PyTorch 1.6 and later).
/// @layer  io
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <ctp/core/quoted.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/weights/source.hpp>
#include <ctp/io/weights/torch/pickle_machine.hpp>
#include <ctp/io/weights/torch/rules.hpp>
#include <ctp/io/weights/torch/torch_views.hpp>
#include <ctp/io/weights/torch/zip_archive.hpp>

namespace ctp::io::torch {

namespace detail {

/// The folder of all entries, with its slash: that of the one entry data.pkl.
inline std::string folder_of(const ZipDirectory& entries, const std::string& path) {
  constexpr std::string_view pickle = "/data.pkl";
  std::optional<std::string> folder;
  for (const auto& [name, entry] : entries) {
    if (!name.ends_with(pickle) || name.find('/') != name.size() - pickle.size()) continue;
    if (folder) refuse(path, "", "data.pkl", "one folder with data.pkl", "two");
    folder = name.substr(0, name.size() - pickle.size() + 1);
  }
  if (!folder)
    refuse(path, "", "data.pkl", "an archive of torch.save(): a folder with data.pkl",
           std::to_string(entries.size()) + " entries without it", "is this a file of PyTorch?");
  if (entries.contains(*folder + "constants.pkl"))
    refuse(path, "", "data.pkl", "tensors, as torch.save() writes them", "a TorchScript program",
           "save its tensors in Python: torch.save(torch.jit.load(name).state_dict(), other_name)");
  return *folder;
}

/// A short text entry without the white space at its end; empty if there is none.
inline std::string text_entry(const InputFile& file, const ZipDirectory& entries, const std::string& name) {
  const auto at = entries.find(name);
  if (at == entries.end()) return "";
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(at->second.size, 64)), '\0');
  file.read_at(at->second.offset, std::as_writable_bytes(std::span(text)));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace detail

/// @brief Opens a zip archive of torch.save(): reads the directory and data.pkl, and checks every storage.
///
/// **Errors.** DataError naming file, place and rule: those of read_zip_directory(), read_pickle() and source_of();
/// 'data.pkl': one folder with it, and no TorchScript; 'byte order': little; 'version': 1 to 10; 'storages': an entry
/// for each, of as many bytes as its elements take. ResourceError if the system refuses.
/// **Source.** torch/serialization.py, `_save` and `_load`; caffe2/serialize/versions.h.
inline WeightSource open_torch_archive(const std::string& path) {
  auto file = std::make_unique<const InputFile>(path);
  const ZipDirectory entries = read_zip_directory(*file);
  const std::string folder = detail::folder_of(entries, path);
  if (const std::string order = detail::text_entry(*file, entries, folder + "byteorder");
      !order.empty() && order != "little")
    refuse(path, "entry byteorder", "byte order", "little", ctp::quoted(order), "write it on a little-endian machine");
  const std::string version = detail::text_entry(*file, entries, folder + "version");
  int number = 0;
  const char* const end = version.data() + version.size();
  if (const auto [stop, error] = std::from_chars(version.data(), end, number);
      error != std::errc() || stop != end || number < 1 || number > 10)
    refuse(path, "entry version", "version", "a number from 1 to 10", ctp::quoted(version),
           "is this file of a newer PyTorch? Write the tensors as safetensors");

  const ZipEntry& pickle = entries.find(folder + "data.pkl")->second;
  PickleInput input(*file, pickle.offset, pickle.offset + pickle.size, "data.pkl");
  const PickleData data = read_pickle(input);
  if (data.length != pickle.size)
    refuse(path, "data.pkl", "end", "nothing behind the mark STOP",
           std::to_string(pickle.size - data.length) + " bytes");
  std::vector<std::uint64_t> begins;
  begins.reserve(data.storages.size());
  for (const PickleStorage& storage : data.storages) {
    const auto entry = entries.find(folder + "data/" + storage.key);
    const auto bytes =
        checked_byte_count(storage.dtype, std::vector<std::int64_t>{static_cast<std::int64_t>(storage.count)});
    if (entry == entries.end() || bytes != entry->second.size)
      refuse(path, "storage " + ctp::quoted(storage.key), "storages",
             std::to_string(storage.count) + " elements of " + std::string(dtype_name(storage.dtype)),
             entry == entries.end() ? "no entry for it" : std::to_string(entry->second.size) + " bytes");
    begins.push_back(entry->second.offset);
  }
  return source_of(std::move(file), data, "data.pkl", begins, "PyTorch archive");
}

}  // namespace ctp::io::torch
