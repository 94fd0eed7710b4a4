// Decodes all pictures before anything is written: the bad ones, transparency, sizes, copies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/fingerprint.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/data/codec/background.hpp>
#include <ctp/data/codec/decode.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/pairs/split.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/io/files.hpp>

#include "../common/stop_signals.hpp"

/// One picture of the table, with its captions.
struct Row {
  std::size_t line = 0;
  std::string file, path;  ///< as the table spells it; where it lies, or empty
  ctp::data::Sample record;
  std::vector<std::string> more_titles = {};
  std::string fault = {};         ///< why the picture cannot be read; empty: it can
  std::uint64_t bytes = 0;        ///< size of the file
  std::uint64_t pixels = 0;       ///< width * height
  std::uint64_t fingerprint = 0;  ///< of the file's content
  bool opacity = false;           ///< the file stores opacity, be it full everywhere
  bool transparent = false;       ///< a pixel is not opaque

  [[nodiscard]] std::size_t pairs() const { return 1 + more_titles.size(); }
};

/// Decodes the pictures of all rows, on threads() threads. What is wrong with one stands in its row.
inline void look_at_pictures(std::vector<Row>& rows, const ctp::data::DecodeLimits& limits = {}) {
  ctp::parallel_for(static_cast<std::ptrdiff_t>(rows.size()), [&](std::ptrdiff_t i) {
    examples::StopSignals::check();
    Row& row = rows[static_cast<std::size_t>(i)];
    if (!row.fault.empty()) return;
    try {
      const std::vector<std::byte> content = ctp::io::read_file(row.path, ctp::data::largest_picture_file);
      const ctp::data::Picture picture = ctp::data::decode_picture(content, row.path, limits);
      row.opacity = !picture.alpha.empty();
      row.transparent = ctp::data::has_transparency(picture);
      row.bytes = content.size();
      row.pixels = picture.image.rgb.size() / 3;
      row.fingerprint = ctp::Fingerprint().add({reinterpret_cast<const char*>(content.data()), content.size()}).value();
    } catch (const ctp::Error& error) {
      row.fault = error.what();
    }
  });
}

/// Bytes that the pictures take at most. `laid`: those with opacity are laid on a background and stored as RGB in PNG.
inline std::uint64_t written_bytes(const std::vector<Row>& rows, bool laid) {
  std::uint64_t bytes = 0;
  for (const Row& row : rows) bytes += laid && row.opacity ? std::max(row.bytes, 3 * row.pixels) : row.bytes;
  return bytes;
}

/// The faults of the first `most` bad rows, parted by " | ", and the number of the others.
inline std::string faults_of(const std::vector<Row>& bad, std::size_t most = 20) {
  std::string text;
  for (std::size_t i = 0; i < bad.size() && i < most; ++i)
    text += (i > 0 ? " | line " : "line ") + std::to_string(bad[i].line) + ": " + bad[i].fault;
  return bad.size() > most ? text + " | and " + std::to_string(bad.size() - most) + " more" : text;
}

/// @brief Moves the rows of bad pictures out of `rows`. **Errors.** DataError naming them all unless `skip`, and if no
/// picture can be read.
inline std::vector<Row> take_bad(std::vector<Row>& rows, const std::string& table, bool skip) {
  std::vector<Row> bad, good;
  for (Row& row : rows) (row.fault.empty() ? good : bad).push_back(std::move(row));
  if (!bad.empty() && (!skip || good.empty())) {
    const std::string all = std::to_string(bad.size() + good.size());
    throw ctp::DataError(ctp::Complaint{table, "pictures", "that each of " + all + " can be read",
                                        std::to_string(bad.size()) + " that cannot: " + faults_of(bad),
                                        "repair or remove them, or leave them out by --on-bad-image skip"}
                             .text());
  }
  rows = std::move(good);
  return bad;
}

/// Held-out rows whose picture is, byte by byte, one of the training pictures.
inline std::size_t copies_of_training(const std::vector<Row>& rows, const std::vector<ctp::data::Split>& splits) {
  std::unordered_set<std::uint64_t> training;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (splits[i] == ctp::data::Split::Train) training.insert(rows[i].fingerprint);
  std::size_t copies = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    copies += splits[i] != ctp::data::Split::Train && training.contains(rows[i].fingerprint) ? 1 : 0;
  return copies;
}

/// One line on standard error.
inline void warn(const std::string& text) { std::fprintf(stderr, "pictures_to_p9d: warning: %s\n", text.c_str()); }
