/// @file   ctp/io/weights/torch/torch_views.hpp
/// @brief  The tensors of a PyTorch file as a source of weights: views of storages that lie in the file.
/// @layer  io
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/quoted.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/weights/source.hpp>
#include <ctp/io/weights/torch/pickle_value.hpp>
#include <ctp/io/weights/torch/rules.hpp>
#include <ctp/io/weights/torch/state_dict.hpp>
#include <ctp/io/weights/torch/view_reader.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io::torch {

namespace detail {

/// A view of a storage that begins at byte `begin` of the file.
struct PlacedView {
  std::uint64_t begin = 0;
  DType dtype = DType::F32;
  View view;
};

class ViewsOfFile final : public TensorReader {
 public:
  ViewsOfFile(std::unique_ptr<const InputFile> file, std::vector<PlacedView> views)
      : file_(std::move(file)), views_(std::move(views)) {}
  [[nodiscard]] std::vector<std::byte> read(std::size_t index) const override {
    const PlacedView& placed = views_.at(index);
    return read_view(*file_, placed.begin, placed.dtype, placed.view);
  }
  void require_unchanged() const override { file_->require_unchanged_size(); }

 private:
  std::unique_ptr<const InputFile> file_;
  std::vector<PlacedView> views_;
};

}  // namespace detail

/// @brief The weights of a pickle whose storages lie at the bytes `begins` of the file, in the order of
/// PickleData::storages. **Errors.** DataError by the rules 'state dict' and 'names', and 'copies': the bytes of all
/// tensors together are at most limits::copies times those of the file, as views may repeat elements, and what is read
/// for those that are not contiguous at most limits::spans times.
inline WeightSource source_of(std::unique_ptr<const InputFile> file, const PickleData& data, const std::string& place,
                              const std::vector<std::uint64_t>& begins, std::string format) {
  const std::string path = file->path();
  std::vector<StoredTensor> tensors;
  std::vector<detail::PlacedView> views;
  std::uint64_t rest = limits::copies * file->size(), rest_of_spans = limits::spans * file->size();
  for (NamedView& named : named_views(data, path, place)) {
    const PickleTensor& tensor = data.tensors[named.tensor];
    const DType dtype = data.storages[tensor.storage].dtype;
    const std::uint64_t bytes = checked_byte_count(dtype, tensor.view.shape).value_or(rest + 1);
    const auto charge = [&](std::uint64_t amount, std::uint64_t& budget, const char* what, std::uint64_t times) {
      if (amount > budget)
        refuse(path, place, "copies",
               what + std::to_string(times) + " times the " + std::to_string(file->size()) + " bytes of the file",
               "more with tensor " + ctp::quoted(named.name), contiguous_remedy);
      budget -= amount;
    };
    charge(bytes, rest, "tensors of at most ", limits::copies);
    if (!detail::is_contiguous(tensor.view)) {  // all bytes from the first element to the last are read
      const std::uint64_t span = span_of(tensor.view), size = dtype_size(dtype);
      charge(span > rest_of_spans / size ? rest_of_spans + 1 : span * size, rest_of_spans,
             "tensors with gaps, read with the gaps, of at most ", limits::spans);
    }
    views.push_back({begins[tensor.storage], dtype, tensor.view});
    tensors.push_back({std::move(named.name), dtype, tensor.view.shape});
  }
  return {path,
          std::move(format),
          {},
          std::move(tensors),
          std::make_unique<detail::ViewsOfFile>(std::move(file), std::move(views))};
}

}  // namespace ctp::io::torch
