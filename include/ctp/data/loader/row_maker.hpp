/// @file   ctp/data/loader/row_maker.hpp
/// @brief  Makes one row of a batch from one pair: picture, tokens, masking, replacement of a bad picture.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/data/loader/bad_images.hpp>
#include <ctp/data/loader/loader_options.hpp>
#include <ctp/data/loader/masking.hpp>
#include <ctp/data/picture_row.hpp>
#include <ctp/data/source.hpp>

namespace ctp::data {

/// @brief Writes rows of batches. A row depends on seed, task, epoch and the pair's ordinal alone.
///
/// Immutable, so any thread may make any row at any time.
class RowMaker {
 public:
  /// Uses the seed, task number and policies of `options`.
  RowMaker(Task task, const LoaderOptions& options)
      : task_(std::move(task)),
        rule_(options),
        augment_(options.seed, "augment"),
        mask_(options.seed, "mask"),
        replace_(options.seed, "replace"),
        quarantined_(task_.source->size()) {
    for (const std::uint32_t ordinal : options.quarantined)
      if (ordinal < quarantined_.size()) quarantined_[ordinal] = 1;
  }

  [[nodiscard]] const Task& task() const { return task_; }

  /// @brief Fills row `row` of `batch` with the pair `peers[row]`.
  ///
  /// `peers`: the ordinals the sampler chose for this batch. `quarantined`: replaces the picture without opening it.
  /// No replacement is a pair of LoaderOptions::quarantined. Replaced bad pictures are appended to `bad`.
  /// **Errors.** as the source, with the pair's name in front; DataError if no picture can be read.
  void make(Batch& batch, std::size_t row, std::span<const std::uint32_t> peers, bool quarantined,
            std::vector<BadImage>& bad) const {
    std::uint32_t ordinal = peers[row];
    if (quarantined || !read_image(batch, row, ordinal, bad)) ordinal = replace(batch, row, peers, bad);
    write_tokens(batch, row, ordinal);
    batch.sample[row] = ordinal;
  }

 private:
  /// True after writing the picture to the batch; false for a bad picture that the policy says to replace.
  bool read_image(Batch& batch, std::size_t row, std::uint32_t ordinal, std::vector<BadImage>& bad) const {
    RandomSubstream random(augment_, RandomPlace{rule_.task, batch.epoch, ordinal});
    try {
      task_.source->image(ordinal, rule_.augment ? &random : nullptr, PictureRow(batch, row));
      return true;
    } catch (const DataError& error) {
      if (rule_.on_bad_image == OnBadImage::Error) throw DataError(who(ordinal) + error.what());
      bad.push_back({ordinal, task_.source->name(ordinal), who(ordinal) + error.what()});
      return false;
    } catch (const ResourceError& error) {
      throw ResourceError(who(ordinal) + error.what());
    } catch (const std::bad_alloc&) {
      throw ResourceError(who(ordinal) + "expected enough memory to read the image, found none; use fewer workers");
    } catch (const Error& error) {
      throw Error(error.code(), who(ordinal) + error.what());
    } catch (const std::exception& error) {
      throw Error(ErrorCode::Internal, who(ordinal) + error.what());
    }
  }

  /// Draws members of the task until one can be read. The first 128 attempts exclude the pairs of the same batch: a
  /// pair twice in one batch is its own negative.
  std::uint32_t replace(Batch& batch, std::size_t row, std::span<const std::uint32_t> peers,
                        std::vector<BadImage>& bad) const {
    RandomSubstream random(replace_, RandomPlace{rule_.task, batch.epoch, peers[row]});
    const auto count = static_cast<std::uint32_t>(task_.members.size());
    for (int attempt = 0; attempt < 256; ++attempt) {
      const std::uint32_t ordinal = task_.members[random.below(count)];
      const bool peer = std::find(peers.begin(), peers.end(), ordinal) != peers.end();
      if ((attempt < 128 && peer) || ordinal == peers[row] || quarantined_[ordinal] != 0) continue;
      if (read_image(batch, row, ordinal, bad)) return ordinal;
    }
    throw DataError(who(peers[row]) + "expected another pair to replace it, found none that can be read");
  }

  void write_tokens(Batch& batch, std::size_t row, std::uint32_t ordinal) const {
    const std::span<const std::int32_t> tokens = task_.source->tokens(ordinal);
    const auto length = static_cast<std::size_t>(batch.length);
    if (tokens.size() > length) {
      throw UsageError(Complaint{"Loader", who(ordinal) + "tokens", "at most " + std::to_string(length),
                                 std::to_string(tokens.size()), "tokenise to the length the batches have"}
                           .text());
    }
    const std::span ids(batch.ids.data() + row * length, length);
    const std::span attend(batch.attend.data() + row * length, length);
    const std::span masked(batch.masked.data() + row * length, length);
    const std::span labels(batch.labels.data() + row * length, length);
    std::copy(tokens.begin(), tokens.end(), ids.begin());
    std::fill(ids.begin() + static_cast<std::ptrdiff_t>(tokens.size()), ids.end(), rule_.masking.pad);
    for (std::size_t i = 0; i < length; ++i) attend[i] = i < tokens.size() ? 1 : 0;
    if (rule_.mask) {
      mask_tokens(rule_.masking, mask_, RandomPlace{rule_.task, batch.epoch, ordinal}, ids, masked, labels);
    } else {
      std::copy(ids.begin(), ids.end(), masked.begin());
      std::fill(labels.begin(), labels.end(), ignore_label);
    }
  }

  [[nodiscard]] std::string who(std::uint32_t ordinal) const {
    return "task '" + task_.name + "', pair '" + task_.source->name(ordinal) + "': ";
  }

  Task task_;
  LoaderOptions rule_;
  RandomStream augment_, mask_, replace_;
  std::vector<unsigned char> quarantined_;  ///< by ordinal: 1 for a pair of LoaderOptions::quarantined
};

}  // namespace ctp::data
