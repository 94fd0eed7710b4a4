/// @file   ctp/data/loader/loader.hpp
/// @brief  Data loader: worker threads prefetch the batches of a task; results do not depend on the number of workers.
/// @layer  data
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/data/loader/bad_images.hpp>
#include <ctp/data/loader/loader_options.hpp>
#include <ctp/data/loader/row_maker.hpp>
#include <ctp/data/loader/sampler.hpp>
#include <ctp/data/source.hpp>

namespace ctp::data {

/// @brief A BatchSource over one Task.
///
/// Batches depend on options and epoch alone, not on the number of workers or on earlier epochs. With workers, next()
/// allocates no memory unless a picture is bad. The members are not thread-safe.
///
/// **Errors.** next() throws the error of a worker, with the pair's name, in place of the batch that has the error.
/// Then the epoch is over until start(). The destructor waits only for the rows in progress.
class Loader final : public BatchSource {
 public:
  /// **Errors.** UsageError for sizes out of range or a batch larger than the task.
  Loader(Task task, LoaderOptions options)
      : options_(checked(std::move(options), task)),
        rows_(std::move(task), options_),
        members_(rows_.task().members),
        batch_size_(static_cast<std::size_t>(options_.batch_size)),
        steps_(batches_per_epoch(rows_.task().name, members_.size(), options_)),
        bad_(members_.size(), options_.bad_image_limit) {
    slots_.resize(options_.workers == 0 ? 1 : static_cast<std::size_t>(options_.prefetch) + 1);
    for (Slot& slot : slots_) resize(slot.batch, options_.batch_size);
    quarantined_.resize(rows_.task().source->size());
    for (const std::uint32_t ordinal : options_.quarantined) {
      if (ordinal < quarantined_.size()) quarantined_[ordinal] = 1;
    }
    busy_.resize(static_cast<std::size_t>(options_.workers));
    start_workers();
  }

  [[nodiscard]] std::size_t steps() const override { return steps_; }
  [[nodiscard]] std::size_t dropped() const override {
    return members_.size() - std::min(members_.size(), steps_ * batch_size_);
  }

  void start(std::uint32_t epoch) override { start_at(epoch, 0); }
  /// The batches before `first` are not made: the order of an epoch does not depend on them. **Errors.** UsageError for
  /// a batch behind the last one.
  void start_at(std::uint32_t epoch, std::size_t first) override {
    if (first > steps_)
      throw UsageError(Complaint{"Loader::start_at", "first", "at most " + std::to_string(steps_) + " batches",
                                 std::to_string(first), ""}
                           .text());
    if (epoch > 0xFFFFU) {
      throw UsageError(Complaint{"Loader::start", "epoch", "below 65536", std::to_string(epoch), ""}.text());
    }
    std::unique_lock lock(mutex_);
    claimed_ = total_ = 0;  // no row left to claim: the workers finish their rows and wait
    idle_.wait(lock, [&] { return active_ == 0; });
    members_ = rows_.task().members;
    if (options_.shuffle) shuffle_for_epoch(members_, options_.seed, options_.task, epoch);
    epoch_ = epoch;
    delivered_ = released_ = first;
    in_use_ = false;
    started_ = true;
    failure_ = nullptr;
    for (Slot& slot : slots_) slot.clear();
    total_ = std::min(members_.size(), steps_ * batch_size_);
    claimed_ = std::min(first * batch_size_, total_);
    lock.unlock();
    wake_.notify_all();
  }

  const Batch* next() override {
    if (!started_) {
      throw UsageError("Loader::next: expected start(epoch) before the first batch, found no epoch; call start(0)");
    }
    if (failure_) std::rethrow_exception(failure_);
    Slot& slot = slots_[delivered_ % slots_.size()];
    if (options_.workers > 0) {
      release_batch_in_use();
      if (delivered_ == steps_) return nullptr;
      wait_for(slot);
    } else {
      if (delivered_ == steps_) return nullptr;
      make_here(slot);
    }
    return deliver(slot);
  }

  [[nodiscard]] std::vector<std::uint32_t> bad_pairs() const override { return bad_.ordinals(); }
  /// These pictures count as found, and are not reported again.
  void set_bad_pairs(std::span<const std::uint32_t> ordinals) override {
    for (const std::uint32_t ordinal : ordinals) {
      if (ordinal >= quarantined_.size()) continue;
      if (options_.on_bad_image == OnBadImage::Quarantine) quarantined_[ordinal] = 1;
      bad_.add({ordinal, sample_name(ordinal), "'" + sample_name(ordinal) + "', found before the interruption"});
    }
  }

  [[nodiscard]] std::string sample_name(std::uint32_t ordinal) const override {
    return rows_.task().source->name(ordinal);
  }

  /// The bad pictures found so far, in an order that does not depend on the number of workers.
  [[nodiscard]] const std::vector<BadImage>& bad_images() const { return bad_.list(); }
  [[nodiscard]] const Task& task() const { return rows_.task(); }

 private:
  struct Slot {
    Batch batch;
    std::size_t todo = 0;   // rows not made yet
    bool prepared = false;  // belongs to the batch that next() will return from this slot
    std::exception_ptr error;
    std::size_t error_row = 0;
    std::vector<BadImage> bad;
    void clear() {
      todo = error_row = 0;
      prepared = false;
      error = nullptr;
      bad.clear();
    }
  };
  struct Busy {
    bool working = false;
    std::uint32_t ordinal = 0;
  };

  void start_workers() {
    try {
      threads_.reserve(static_cast<std::size_t>(options_.workers));
      for (std::size_t w = 0; w < static_cast<std::size_t>(options_.workers); ++w) {
        threads_.emplace_back([this, w](const std::stop_token& stop) { work(stop, busy_[w]); });
      }
    } catch (const std::system_error& error) {
      threads_.clear();  // stops and joins the threads already running
      throw ResourceError(Complaint{"Loader", "workers", std::to_string(options_.workers) + " threads",
                                    std::string("an error of the system (") + error.what() + ")", "use fewer workers"}
                              .text());
    }
  }

  [[nodiscard]] bool can_claim() const {
    return claimed_ < total_ && claimed_ / batch_size_ < released_ + slots_.size();
  }

  void resize(Batch& batch, int pairs) const {
    batch.resize(pairs, options_.image_size, options_.length, rows_.task().source->pictures());
    if (options_.last_batch == LastBatch::Keep) batch.full = options_.batch_size;
  }

  void prepare(Slot& slot, std::size_t batch) {
    const std::size_t rows = std::min(batch_size_, total_ - batch * batch_size_);
    slot.clear();
    resize(slot.batch, static_cast<int>(rows));
    slot.batch.task = options_.task;
    slot.batch.epoch = epoch_;
    slot.todo = rows;
    slot.prepared = true;
  }

  /// The ordinals of a batch. Their order does not change while workers make rows.
  [[nodiscard]] std::span<const std::uint32_t> peers(std::size_t batch, std::size_t rows) const {
    return std::span(members_).subspan(batch * batch_size_, rows);
  }

  void work(const std::stop_token& stop, Busy& busy) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested() && wake_.wait(lock, stop, [&] { return can_claim(); })) {
      const std::size_t batch = claimed_ / batch_size_, row = claimed_ % batch_size_;
      Slot& slot = slots_[batch % slots_.size()];
      if (row == 0) prepare(slot, batch);
      ++claimed_;
      ++active_;
      const auto rows = static_cast<std::size_t>(slot.batch.size);
      busy = {true, members_[batch * batch_size_ + row]};
      const bool quarantined = quarantined_[busy.ordinal] != 0;
      lock.unlock();

      std::vector<BadImage> bad;
      std::exception_ptr error;
      try {
        rows_.make(slot.batch, row, peers(batch, rows), quarantined, bad);
      } catch (...) {
        error = std::current_exception();
      }

      lock.lock();
      collect(slot, row, std::move(error), std::move(bad));
      busy.working = false;
      --active_;
      if (slot.todo == 0) ready_.notify_one();
      if (active_ == 0) idle_.notify_one();
    }
  }

  /// Records one finished row. Of several errors in a batch, the error of the lowest row wins, for any number of
  /// workers.
  void collect(Slot& slot, std::size_t row, std::exception_ptr error, std::vector<BadImage> bad) {
    if (error && (!slot.error || row < slot.error_row)) {
      slot.error = std::move(error);
      slot.error_row = row;
    }
    for (BadImage& image : bad) slot.bad.push_back(std::move(image));
    --slot.todo;
  }

  void release_batch_in_use() {
    {
      const std::lock_guard lock(mutex_);
      if (!in_use_) return;
      in_use_ = false;
      slots_[released_ % slots_.size()].prepared = false;
      ++released_;
    }
    wake_.notify_all();
  }

  void wait_for(const Slot& slot) {
    std::unique_lock lock(mutex_);
    const auto done = [&] { return slot.prepared && slot.todo == 0; };
    if (ready_.wait_for(lock, std::chrono::seconds(options_.patience_seconds), done)) return;
    std::string names;
    for (const Busy& busy : busy_) {
      if (busy.working) names += (names.empty() ? "'" : ", '") + sample_name(busy.ordinal) + "'";
    }
    throw ResourceError(Complaint{"task '" + rows_.task().name + "'", "batch " + std::to_string(delivered_),
                                  "to be ready within " + std::to_string(options_.patience_seconds) + " s",
                                  "workers still at " + names, "look at the disk these files are on"}
                            .text());
  }

  void make_here(Slot& slot) {
    prepare(slot, delivered_);
    const auto rows = static_cast<std::size_t>(slot.batch.size);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::span<const std::uint32_t> all = peers(delivered_, rows);
      std::vector<BadImage> bad;
      std::exception_ptr error;
      try {
        rows_.make(slot.batch, row, all, quarantined_[all[row]] != 0, bad);
      } catch (...) {
        error = std::current_exception();
      }
      collect(slot, row, std::move(error), std::move(bad));
      if (slot.error) break;
    }
  }

  /// Adds the bad pictures of a finished batch to the list. Counting here, not in the workers, makes the step at which
  /// training stops independent of the workers' progress.
  const Batch* deliver(Slot& slot) {
    try {
      if (!slot.bad.empty()) {
        const auto by_row = [](const BadImage& a, const BadImage& b) { return a.ordinal < b.ordinal; };
        std::sort(slot.bad.begin(), slot.bad.end(), by_row);
        for (BadImage& image : slot.bad) {
          if (options_.on_bad_image == OnBadImage::Quarantine) {
            const std::lock_guard lock(mutex_);
            quarantined_[image.ordinal] = 1;
          }
          if (const BadImage* added = bad_.add(std::move(image)); added != nullptr && options_.report_bad_image)
            options_.report_bad_image(rows_.task().name, *added);
        }
        slot.bad.clear();
      }
      bad_.require_few(rows_.task().name);
      if (slot.error) std::rethrow_exception(slot.error);
    } catch (...) {
      failure_ = std::current_exception();
      throw;
    }
    ++delivered_;
    in_use_ = true;
    return &slot.batch;
  }

  LoaderOptions options_;
  RowMaker rows_;
  std::vector<std::uint32_t>
      members_;  // in this epoch's order; shuffled from the task's order, so epochs are independent
  std::size_t batch_size_;
  std::size_t steps_;
  BadImages bad_;
  std::vector<Slot> slots_;                 // a ring: batch b lies in slot b % size
  std::vector<unsigned char> quarantined_;  // by ordinal: 1 if the picture is not opened
  std::vector<Busy> busy_;                  // by worker
  bool started_ = false;
  std::exception_ptr failure_;  // error that ended this epoch

  // Shared with the workers; guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::condition_variable ready_, idle_;
  std::uint32_t epoch_ = 0;
  std::size_t total_ = 0;      // rows of this epoch
  std::size_t claimed_ = 0;    // rows assigned to a worker
  std::size_t active_ = 0;     // rows being made
  std::size_t delivered_ = 0;  // batches returned; used by the caller's thread only
  std::size_t released_ = 0;   // batches that the caller has released
  bool in_use_ = false;
  std::vector<std::jthread> threads_;  // last member: joined before the other members are destroyed
};

}  // namespace ctp::data
