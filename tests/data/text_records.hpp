/// @file   tests/data/text_records.hpp
/// @brief  Reads the records that tests/golden/text/make_text_golden.py writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace ctp_test {

inline std::string read_text_golden(const std::string& name) {
  std::ifstream in(std::string(CTP_GOLDEN_DIR) + "/text/" + name, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read tests/golden/text/" + name);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// Takes LEB128 integers and counted strings off a record, in order.
class TextRecords {
 public:
  explicit TextRecords(const std::string& name) : bytes_(read_text_golden(name)) {}

  [[nodiscard]] bool more() const { return at_ < bytes_.size(); }
  std::size_t number() {
    std::size_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto b = static_cast<unsigned char>(bytes_.at(at_++));
      value |= static_cast<std::size_t>(b & 0x7FU) << shift;
      if (b < 0x80) return value;
    }
  }
  std::string string() {
    const std::size_t n = number();
    if (n > bytes_.size() - at_) throw std::runtime_error("a text record is cut off");
    at_ += n;
    return bytes_.substr(at_ - n, n);
  }
  std::vector<std::int32_t> ids() {
    std::vector<std::int32_t> out(number());
    for (std::int32_t& id : out) id = static_cast<std::int32_t>(number());
    return out;
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

}  // namespace ctp_test
