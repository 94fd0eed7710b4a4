/// @file   ctp/io/weights/joined.hpp
/// @brief  Several weight files without an index as one source.
/// @layer  io
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/weights/sharded.hpp>
#include <ctp/io/weights/source.hpp>

namespace ctp::io {

/// @brief The tensors of several files as one source, file by file, without metadata. Its origin is the paths with
/// commas between them. One file stays as it is.
/// **Errors.** DataError naming both files for a tensor that two of them have. Precondition: at least one source.
inline WeightSource join_sources(std::vector<WeightSource> sources) {
  if (sources.size() == 1) return std::move(sources.front());
  std::string origin;
  std::vector<StoredTensor> tensors;
  std::map<std::string, const WeightSource*> owners;
  for (const WeightSource& source : sources) {
    (origin += origin.empty() ? "" : ",") += source.origin();
    for (const StoredTensor& tensor : source.tensors()) {
      if (const auto [owner, is_new] = owners.emplace(tensor.name, &source); !is_new)
        throw DataError(Complaint{source.origin(), "tensor " + ctp::quoted(tensor.name),
                                  "a tensor that no other file has", "one in " + owner->second->origin() + ", too",
                                  "give one of the two files, or remove the tensor from one"}
                            .text());
      tensors.push_back(tensor);
    }
  }
  const std::string format = "weights in " + std::to_string(sources.size()) + " files";
  return {origin, format, {}, std::move(tensors), std::make_unique<detail::ShardsReader>(std::move(sources))};
}

}  // namespace ctp::io
