/// @file   ctp/train/checkpoint/checkpoint.hpp
/// @brief  Checkpoints of a learner on disk. For host programs: the header needs JSON and xxHash.
/// @layer  train
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/io/checkpoint/checkpoint_folder.hpp>
#include <ctp/io/checkpoint/checkpoint_writer.hpp>
#include <ctp/train/checkpoint/checkpoint_every.hpp>
#include <ctp/train/checkpoint/facts.hpp>
#include <ctp/train/state_archive.hpp>

namespace ctp {

/// @brief The newest valid checkpoint of a folder. `passed_over`: those that are newer and damaged.
/// **Errors.** CheckpointError if there is none, naming the newest one passed over and its reason.
inline io::Checkpoint newest_checkpoint(const io::CheckpointFolder& folder,
                                        std::vector<io::PassedOver>* passed_over = nullptr) {
  std::vector<io::PassedOver> damaged;
  auto found = folder.newest(&damaged);
  if (passed_over != nullptr) *passed_over = damaged;
  if (found) return std::move(*found);
  throw CheckpointError(Complaint{
      folder.path(), "", "a valid checkpoint",
      damaged.empty() ? "none"
                      : std::to_string(damaged.size()) + " damaged ones; the newest: " + damaged.front().reason,
      "begin the training anew, in another folder"}
                            .text());
}

/// @brief Saves the state of a learner, and waits until it is on the disk. Where Learner::state() may be called.
/// `others`: what changes beside the learner and has a `visit`. **Errors.** as Learner::state() and
/// CheckpointFolder::save().
template <class Strategy, class Model, class... Others>
void save_checkpoint(Learner<Strategy, Model>& learner, io::CheckpointFolder& folder, Others&... others) {
  folder.save(learner.place().step, training_facts(learner), {learner.state(others...).tensors(), {}, {}});
}

/// What load_checkpoint() has read.
struct LoadedCheckpoint {
  std::string path;  ///< folder of the checkpoint
  std::uint64_t step = 0;
  std::vector<io::PassedOver> passed_over;  ///< newer ones that are damaged
};

/// @brief Restores the newest valid checkpoint into a learner with the same strategy, sizes, options and settings; the
/// next learn() or learn_all() goes on from there, see Learner::restore().
/// **Errors.** CheckpointError if no checkpoint is valid, for a fact that differs and is not allowed to, and as
/// Learner::restore(). The learner is then unchanged.
template <class Strategy, class Model, class... Others>
LoadedCheckpoint load_checkpoint(Learner<Strategy, Model>& learner, const io::CheckpointFolder& folder,
                                 const AllowedDifferences& allowed, Others&... others) {
  LoadedCheckpoint loaded;
  io::Checkpoint saved = newest_checkpoint(folder, &loaded.passed_over);
  require_same_facts(saved, training_facts(learner), allowed,
                     "give the training the same value, or allow the difference: AllowedDifferences{{\"KEY\"}}");
  learner.restore(StateArchive(std::move(saved.tensors)), others...);
  loaded.path = std::move(saved.path);
  loaded.step = saved.step;
  return loaded;
}
template <class Strategy, class Model, class... Others>
  requires(!(std::is_same_v<Others, const AllowedDifferences> || ...) &&
           !(std::is_same_v<Others, AllowedDifferences> || ...))
LoadedCheckpoint load_checkpoint(Learner<Strategy, Model>& learner, const io::CheckpointFolder& folder,
                                 Others&... others) {
  return load_checkpoint(learner, folder, AllowedDifferences{}, others...);
}

}  // namespace ctp
