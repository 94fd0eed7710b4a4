// Indexes of weights in several files: any text beside two good files. What is accepted can be read, and only files of
// the same folder are opened.
#include "target.hpp"

#include <ctp/io/directories.hpp>
#include <ctp/io/weights/safetensors.hpp>
#include <ctp/io/weights/sharded.hpp>

namespace {

std::string one_tensor(const std::string& name) {
  std::string bytes;
  ctp::TensorFile file;
  file.tensors.push_back(ctp::make_named(name, {1}, std::vector<float>{1}));
  ctp::io::write_safetensors_to(
      [&](std::span<const std::byte> piece) {
        bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      },
      name, file);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string first = one_tensor("x"), second = one_tensor("y");
  fuzz::MemoryFiles files;
  files.files["d/index"] = fuzz::text_of(data, size);
  files.files["d/a"] = first;
  files.files["d/b"] = second;
  const ctp::io::UseFileSystem use(files);
  fuzz::allowed([&] {
    const ctp::io::WeightSource source = ctp::io::open_sharded("d/index", [](const std::string& path) {
      fuzz::require(ctp::io::directory_of(path) == "d", "a file outside of the folder");
      return ctp::io::open_safetensors(path);
    });
    const ctp::TensorFile file = source.read_all();
    fuzz::require(!file.tensors.empty() && file.tensors.size() <= 2, "the tensors of the two files");
    for (const ctp::NamedTensor& tensor : file.tensors) fuzz::require(tensor.as_floats()[0] == 1, "values");
  });
  return 0;
}
