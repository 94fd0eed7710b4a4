// Files of PyTorch: any bytes as an archive, as a file of the old format, and as the pickle of a good archive. What is
// accepted can be read, within the limits, and nothing but the file is opened.
#include "target.hpp"

#include <initializer_list>
#include <utility>

#include <ctp/io/weights/torch/archive.hpp>
#include <ctp/io/weights/torch/legacy.hpp>

namespace {

std::string number(std::uint64_t value, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

/// An archive of stored entries.
std::string archive(std::initializer_list<std::pair<std::string, std::string>> entries) {
  std::string data, records;
  for (const auto& [name, bytes] : entries) {
    const std::string facts = number(20, 2) + std::string(12, '\0') + number(bytes.size(), 4) +
                              number(bytes.size(), 4) + number(name.size(), 2) + number(0, 2);
    records += "PK\1\2" + number(20, 2) + facts + std::string(10, '\0') + number(data.size(), 4) + name;
    data += "PK\3\4" + facts + name + bytes;
  }
  return data + records + "PK\5\6" + number(0, 4) + number(entries.size(), 2) + number(entries.size(), 2) +
         number(records.size(), 4) + number(data.size(), 4) + number(0, 2);
}

template <class Open>
void check(const std::string& bytes, const Open& open) {
  fuzz::MemoryFiles files;
  files.files["w"] = bytes;
  const ctp::io::UseFileSystem use(files);
  fuzz::allowed([&] {
    const ctp::io::WeightSource source = open("w");
    std::size_t total = 0;
    for (std::size_t i = 0; i < source.tensors().size(); ++i) {
      const ctp::NamedTensor tensor = source.read(i);
      total += tensor.bytes.size();
      fuzz::require(ctp::checked_byte_count(tensor.dtype, tensor.shape) == tensor.bytes.size(), "bytes of a tensor");
    }
    fuzz::require(total <= ctp::io::torch::limits::copies * bytes.size(), "tensors at most four times the file");
  });
  fuzz::require(files.files.size() == 1, "no other file");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = fuzz::text_of(data, size);
  if (bytes.starts_with("PK")) {
    check(bytes, ctp::io::torch::open_torch_archive);
    return 0;
  }
  if (ctp::io::torch::begins_as_legacy(bytes)) check(bytes, ctp::io::torch::open_torch_legacy);
  check(archive({{"a/data.pkl", bytes}, {"a/data/0", std::string(16, '\1')}, {"a/version", "3"}}),
        ctp::io::torch::open_torch_archive);
  return 0;
}
