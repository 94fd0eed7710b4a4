/// @file   ctp/io/checkpoint/checkpoint_writer.hpp
/// @brief  Saves checkpoints on a thread of its own.
/// @layer  io
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/io/checkpoint/checkpoint_folder.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io {

/// What a CheckpointWriter does when the system refuses.
struct CheckpointRetries {
  int tries = 3;
  std::chrono::milliseconds pause{1000};                     ///< before the second try; four times as long each time
  std::function<void(const std::string& problem)> report{};  ///< called on the writer's thread before each new try
};

/// @brief Saves one checkpoint at a time into a CheckpointFolder, while the training goes on.
///
/// A failed save is tried again from the start: after a failed fsync the system may have dropped the bytes. The error
/// of the last try is thrown by the next submit() or wait(). The destructor waits for the save that runs, and drops its
/// error. Not for several threads at once.
class CheckpointWriter final : public CheckpointSink {
 public:
  /// `folder` must outlive the writer.
  explicit CheckpointWriter(CheckpointFolder& folder, CheckpointRetries retries = {})
      : folder_(folder), retries_(std::move(retries)) {}
  ~CheckpointWriter() override {
    if (running_.valid()) running_.wait();
  }

  void submit(std::uint64_t step, CheckpointFacts facts, TensorFile state) override {
    wait();
    auto work = [this, step, facts = std::move(facts), state = std::move(state)]() mutable {
      const TensorFile held = std::move(state);  // freed at the end, not when the result is asked for
      save(step, facts, held);
    };
    std::packaged_task<void()> task(std::move(work));
    running_ = task.get_future();
    try {
      thread_ = std::jthread(std::move(task));
    } catch (const std::system_error& error) {  // no thread: the task is gone with it
      running_ = {};
      throw ResourceError(
          Complaint{folder_.path(), "save", "a thread to save on", error.what(), "raise the limit of processes"}
              .text());
    }
  }
  [[nodiscard]] bool busy() const override {
    return running_.valid() && running_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
  }
  /// **Errors.** as CheckpointFolder::save(), of the last try.
  void wait() override {
    if (!running_.valid()) return;
    std::future<void> done = std::move(running_);
    if (thread_.joinable()) thread_.join();  // the thread lets go of an error before it is thrown here
    done.get();
  }

 private:
  void save(std::uint64_t step, const CheckpointFacts& facts, const TensorFile& state) const {
    auto pause = retries_.pause;
    for (int left = retries_.tries;; pause *= 4) {
      try {
        return folder_.save(step, facts, state);
      } catch (const ResourceError& error) {
        if (--left <= 0) throw;
        if (retries_.report) retries_.report(error.what());
      }
      std::this_thread::sleep_for(pause);
    }
  }

  CheckpointFolder& folder_;
  CheckpointRetries retries_;
  std::future<void> running_;
  std::jthread thread_;  // last: joined first
};

}  // namespace ctp::io
