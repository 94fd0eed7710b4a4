/// @file   ctp/io/weights/source.hpp
/// @brief  Tensors of a weight file of any format: names, types and shapes, each tensor read when it is wanted.
/// @layer  io
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/tensor/named.hpp>

namespace ctp::io {

/// Predicate on tensor names that selects the tensors to load. An empty function selects all.
using NameFilter = std::function<bool(std::string_view)>;

/// A tensor in a file, not read yet.
struct StoredTensor {
  std::string name;
  DType dtype = DType::F32;
  std::vector<std::int64_t> shape;
};

/// @brief Reader of the tensors of one file, by their place in WeightSource::tensors(). One class a format.
class TensorReader {
 public:
  TensorReader() = default;
  TensorReader(const TensorReader&) = delete;
  TensorReader& operator=(const TensorReader&) = delete;
  virtual ~TensorReader() = default;

  /// The bytes of a tensor, row-major, as NamedTensor has them.
  [[nodiscard]] virtual std::vector<std::byte> read(std::size_t index) const = 0;
  /// **Errors.** DataError if the file is not as it was when it was opened.
  virtual void require_unchanged() const = 0;
};

/// @brief An open weight file of any format. Its tensors were checked when it was opened; their bytes are read when
/// read() is called, so memory follows the tensors that are wanted.
class WeightSource {
 public:
  /// `format`: name of the format, "safetensors".
  WeightSource(std::string origin, std::string format, std::map<std::string, std::string> metadata,
               std::vector<StoredTensor> tensors, std::unique_ptr<TensorReader> reader)
      : origin_(std::move(origin)),
        format_(std::move(format)),
        metadata_(std::move(metadata)),
        tensors_(std::move(tensors)),
        reader_(std::move(reader)) {}

  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
  [[nodiscard]] const std::string& format() const noexcept { return format_; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const noexcept { return metadata_; }
  /// All tensors, in the order of the file.
  [[nodiscard]] const std::vector<StoredTensor>& tensors() const& noexcept { return tensors_; }
  void tensors() && = delete;  // the list would die with the source

  /// Tensor `index` of tensors(). **Errors.** DataError if the file was cut meanwhile; ResourceError.
  [[nodiscard]] NamedTensor read(std::size_t index) const {
    const StoredTensor& stored = tensors_.at(index);
    return {stored.name, stored.dtype, stored.shape, reader_->read(index)};
  }
  /// The tensors selected by `wanted`, in the order of the file. **Errors.** as read(); DataError if the size of the
  /// file has changed since it was opened.
  [[nodiscard]] TensorFile read_all(const NameFilter& wanted = {}) const {
    TensorFile file;
    file.origin = origin_;
    file.metadata = metadata_;
    if (!wanted) file.tensors.reserve(tensors_.size());
    for (std::size_t i = 0; i < tensors_.size(); ++i)
      if (!wanted || wanted(tensors_[i].name)) file.tensors.push_back(read(i));
    reader_->require_unchanged();
    return file;
  }
  [[nodiscard]] const TensorReader& reader() const noexcept { return *reader_; }

 private:
  std::string origin_, format_;
  std::map<std::string, std::string> metadata_;
  std::vector<StoredTensor> tensors_;
  std::unique_ptr<TensorReader> reader_;
};

}  // namespace ctp::io
