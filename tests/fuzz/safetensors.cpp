// Weight files: what is accepted can be converted, measured, written, and read back unchanged.
#include "target.hpp"

#include <ctp/core/model_config.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/safetensors.hpp>
#include <ctp/io/weights/training_record.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::MemoryFiles files;
  files.files["w"] = fuzz::text_of(data, size);
  const ctp::io::UseFileSystem use(files);
  ctp::TensorFile file;
  if (!fuzz::allowed([&] { file = ctp::io::read_safetensors("w"); })) return 0;
  std::size_t bytes = 0;
  for (const ctp::NamedTensor& tensor : file.tensors) {
    bytes += tensor.bytes.size();
    fuzz::require(ctp::checked_byte_count(tensor.dtype, tensor.shape) == tensor.bytes.size(), "bytes of a tensor");
    fuzz::allowed([&] { (void)tensor.as_floats(); });
    fuzz::allowed([&] { (void)tensor.as_doubles(); });
    fuzz::allowed([&] { (void)tensor.as_int64s(); });
  }
  fuzz::require(bytes <= size, "tensors no larger than the file");
  fuzz::allowed([&] { ctp::validate(ctp::io::config_of(file)); });
  fuzz::allowed([&] { (void)ctp::io::training_of(file); });
  ctp::io::write_safetensors("again", file, true);
  const ctp::TensorFile again = ctp::io::read_safetensors("again");
  fuzz::require(again.tensors.size() == file.tensors.size() && again.metadata == file.metadata, "reads back");
  return 0;
}
