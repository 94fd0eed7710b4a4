/// @file   ctp/io/weights/torch/zip_archive.hpp
/// @brief  Directory of a zip archive as PyTorch writes it: entries that are stored, without compression.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/quoted.hpp>
#include <ctp/core/utf8.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/weights/torch/rules.hpp>

namespace ctp::io::torch {

/// The bytes of one entry in the file of its archive.
struct ZipEntry {
  std::uint64_t offset = 0, size = 0;
};

/// Entries of an archive by name.
using ZipDirectory = std::map<std::string, ZipEntry, std::less<>>;

namespace detail {

/// @brief Reader of the directory of one archive. Sizes of 64 bits come from the records of zip64.
class ZipReader {
 public:
  explicit ZipReader(const InputFile& file) : file_(file) {}

  ZipDirectory read() {
    read_end();
    const std::string records = bytes(directory_, directory_end_ - directory_);
    std::vector<Span> spans;
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < entries_; ++i) at = read_record(records, at, spans);
    if (at != records.size())
      fail("central directory", "entries", std::to_string(entries_) + " entries that fill the directory",
           std::to_string(records.size() - at) + " bytes behind them");
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
    for (std::size_t i = 0; i + 1 < spans.size(); ++i)
      if (spans[i].end > spans[i + 1].begin)
        fail("central directory", "overlap", "entries that do not overlap",
             "two that share byte " + std::to_string(spans[i + 1].begin));
    return std::move(found_);
  }

 private:
  /// A local header with its data.
  struct Span {
    std::uint64_t begin, end;
  };
  static constexpr std::uint64_t end_bytes = 22, locator_bytes = 20, end64_bytes = 56, record_bytes = 46,
                                 local_bytes = 30;
  static constexpr const char* pack_remedy = "unpack the archive and pack it with zip -0 -r -D";
  static constexpr std::uint32_t all32 = 0xFFFFFFFFU;

  [[noreturn]] void fail(std::string_view place, std::string_view rule, std::string expected, std::string found,
                         std::string remedy = damaged_remedy) const {
    refuse(file_.path(), place, rule, std::move(expected), std::move(found), std::move(remedy));
  }
  [[nodiscard]] std::string bytes(std::uint64_t offset, std::uint64_t count) const {
    std::string text(static_cast<std::size_t>(count), '\0');
    file_.read_at(offset, std::as_writable_bytes(std::span(text)));
    return text;
  }
  static std::uint64_t number(std::string_view text, std::size_t at, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[at + i])) << (8 * i);
    return value;
  }

  /// The record at the end of the file, and the one of zip64 in front of it.
  void read_end() {
    constexpr const char* place = "end record";
    if (file_.size() < end_bytes)
      fail(place, "end record", "at least 22 bytes", std::to_string(file_.size()) + " bytes");
    const std::uint64_t end = file_.size() - end_bytes;
    const std::string last = bytes(end, end_bytes);
    if (!last.starts_with(std::string_view("PK\5\6", 4)) || number(last, 20, 2) != 0)
      fail(place, "end record", "the record at the end of the file, without a comment",
           last.starts_with(std::string_view("PK\5\6", 4))
               ? "a comment of " + std::to_string(number(last, 20, 2)) + " bytes"
               : "the bytes " + hex_text(last.substr(0, 4)),
           "the file is incomplete or has bytes behind its end: fetch or write it again");
    if (number(last, 4, 4) != 0 || number(last, 8, 2) != number(last, 10, 2))
      fail(place, "end record", "an archive in one part", "one of several");
    entries_ = number(last, 10, 2);
    directory_ = number(last, 16, 4);
    std::uint64_t size = number(last, 12, 4);
    directory_end_ = end;
    if (end >= locator_bytes + end64_bytes) read_end64(end, size);
    if (directory_ > directory_end_ || size != directory_end_ - directory_)
      fail(place, "end record", "a directory up to the end records",
           std::to_string(size) + " bytes from byte " + std::to_string(directory_) + ", with the records from byte " +
               std::to_string(directory_end_));
    if (size > limits::directory_bytes)
      fail(place, "size", "a directory of at most " + std::to_string(limits::directory_bytes) + " bytes",
           std::to_string(size));
    if (entries_ > limits::entries || entries_ > size / record_bytes)
      fail(place, "entries", "as many entries as the directory holds, at most " + std::to_string(limits::entries),
           std::to_string(entries_));
  }
  void read_end64(std::uint64_t end, std::uint64_t& size) {
    const std::string locator = bytes(end - locator_bytes, locator_bytes);
    if (!locator.starts_with(std::string_view("PK\6\7", 4))) return;
    const std::uint64_t at = number(locator, 8, 8);
    if (at != end - locator_bytes - end64_bytes || number(locator, 4, 4) != 0 || number(locator, 16, 4) > 1)
      fail("end record", "zip64", "the record of zip64 in front of its locator",
           "a record at byte " + std::to_string(at));
    const std::string record = bytes(at, end64_bytes);
    if (!record.starts_with(std::string_view("PK\6\6", 4)) || number(record, 4, 8) != end64_bytes - 12)
      fail("end record", "zip64", "a record of zip64 of 56 bytes, from 50 4b 06 06",
           std::to_string(number(record, 4, 8)) + " bytes behind its first 12, from " + hex_text(record.substr(0, 4)));
    const auto agree = [&](std::uint64_t small, std::uint64_t all, std::uint64_t large) {
      if (small != all && small != large)
        fail("end record", "zip64", "the same sizes in both end records",
             std::to_string(small) + " and " + std::to_string(large));
      return large;
    };
    entries_ = agree(entries_, 0xFFFFU, number(record, 32, 8));
    size = agree(size, all32, number(record, 40, 8));
    directory_ = agree(directory_, all32, number(record, 48, 8));
    directory_end_ = at;
  }

  /// One record of the directory, from `at`; returns where the next begins.
  std::size_t read_record(std::string_view records, std::size_t at, std::vector<Span>& spans) {
    const auto need = [&](std::uint64_t count) {
      if (count > records.size() - at)
        fail("central directory", "entries", std::to_string(entries_) + " entries", "fewer");
    };
    need(record_bytes);
    const std::string_view record = records.substr(at, record_bytes);
    if (!record.starts_with(std::string_view("PK\1\2", 4)))
      fail("central directory", "entries", std::to_string(entries_) + " entries, each from 50 4b 01 02",
           "the bytes " + hex_text(record.substr(0, 4)) + " among them");
    const std::uint64_t name_bytes = number(record, 28, 2), extra_bytes = number(record, 30, 2),
                        comment_bytes = number(record, 32, 2);
    need(record_bytes + name_bytes + extra_bytes + comment_bytes);
    const std::string name(records.substr(at + record_bytes, name_bytes));
    const std::string_view extra = records.substr(at + record_bytes + name_bytes, extra_bytes);
    const std::string place = "entry " + ctp::quoted(name);
    require_name(place, name);
    if ((number(record, 8, 2) & 0x2041U) != 0)
      fail(place, "encryption", "an entry that is not encrypted", "an encrypted one", "write it without a password");
    if (const std::uint64_t method = number(record, 10, 2); method != 0)
      fail(place, "stored", "an entry that is stored, as torch.save() writes it",
           "one compressed by method " + std::to_string(method), pack_remedy);
    std::uint64_t packed = number(record, 20, 4), size = number(record, 24, 4), begin = number(record, 42, 4);
    widen(place, extra, size, packed, begin);
    if (packed != size)
      fail(place, "stored", "as many bytes in the file as in the entry",
           std::to_string(packed) + " and " + std::to_string(size));
    const ZipEntry entry = read_local(place, name, begin, size);
    if (!found_.emplace(name, entry).second) fail(place, "names", "every name once", "it twice");
    spans.push_back({begin, entry.offset + entry.size});
    return at + static_cast<std::size_t>(record_bytes + name_bytes + extra_bytes + comment_bytes);
  }
  /// Names are not used as paths, but a file that tries is not one of PyTorch.
  void require_name(const std::string& place, std::string_view name) const {
    bool plain = !name.empty() && name.front() != '/' && name.back() != '/' && valid_utf8_prefix(name) == name.size() &&
                 name.find('\\') == name.npos && name.find('\0') == name.npos && name.find(':') == name.npos;
    for (std::size_t at = 0; plain && at < name.size();) {
      const std::string_view part = name.substr(at, std::min(name.find('/', at), name.size()) - at);
      plain = !part.empty() && part != "." && part != "..";
      at += part.size() + 1;
    }
    if (plain) return;
    if (name.ends_with('/')) fail(place, "names", "files alone", "a folder", pack_remedy);
    fail(place, "names", "the relative path of a file, without '..', backslash, colon and NUL", ctp::quoted(name));
  }
  /// Takes numbers of 64 bits from the extra field 1 for those that say so.
  void widen(const std::string& place, std::string_view extra, std::uint64_t& size, std::uint64_t& packed,
             std::uint64_t& begin) const {
    std::string_view wide;
    bool has_wide = false;
    for (std::size_t at = 0; at < extra.size();) {
      if (extra.size() - at < 4 || number(extra, at + 2, 2) > extra.size() - at - 4)
        fail(place, "zip64", "extra fields that fill their place", "one that does not fit");
      const auto count = static_cast<std::size_t>(number(extra, at + 2, 2));
      if (number(extra, at, 2) == 1) {
        if (has_wide) fail(place, "zip64", "one field of zip64", "two");
        wide = extra.substr(at + 4, count);
        has_wide = true;
      }
      at += 4 + count;
    }
    for (std::uint64_t* value : {&size, &packed, &begin}) {
      if (*value != all32) continue;
      if (wide.size() < 8) fail(place, "zip64", "a field of zip64 with the size of 64 bits", "none");
      *value = number(wide, 0, 8);
      wide.remove_prefix(8);
    }
  }
  /// Checks the header in front of the data against the record of the directory, and finds the data.
  ZipEntry read_local(const std::string& place, std::string_view name, std::uint64_t begin, std::uint64_t size) const {
    if (begin > directory_ || directory_ - begin < local_bytes)
      fail(place, "local header", "a header in front of the directory, at byte " + std::to_string(directory_),
           "one at byte " + std::to_string(begin));
    const std::string local = bytes(begin, local_bytes);
    const std::uint64_t name_bytes = number(local, 26, 2), extra_bytes = number(local, 28, 2);
    const std::uint64_t header = local_bytes + name_bytes + extra_bytes;
    if (!local.starts_with(std::string_view("PK\3\4", 4)) || name_bytes != name.size() || directory_ - begin < header ||
        bytes(begin + local_bytes, name_bytes) != name)
      fail(place, "local header", "a header with this name at byte " + std::to_string(begin),
           "the bytes " + hex_text(std::string_view(local).substr(0, 4)) + " and " + std::to_string(name_bytes) +
               " bytes of name" +
               (directory_ - begin < header ? "" : ", " + ctp::quoted(bytes(begin + local_bytes, name_bytes))));
    if (number(local, 8, 2) != 0 || (number(local, 6, 2) & 0x2041U) != 0)
      fail(place, "local header", "a stored entry, as in the directory",
           "method " + std::to_string(number(local, 8, 2)) + ", flags " + std::to_string(number(local, 6, 2)));
    std::uint64_t packed = number(local, 18, 4), own = number(local, 22, 4), none = 0;
    widen(place, bytes(begin + local_bytes + name_bytes, extra_bytes), own, packed, none);
    const bool behind = (number(local, 6, 2) & 8U) != 0 && own == 0 && packed == 0;  // they stand behind the data
    if (!behind && (own != size || packed != size))
      fail(place, "local header", "the " + std::to_string(size) + " bytes of the directory", std::to_string(own));
    if (size > directory_ - begin - header)
      fail(place, "local header", "data in front of the directory", std::to_string(size) + " bytes of data");
    return {begin + header, size};
  }

  const InputFile& file_;
  ZipDirectory found_;
  std::uint64_t entries_ = 0, directory_ = 0, directory_end_ = 0;
};

}  // namespace detail

/// @brief The entries of an archive. Allocates for the directory alone, at most limits::directory_bytes.
///
/// **Errors.** DataError naming file, entry and rule unless all of these hold. 'end record': it ends the file and has
/// no comment, and the directory lies in front of it. 'zip64': its records agree with the others. 'entries': as many as
/// the end record says. 'names': relative paths of files without `..`, every one once. 'stored', 'encryption': no
/// compression, no password. 'local header': name and sizes as in the directory, data in front of it. 'overlap': no
/// byte twice. 'size': limits. Checksums are not compared: torch.save() may leave them out.
/// **Source.** PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
inline ZipDirectory read_zip_directory(const InputFile& file) { return detail::ZipReader(file).read(); }

}  // namespace ctp::io::torch
