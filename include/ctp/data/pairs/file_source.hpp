/// @file   ctp/data/pairs/file_source.hpp
/// @brief  A Source over picture files and annotated captions.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/codec/background.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/image/augment.hpp>
#include <ctp/data/image/image_cache.hpp>
#include <ctp/data/image/resize.hpp>
#include <ctp/data/pairs/p9d.hpp>
#include <ctp/data/picture_row.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/data/source.hpp>
#include <ctp/data/text/caption.hpp>
#include <ctp/data/text/tokenizer.hpp>
#include <ctp/io/files.hpp>

namespace ctp::data {

/// Settings of a FileSource.
struct FileSourceOptions {
  int max_words = 30;           ///< words of a cleaned caption that are kept
  int length = 30;              ///< tokens per caption, [CLS] and [SEP] included
  std::size_t cache_bytes = 0;  ///< size of the cache of decoded pictures; 0: decode a picture each time
  Augmentation augmentation{};  ///< augmentation of training pictures
  DecodeLimits limits{};        ///< largest pictures
  /// Grey level behind transparent pixels. Without it transparency is dropped, as in the published reader.
  std::optional<std::uint8_t> background{};
};

/// @brief A Source over annotated files.
///
/// The constructor cleans and tokenises all captions, on threads() threads; `samples` may be destroyed afterwards.
/// image() reads and decodes a picture each time, or takes the decoded picture from the cache.
class FileSource final : public Source {
 public:
  /// `samples`: a pair's ordinal is its place in this list.
  /// **Errors.** UsageError for a length below 2 or no words.
  FileSource(std::span<const Sample> samples, const Tokenizer& tokenizer, FileSourceOptions options = {})
      : token_ids_(token_ids_of(tokenizer.vocabulary())),
        augmentation_(options.augmentation),
        limits_(options.limits),
        background_(options.background),
        cache_(options.cache_bytes) {
    names_.reserve(samples.size());
    images_.reserve(samples.size());
    for (const Sample& sample : samples) {
      names_.push_back(sample.id);
      images_.push_back(sample.image);
    }
    tokenise(samples, tokenizer, options);
  }

  [[nodiscard]] std::size_t size() const override { return names_.size(); }
  [[nodiscard]] std::string name(std::uint32_t ordinal) const override {
    return ordinal < names_.size() ? names_[ordinal] : std::to_string(ordinal);
  }

  void image(std::uint32_t ordinal, RandomSubstream* augment, const PictureRow& out) const override {
    const std::string& file = images_.at(ordinal);
    const auto picture = cache_.get(
        ordinal, [&] { return decode_on(io::read_file(file, largest_picture_file), file, background_, limits_); });
    out.write(augment != nullptr ? augment_for_training(*picture, out.size(), *augment, augmentation_)
                                 : resize_for_test(*picture, out.size()));
  }

  [[nodiscard]] std::span<const std::int32_t> tokens(std::uint32_t ordinal) const override {
    const std::size_t begin = begins_.at(ordinal);
    return std::span(tokens_).subspan(begin, begins_.at(std::size_t{ordinal} + 1) - begin);
  }

  [[nodiscard]] std::optional<TokenIds> token_ids() const override { return token_ids_; }

 private:
  static constexpr std::ptrdiff_t captions_per_block = 1024;

  void tokenise(std::span<const Sample> samples, const Tokenizer& tokenizer, FileSourceOptions options) {
    const auto count = static_cast<std::ptrdiff_t>(samples.size());
    struct Block {
      std::vector<std::int32_t> tokens;
      std::vector<std::size_t> lengths;
    };
    std::vector<Block> blocks(static_cast<std::size_t>((count + captions_per_block - 1) / captions_per_block));
    parallel_blocks(count, captions_per_block, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      Block& block = blocks[static_cast<std::size_t>(begin / captions_per_block)];
      for (std::ptrdiff_t i = begin; i < end; ++i) {
        const std::string& title = samples[static_cast<std::size_t>(i)].title;
        const auto ids = tokenizer.encode_caption(title, options.max_words, options.length);
        block.tokens.insert(block.tokens.end(), ids.begin(), ids.end());
        block.lengths.push_back(ids.size());
      }
    });
    begins_.assign(1, 0);
    begins_.reserve(samples.size() + 1);
    for (Block& block : blocks) {
      for (const std::size_t length : block.lengths) begins_.push_back(begins_.back() + length);
      tokens_.insert(tokens_.end(), block.tokens.begin(), block.tokens.end());
      block = {};
    }
  }

  std::vector<std::string> names_, images_;
  std::vector<std::int32_t> tokens_;  // of all captions, concatenated
  std::vector<std::size_t> begins_;   // offset of each caption in tokens_, and their end
  TokenIds token_ids_;
  Augmentation augmentation_;
  DecodeLimits limits_;
  std::optional<std::uint8_t> background_;
  mutable ImageCache cache_;
};

/// @brief The tasks of a P9D folder in the order of training, over one source of all its training pairs.
inline std::vector<Task> training_tasks(const P9d& stream, const Tokenizer& tokenizer, FileSourceOptions options = {}) {
  const auto source = std::make_shared<const FileSource>(stream.train(), tokenizer, options);
  std::vector<Task> tasks;
  for (const std::string& name : stream.tasks()) tasks.push_back({name, source, stream.train(name)});
  return tasks;
}

/// The cleaned titles of `samples`, the input of build_vocabulary().
inline std::vector<std::string> cleaned_titles(std::span<const Sample> samples, int max_words) {
  std::vector<std::string> titles(samples.size());
  parallel_blocks(static_cast<std::ptrdiff_t>(samples.size()), 1024, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      const auto at = static_cast<std::size_t>(i);
      titles[at] = clean_caption(samples[at].title, max_words);
    }
  });
  return titles;
}

}  // namespace ctp::data
