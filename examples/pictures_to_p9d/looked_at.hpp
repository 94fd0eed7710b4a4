// Decodes all pictures before anything is written: the bad ones, transparency, sizes, copies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <unordered_set>
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
#include "faults.hpp"

/// One picture of the table, with its captions.
struct Row {
  std::size_t line = 0;
  std::string file, path;  ///< as the table spells it; where it lies
  ctp::data::Sample record;
  std::vector<std::string> more_titles = {};
  std::uint64_t bytes = 0;        ///< size of the file
  std::uint64_t pixels = 0;       ///< width * height
  std::uint64_t fingerprint = 0;  ///< of the file's content
  bool opacity = false;           ///< the file stores opacity, be it full everywhere
  bool transparent = false;       ///< a pixel is not opaque
  bool bad = false;               ///< the picture cannot be read

  [[nodiscard]] std::size_t pairs() const { return 1 + more_titles.size(); }
};

/// The pictures of a table. A deque: it grows without a second copy of the rows.
using Rows = std::deque<Row>;

/// Decodes the pictures of all rows, on threads() threads. Removes the rows of bad ones, whose faults join `faults`.
inline void look_at_pictures(Rows& rows, Faults& faults, const ctp::data::DecodeLimits& limits = {}) {
  ctp::parallel_for(static_cast<std::ptrdiff_t>(rows.size()), [&](std::ptrdiff_t i) {
    examples::StopSignals::check();
    Row& row = rows[static_cast<std::size_t>(i)];
    try {
      const std::vector<std::byte> content = ctp::io::read_file(row.path, ctp::data::largest_picture_file);
      const ctp::data::Picture picture = ctp::data::decode_picture(content, row.path, limits);
      row.opacity = !picture.alpha.empty();
      row.transparent = ctp::data::has_transparency(picture);
      row.bytes = content.size();
      row.pixels = picture.image.rgb.size() / 3;
      row.fingerprint = ctp::Fingerprint().add({reinterpret_cast<const char*>(content.data()), content.size()}).value();
    } catch (const ctp::Error& error) {
      row.bad = true;
      faults.add(row.line, error.code() == ctp::ErrorCode::Resource ? FaultKind::Refused : FaultKind::Broken,
                 [&] { return Fault{row.file, error.what()}; });
    }
  });
  std::erase_if(rows, [](const Row& row) { return row.bad; });
}

/// Bytes that the pictures take at most. `laid`: those with opacity are laid on a background and stored as RGB in PNG.
inline std::uint64_t written_bytes(const Rows& rows, bool laid) {
  std::uint64_t bytes = 0;
  for (const Row& row : rows) bytes += laid && row.opacity ? std::max(row.bytes, 3 * row.pixels) : row.bytes;
  return bytes;
}

/// **Errors.** DataError with the first faults and their number: if there are any unless `skip`, and if no row is good.
inline void require_good(const Rows& rows, const Faults& faults, const std::string& table, bool skip) {
  if (faults.empty() || (skip && !rows.empty())) return;
  throw ctp::DataError(
      ctp::Complaint{table, "pictures", "that each of " + std::to_string(rows.size() + faults.size()) + " can be read",
                     std::to_string(faults.size()) + " that cannot (" + faults.kinds() + "): " + faults.text(),
                     "repair or remove them, or leave them out by --on-bad-image skip"}
          .text());
}

/// Held-out rows whose picture is, byte by byte, one of the training pictures.
inline std::size_t copies_of_training(const Rows& rows, const std::vector<ctp::data::Split>& splits) {
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
