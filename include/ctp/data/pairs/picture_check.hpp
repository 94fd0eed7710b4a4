/// @file   ctp/data/pairs/picture_check.hpp
/// @brief  Check of all pictures of a data set by their headers, and count of copies across splits.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/fingerprint.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/data/codec/decode.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/jpeg_structure.hpp>
#include <ctp/data/codec/picture_header.hpp>
#include <ctp/data/codec/png_structure.hpp>
#include <ctp/data/pairs/p9d.hpp>
#include <ctp/data/pairs/split.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/data/text/caption.hpp>
#include <ctp/io/files.hpp>

namespace ctp::data {

/// Facts about one picture file that needs no decoding.
struct PictureFacts {
  std::uint64_t bytes = 0;   ///< size of the file; 0 for a bad picture
  std::uint64_t start = 0;   ///< fingerprint of the first picture_start_bytes bytes
  std::uint64_t pixels = 0;  ///< width * height; 0 if the header does not tell
};

/// @brief Facts about the picture at `path` from its header and its last bytes.
///
/// An unusual header, and a file without its end marker, are read in full: the decoder then decides. So a picture that
/// passes may still have damaged data, but no picture is refused that the decoder reads. `decode`: decode every
/// picture.
/// **Errors.** DataError with the reason if the picture cannot be read: missing, not a regular file, larger than
/// `largest` bytes, of another type, broken, cut, above the limits. ResourceError if the system refuses.
inline PictureFacts picture_facts(const std::string& path, const DecodeLimits& limits = {},
                                  std::uint64_t largest = largest_picture_file, bool decode = false) {
  const io::InputFile file(path);
  std::array<std::byte, picture_start_bytes> buffer;
  const auto start =
      std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), file.size())));
  file.read_at(0, start);
  PictureFacts facts;
  facts.bytes = file.size();
  facts.start = Fingerprint().add({reinterpret_cast<const char*>(start.data()), start.size()}).value();
  const std::optional<PictureHeader> header =
      file.size() <= largest && !decode ? picture_header(file, start, limits) : std::nullopt;
  if (header) facts.pixels = static_cast<std::uint64_t>(header->width) * static_cast<std::uint64_t>(header->height);
  if (header && header->ends) return facts;
  const std::vector<std::byte> content = io::read_file(path, largest);
  const ImageType type = image_type(content);
  bool sound = false;  // behind the end marker stand other bytes, which readers pass over
  if (header && type == ImageType::Jpeg) {
    (void)detail::jpeg_structure(content, path, limits);
    sound = true;
  } else if (header && type == ImageType::Png) {
    sound = detail::png_structure(content, path, limits).complete;
  }
  if (!sound) facts.pixels = decode_image(content, path, limits).rgb.size() / 3;
  return facts;
}

/// A picture that cannot be read.
struct PictureFault {
  Split split = Split::Train;
  std::uint32_t ordinal = 0;   ///< of the pair in the list of its split
  std::string task, id, file;  ///< of the pair
  std::string reason;          ///< the decoder's or the system's message, with the file
};

/// Records of a split whose picture equals a training picture, byte by byte.
struct PictureCopies {
  std::size_t pictures = 0;  ///< records with such a picture
  std::size_t pairs = 0;     ///< those of them whose cleaned title, too, is that of the training pair
};

/// Settings of check_pictures().
struct PictureCheckOptions {
  DecodeLimits limits{};
  std::uint64_t largest_file = largest_picture_file;  ///< bytes
  std::vector<std::uint32_t> passed_over = {};        ///< ordinals of training pairs that are not opened
  bool decode_evaluation = false;                     ///< decode the pictures of test, query and gallery
  bool copies = true;                                 ///< look for copies of training pictures
  int max_words = 30;                                 ///< words of a cleaned title, for comparison
  bool whole_test = false;                            ///< look at the test records of other tasks, too
};

/// Result of check_pictures().
struct PictureCheck {
  std::size_t pictures = 0;                    ///< files looked at; the pairs of a record count once
  std::size_t training_pictures = 0;           ///< those of them of training
  std::array<std::size_t, 4> records{};        ///< by split: records looked at
  std::vector<PictureFault> bad;               ///< by split and ordinal
  std::array<std::uint64_t, 4> pixel_bytes{};  ///< by split: bytes of the decoded pictures
  std::array<PictureCopies, 4> copies{};       ///< by split; of training: zeros

  /// Ordinals of the bad pictures of a split, in rising order.
  [[nodiscard]] std::vector<std::uint32_t> ordinals(Split split) const {
    std::vector<std::uint32_t> found;
    for (const PictureFault& fault : bad)
      if (fault.split == split) found.push_back(fault.ordinal);
    return found;
  }
  /// The reasons of the first `most` bad files, parted by " | ", and the number of the others.
  [[nodiscard]] std::string reasons(std::size_t most = 20) const {
    std::string text;
    std::unordered_set<std::string_view> files;
    for (const PictureFault& fault : bad)
      if (files.insert(fault.file).second && files.size() <= most) text += (text.empty() ? "" : " | ") + fault.reason;
    return files.size() > most ? text + " | and " + std::to_string(files.size() - most) + " more" : text;
  }
  /// Number of distinct bad files.
  [[nodiscard]] std::size_t bad_files() const {
    std::unordered_set<std::string_view> files;
    for (const PictureFault& fault : bad) files.insert(fault.file);
    return files.size();
  }
};

namespace detail {

/// A record whose picture is looked at.
struct CheckedRecord {
  Split split;
  const Sample* sample;
};

/// Fingerprint of a whole file; nullopt if the file cannot be read any more.
inline std::optional<std::uint64_t> content_fingerprint(const std::string& path, std::uint64_t largest) {
  try {
    return Fingerprint().add(io::read_text(path, largest)).value();
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// @brief Counts the records of other splits whose pictures are training pictures.
///
/// A file is read in full only if a file on the other side has the same size and the same first bytes. The time is that
/// of sorting and of reading these files, also where one picture occurs many times.
inline void count_copies(std::span<const CheckedRecord> records, std::span<const PictureFacts> facts,
                         const PictureCheckOptions& options, PictureCheck& result) {
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  const auto sorted = [](std::vector<Key> keys) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  };
  const auto has = [](const std::vector<Key>& keys, const Key& key) {
    return std::binary_search(keys.begin(), keys.end(), key);
  };
  std::vector<Key> training, others;  // size and start
  for (std::size_t i = 0; i < records.size(); ++i)
    if (facts[i].bytes > 0)
      (records[i].split == Split::Train ? training : others).emplace_back(facts[i].bytes, facts[i].start);
  training = sorted(std::move(training));
  others = sorted(std::move(others));
  std::vector<std::size_t> open;  // records with a file of the same size and start on the other side
  for (std::size_t i = 0; i < records.size(); ++i)
    if (facts[i].bytes > 0 &&
        has(records[i].split == Split::Train ? others : training, {facts[i].bytes, facts[i].start}))
      open.push_back(i);

  struct Pair {
    Key picture, title;  // size and content; content and title
  };
  std::vector<std::optional<Pair>> pairs(open.size());
  parallel_for(static_cast<std::ptrdiff_t>(open.size()), [&](std::ptrdiff_t n) {
    const std::size_t i = open[static_cast<std::size_t>(n)];
    const Sample& sample = *records[i].sample;
    const auto content = facts[i].bytes <= picture_start_bytes
                             ? std::optional(facts[i].start)
                             : content_fingerprint(sample.image, options.largest_file);
    if (!content) return;
    const std::string title = clean_caption(sample.title, options.max_words);
    pairs[static_cast<std::size_t>(n)] = Pair{{facts[i].bytes, *content}, {*content, Fingerprint().add(title).value()}};
  });
  std::vector<Key> pictures, titles;  // of training
  for (std::size_t n = 0; n < open.size(); ++n) {
    if (records[open[n]].split != Split::Train || !pairs[n]) continue;
    pictures.push_back(pairs[n]->picture);
    titles.push_back(pairs[n]->title);
  }
  pictures = sorted(std::move(pictures));
  titles = sorted(std::move(titles));
  for (std::size_t n = 0; n < open.size(); ++n) {
    const Split split = records[open[n]].split;
    if (split == Split::Train || !pairs[n] || !has(pictures, pairs[n]->picture)) continue;
    PictureCopies& counts = result.copies[static_cast<std::size_t>(split)];
    ++counts.pictures;
    counts.pairs += has(titles, pairs[n]->title) ? 1 : 0;
  }
}

}  // namespace detail

/// @brief Looks for the pictures of the chosen tasks' training pairs, test pairs, queries and gallery, reads their
/// headers, and lists all that cannot be read. On threads() threads.
///
/// Memory: some 40 bytes a record, and the content of at most threads() files of unusual form.
/// **Errors.** std::bad_alloc; a picture that cannot be read is no error here.
inline PictureCheck check_pictures(const P9d& stream, const PictureCheckOptions& options = {}) {
  std::vector<detail::CheckedRecord> records;
  std::vector<bool> passed_over(stream.train().size());
  for (const std::uint32_t ordinal : options.passed_over)
    if (ordinal < passed_over.size()) passed_over[ordinal] = true;
  for (const std::string& task : stream.tasks())
    for (const std::uint32_t ordinal : stream.train(task))
      if (!passed_over[ordinal]) records.push_back({Split::Train, &stream.train()[ordinal]});
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.sample->ordinal < b.sample->ordinal; });
  const std::unordered_set<std::string_view> chosen(stream.tasks().begin(), stream.tasks().end());
  for (const Sample& sample : stream.test())
    if (options.whole_test || chosen.contains(sample.industry)) records.push_back({Split::Test, &sample});
  for (const std::uint32_t ordinal : stream.query(stream.tasks()))
    records.push_back({Split::Query, &stream.query()[ordinal]});
  for (const std::uint32_t ordinal : stream.gallery(stream.tasks()))
    records.push_back({Split::Gallery, &stream.gallery()[ordinal]});

  PictureCheck result;
  std::vector<PictureFacts> facts(records.size());
  std::map<std::size_t, std::string> faults;  // by record
  std::mutex guard;
  const auto repeats = [&](std::size_t i) {  // a further title of the record before
    return i > 0 && records[i].sample->image == records[i - 1].sample->image;
  };
  parallel_blocks(static_cast<std::ptrdiff_t>(records.size()), 256, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      if (repeats(i)) continue;
      try {
        facts[i] = picture_facts(records[i].sample->image, options.limits, options.largest_file,
                                 options.decode_evaluation && records[i].split != Split::Train);
      } catch (const Error& error) {
        const std::lock_guard lock(guard);
        faults.emplace(i, error.what());
      }
    }
  });
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Sample& sample = *records[i].sample;
    ++result.records[static_cast<std::size_t>(records[i].split)];
    auto fault = faults.find(i);
    if (repeats(i)) {
      facts[i] = facts[i - 1];
      if (fault = faults.find(i - 1); fault != faults.end()) fault = faults.emplace(i, fault->second).first;
    } else {
      ++result.pictures;
      result.training_pictures += records[i].split == Split::Train ? 1 : 0;
    }
    if (fault != faults.end())
      result.bad.push_back({records[i].split, sample.ordinal, sample.industry, sample.id, sample.image, fault->second});
    if (!repeats(i)) result.pixel_bytes[static_cast<std::size_t>(records[i].split)] += 3 * facts[i].pixels;
  }
  if (options.copies) detail::count_copies(records, facts, options, result);
  return result;
}

}  // namespace ctp::data
