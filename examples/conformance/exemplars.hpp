/// @file   exemplars.hpp
/// @brief  Records of exemplar choice: features, and the rows that each rule chooses.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ctp/rehearsal/choose_herding.hpp>
#include <ctp/rehearsal/choose_kmeans.hpp>
#include <ctp/rehearsal/quota.hpp>

#include "comparison.hpp"

namespace conformance {

/// Compares the chosen rows, in order. True if all agree.
inline bool check_exemplars(const ctp::TensorFile& file) {
  Comparison compare(file);
  for (const char* name : {"features", "sizes"}) compare.input(name);
  const std::vector<double> features = file.at("features").as_doubles();
  const ctp::rehearsal::FeatureMatrix matrix(std::span<const double>(features),
                                             static_cast<std::size_t>(file.at("features").shape.at(1)));
  const std::size_t take = std::stoul(file.metadata.at("take"));
  const std::uint64_t capacity = std::stoull(file.metadata.at("capacity"));
  std::vector<std::uint64_t> sizes;
  for (const std::int64_t size : file.at("sizes").as_int64s()) sizes.push_back(static_cast<std::uint64_t>(size));
  const auto check = [&](const std::string& name, const auto& computed) {
    const std::vector<std::int64_t> expected = file.at(name).as_int64s();
    std::size_t different = computed.size() == expected.size() ? 0 : expected.size();
    for (std::size_t i = 0; i < std::min(computed.size(), expected.size()); ++i)
      different += static_cast<std::int64_t>(computed[i]) != expected[i];
    compare.input(name);
    compare.record(name + " (places that differ)", name, static_cast<double>(different), 0);
  };
  check("herding", ctp::rehearsal::choose_herding(matrix, take));
  check("herding_published", ctp::rehearsal::choose_herding_published(matrix, take));
  check("kmeans", ctp::rehearsal::choose_kmeans(matrix, take));
  check("quota", ctp::rehearsal::quota(sizes, capacity));
  check("quota_published", ctp::rehearsal::quota_published(sizes, capacity));
  return compare.print();
}

}  // namespace conformance
