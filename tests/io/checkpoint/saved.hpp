// Small checkpoints for tests of folders and writers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <ctp/io/checkpoint/checkpoint_folder.hpp>
#include <ctp/tensor/named.hpp>

/// A state that tells its step.
inline ctp::TensorFile state_of(std::uint64_t step) {
  const std::vector<float> values{static_cast<float>(step), 2, 3};
  ctp::TensorFile file;
  file.tensors.push_back(ctp::make_named("theta", {3}, std::span<const float>(values)));
  file.tensors.push_back(ctp::make_named("empty", {0}, std::span<const float>()));
  return file;
}
/// The step that the state of a checkpoint tells; checks that the rest is as it was saved.
inline std::uint64_t step_in(const ctp::io::Checkpoint& checkpoint) {
  const ctp::TensorFile expected = state_of(checkpoint.step);
  for (const ctp::NamedTensor& tensor : expected.tensors) {
    bool same = false;
    for (const ctp::NamedTensor& found : checkpoint.tensors)
      same = same || (found.name == tensor.name && found.dtype == tensor.dtype && found.shape == tensor.shape &&
                      found.bytes == tensor.bytes);
    if (!same) return ~std::uint64_t{0};
  }
  return checkpoint.facts.at("step") == std::to_string(checkpoint.step) ? checkpoint.step : ~std::uint64_t{1};
}
inline void save(ctp::io::CheckpointFolder& folder, std::uint64_t step) {
  folder.save(step, {{"step", std::to_string(step)}}, state_of(step));
}
/// The step of the newest valid checkpoint; -1 if there is none.
inline long newest_step(const std::string& path, std::vector<ctp::io::PassedOver>* passed_over = nullptr) {
  const auto found = ctp::io::CheckpointFolder(path).newest(passed_over);
  return found ? static_cast<long>(step_in(*found)) : -1;
}
