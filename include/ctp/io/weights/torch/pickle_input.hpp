/// @file   ctp/io/weights/torch/pickle_input.hpp
/// @brief  The bytes of a pickle in a file, read as they are needed.
/// @layer  io
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <ctp/io/files.hpp>
#include <ctp/io/weights/torch/rules.hpp>

namespace ctp::io::torch {

/// @brief Reader of the part [begin, end) of a file, which holds a pickle and perhaps more behind it. It keeps what it
/// has read, at most `most` bytes. `place`: the name of the pickle in messages.
class PickleInput {
 public:
  PickleInput(const InputFile& file, std::uint64_t begin, std::uint64_t end, std::string place,
              std::uint64_t most = limits::pickle_bytes)
      : file_(file), begin_(begin), size_(end - begin), most_(most), place_(std::move(place)) {}

  [[nodiscard]] std::size_t offset() const noexcept { return at_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_.path(); }
  [[nodiscard]] const std::string& place() const noexcept { return place_; }
  /// Bytes of the part behind the current place.
  [[nodiscard]] std::uint64_t rest() const noexcept { return size_ - at_; }

  /// Moves over `count` bytes and returns the place of the first. **Errors.** DataError by the rules 'end' and 'size'.
  std::size_t take(std::uint64_t count) {
    if (count > rest())
      refuse(file(), here(), "end", std::to_string(count) + " more bytes, up to the mark STOP",
             std::to_string(rest()) + " bytes to the end");
    const std::uint64_t wanted = at_ + count;
    if (wanted > most_)
      refuse(file(), here(), "size", "a pickle of at most " + std::to_string(most_) + " bytes", "more",
             "save the tensors alone: torch.save(model.state_dict(), name)");
    while (bytes_.size() < wanted) {
      const std::size_t old = bytes_.size();
      const std::uint64_t more = std::max<std::uint64_t>(std::max<std::uint64_t>(old, 4096), wanted - old);
      const std::uint64_t most = std::min(size_, most_);
      bytes_.resize(static_cast<std::size_t>(std::min(most, old + more)));
      file_.read_at(begin_ + old, std::as_writable_bytes(std::span(bytes_).subspan(old)));
    }
    return std::exchange(at_, static_cast<std::size_t>(wanted));
  }
  unsigned char byte() { return static_cast<unsigned char>(bytes_[take(1)]); }
  /// An unsigned number of 1 to 8 bytes, the lowest byte first.
  std::uint64_t number(std::size_t count) {
    const std::size_t from = take(count);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes_[from + i])) << (8 * i);
    return value;
  }
  /// A line without its end. **Errors.** also DataError by the rule 'size' above limits::line_bytes.
  std::string line() {
    std::string text;
    for (;;) {
      const char c = static_cast<char>(byte());
      if (c == '\n') return text;
      if (text.size() == limits::line_bytes)
        refuse(file(), here(), "size", "a line of at most " + std::to_string(limits::line_bytes) + " bytes", "more");
      text += c;
    }
  }
  /// What was read.
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
  std::string take_bytes() { return std::move(bytes_); }
  /// "data.pkl, byte 12"
  [[nodiscard]] std::string here() const { return place_ + ", byte " + std::to_string(at_); }

 private:
  const InputFile& file_;
  std::uint64_t begin_, size_, most_;
  std::string place_, bytes_;
  std::size_t at_ = 0;
};

}  // namespace ctp::io::torch
