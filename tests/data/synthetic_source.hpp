// A Source of synthetic pairs, for tests of batches without files; and a comparable copy of a batch.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/data/image/image.hpp>
#include <ctp/data/loader/loader_options.hpp>
#include <ctp/data/picture_row.hpp>
#include <ctp/data/source.hpp>

namespace test {

/// Pair n has the tokens [2, 10 + n, 11 + n, ..., 3]. The first byte of its picture is n; the other bytes are draws of
/// `augment`, or 128 without `augment`.
class SyntheticSource final : public ctp::data::Source {
 public:
  explicit SyntheticSource(std::size_t pairs) {
    for (std::size_t n = 0; n < pairs; ++n) {
      std::vector<std::int32_t> tokens{2};
      for (std::size_t i = 0; i < 2 + n % 4; ++i) tokens.push_back(static_cast<std::int32_t>(10 + (n + i) % 80));
      tokens.push_back(3);
      tokens_.push_back(std::move(tokens));
    }
  }

  std::function<void(std::uint32_t)> before_image;  // may throw, or take its time
  mutable std::atomic<int> opened{0};

  [[nodiscard]] std::size_t size() const override { return tokens_.size(); }
  [[nodiscard]] std::string name(std::uint32_t ordinal) const override { return "pair-" + std::to_string(ordinal); }
  void image(std::uint32_t ordinal, ctp::RandomSubstream* augment, const ctp::data::PictureRow& out) const override {
    ++opened;
    if (before_image) before_image(ordinal);
    ctp::data::Image picture(out.size(), out.size(), 128);
    if (augment != nullptr)
      for (std::uint8_t& byte : picture.rgb) byte = static_cast<std::uint8_t>(augment->below(256));
    picture.rgb[0] = static_cast<std::uint8_t>(ordinal);
    out.write(picture);
  }
  [[nodiscard]] std::span<const std::int32_t> tokens(std::uint32_t ordinal) const override {
    return tokens_.at(ordinal);
  }

 private:
  std::vector<std::vector<std::int32_t>> tokens_;
};

inline ctp::data::Task whole_task(std::shared_ptr<const ctp::data::Source> source) {
  std::vector<std::uint32_t> members(source->size());
  std::iota(members.begin(), members.end(), 0U);
  return {"made", std::move(source), std::move(members)};
}

inline ctp::data::LoaderOptions small_options(int workers = 0) {
  ctp::data::LoaderOptions options;
  options.batch_size = 4;
  options.image_size = 2;
  options.length = 8;
  options.workers = workers;
  options.seed = 7;
  options.masking = {.pad = 0, .cls = 2, .mask = 4, .vocabulary = 100};
  return options;
}

struct Seen {
  int size = 0, image_size = 0, length = 0;
  std::uint32_t task = 0, epoch = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<float> images;
  std::vector<std::int32_t> ids, attend, masked, labels;
  std::vector<std::uint32_t> sample;
  friend bool operator==(const Seen&, const Seen&) = default;
};

/// All batches of one epoch, or those from batch `first` on.
inline std::vector<Seen> epoch_of(ctp::data::BatchSource& batches, std::uint32_t epoch, std::size_t first = 0) {
  std::vector<Seen> all;
  batches.start_at(epoch, first);
  while (const ctp::data::Batch* b = batches.next()) {
    all.push_back({b->size, b->image_size, b->length, b->task, b->epoch, b->pixels, b->images, b->ids, b->attend,
                   b->masked, b->labels, b->sample});
  }
  return all;
}

/// The message of the exception of type E that `call` throws; "" if it throws none.
template <class E, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return {};
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace test
