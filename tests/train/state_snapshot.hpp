// The state of a learner or an engine, as host values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/core/archive.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/train/steps/host_snapshot.hpp>

namespace test {

/// All members that an archive visits, as host values: a checkpoint without a file.
struct Snapshot {
  std::vector<std::pair<std::string, std::vector<double>>> values;
  template <class T, class B>
  void operator()(const std::string& name, ctp::Buffer<T, B>& buffer) {
    values.emplace_back(name, buffer.template to_host<double>());
  }
  template <class T>
  void operator()(const std::string& name, std::vector<T>& list) {
    values.emplace_back(name, std::vector<double>(list.begin(), list.end()));
  }
  template <class Number>
  void operator()(const std::string& name, Number& number) {
    values.emplace_back(name, std::vector<double>{static_cast<double>(number)});
  }
};
/// Writes a Snapshot back, in the same order.
struct Restore {
  const Snapshot& from;
  std::size_t at = 0;
  template <class T, class B>
  void operator()(const std::string&, ctp::Buffer<T, B>& buffer) {
    buffer.assign(from.values[at++].second);
  }
  template <class T>
  void operator()(const std::string&, std::vector<T>& list) {
    const std::vector<double>& values = from.values[at++].second;
    list.clear();
    for (const double value : values) list.push_back(static_cast<T>(value));
  }
  template <class Number>
  void operator()(const std::string&, Number& number) {
    number = static_cast<Number>(from.values[at++].second[0]);
  }
};
static_assert(ctp::Archive<ctp::HostSnapshot, ctp::Buffer<float, ctp::Cpu>, std::vector<std::uint32_t>>);
static_assert(ctp::Archive<Snapshot, ctp::Buffer<float, ctp::Cpu>, std::vector<std::uint32_t>>);
static_assert(ctp::Archive<Restore, ctp::Buffer<float, ctp::Cpu>, std::vector<std::uint32_t>>);
template <class Learner>
Snapshot snapshot(Learner& learner) {
  Snapshot all;
  learner.visit(all);
  return all;
}

}  // namespace test
