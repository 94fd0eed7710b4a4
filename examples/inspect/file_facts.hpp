/// @file   file_facts.hpp
/// @brief  What a weight file holds: format, layout of names, tensors and the sizes that they tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/published_names.hpp>
#include <ctp/io/weights/source.hpp>
#include <ctp/optim/parameter_group.hpp>
#include <ctp/tensor/named.hpp>

namespace inspect {

/// A tensor of a file.
struct TensorFacts {
  ctp::io::StoredTensor stored;
  std::uint64_t values, bytes;
  ctp::io::OwnName own;  ///< unknown where the file has no layout
};

/// A weight file. Numbers are those of all its tensors.
struct FileFacts {
  std::string file, format;
  std::vector<std::string> layouts;  ///< names of the layouts that its names fit; one of a file that can be read
  std::map<std::string, std::string> metadata;
  std::uint64_t values = 0, bytes = 0;
  std::vector<TensorFacts> tensors;
  ctp::io::SizesOfFile sizes = {};  ///< those that its tensors tell; none without a layout
  std::string sizes_error = {};     ///< why they tell none
};

/// @brief The tensors of a source without their bytes. Of the temperatures, one number each, the bytes are read.
/// **Errors.** as WeightSource::read().
inline ctp::TensorFile headers_of(const ctp::io::WeightSource& source) {
  ctp::TensorFile headers;
  headers.origin = source.origin();
  headers.metadata = source.metadata();
  headers.tensors.reserve(source.tensors().size());
  for (std::size_t i = 0; i < source.tensors().size(); ++i) {
    const ctp::io::StoredTensor& tensor = source.tensors()[i];
    const bool temperature = tensor.name == "temp" || tensor.name == "distill_temp";
    if (temperature && ctp::checked_element_count(tensor.shape) == std::uint64_t{1})
      headers.tensors.push_back(source.read(i));
    else
      headers.tensors.push_back({tensor.name, tensor.dtype, tensor.shape, {}});
  }
  return headers;
}

/// The facts of an open file. **Errors.** ResourceError if the system refuses.
inline FileFacts facts_of(const ctp::io::WeightSource& source) {
  FileFacts facts{source.origin(), source.format(), {}, source.metadata(), 0, 0, {}};
  const std::vector<ctp::io::FittingLayout> fits = ctp::io::fitting_layouts(source);
  for (const ctp::io::FittingLayout& fit : fits) facts.layouts.emplace_back(fit.layout->name);
  ctp::TensorFile own = headers_of(source);  // under this project's names
  std::vector<ctp::NamedTensor> used;
  for (ctp::NamedTensor& tensor : own.tensors) {
    // Opening the file has checked both products.
    TensorFacts t{{tensor.name, tensor.dtype, tensor.shape},
                  ctp::checked_element_count(tensor.shape).value_or(0),
                  ctp::checked_byte_count(tensor.dtype, tensor.shape).value_or(0),
                  {ctp::io::NameUse::Unknown, ""}};
    if (fits.size() == 1) t.own = ctp::io::own_name(*fits.front().layout, tensor.name);
    facts.values += t.values;
    facts.bytes += t.bytes;
    if (t.own.use == ctp::io::NameUse::Used) {
      tensor.name = t.own.name;
      used.push_back(std::move(tensor));
    }
    facts.tensors.push_back(std::move(t));
  }
  if (fits.size() != 1) return facts;
  own.tensors = std::move(used);
  try {
    facts.sizes = ctp::io::sizes_of_part(own, ctp::ModelConfig{});
  } catch (const ctp::DataError& error) {
    facts.sizes_error = error.what();
  }
  return facts;
}

/// Whether a tensor's name, or its name in this project, matches a pattern, in which `*` stands for any text. An empty
/// pattern selects all.
inline bool is_selected(const TensorFacts& tensor, const std::string& pattern) {
  return pattern.empty() || ctp::optim::matches(pattern, tensor.stored.name) ||
         (!tensor.own.name.empty() && ctp::optim::matches(pattern, tensor.own.name));
}

/// Number of tensors that is_selected().
inline std::size_t selected(const FileFacts& facts, const std::string& pattern) {
  std::size_t n = 0;
  for (const TensorFacts& tensor : facts.tensors) n += is_selected(tensor, pattern) ? 1 : 0;
  return n;
}

/// Calls use(name, value) for the sizes that are told, in the order of ModelConfig::fields().
template <class Use>
void each_told(const ctp::io::SizesOfFile& sizes, const Use& use) {
  ctp::ModelConfig::fields(sizes.config, [&](const std::string& name, auto value) {
    if (sizes.told.contains(name)) use(name, value);
  });
}

}  // namespace inspect
