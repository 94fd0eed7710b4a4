#include <ctp/data/text/unicode.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/text/basic_tokens.hpp>

#include <data/text_records.hpp>

namespace data = ctp::data;

namespace {

constexpr std::uint64_t start_sum = 0xCBF29CE484222325U;

std::uint64_t add(std::uint64_t sum, const std::u32string& text) {
  for (const char32_t c : text) {
    for (const unsigned shift : {0U, 8U, 16U}) sum = (sum ^ ((c >> shift) & 255U)) * 0x100000001B3U;
  }
  return sum;
}

int properties(char32_t c) {
  const bool ignorable = data::is_case_ignorable(c);
  return (data::is_space(c) ? 1 : 0) | (data::is_other(c) ? 2 : 0) |
         (data::category(c) == UTF8PROC_CATEGORY_MN ? 4 : 0) | (data::is_unicode_punctuation(c) ? 8 : 0) |
         (data::is_cjk(c) ? 16 : 0) | (ignorable ? 32 : 0) | (!ignorable && data::is_cased(c) ? 64 : 0);
}

}  // namespace

TEST_CASE("unicode: classes, lower case and normal forms of all assigned code points are Python's") {
  std::istringstream in(ctp_test::read_text_golden("unicode.txt"));
  std::vector<int> expected(0x110000, -1);
  std::string line, kind;
  std::size_t sums = 0, compared = 0;
  char32_t from = 0;
  int flags = -1;
  std::vector<std::string> wrong;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    words >> kind;
    if (kind == "run") {
      std::uint32_t first = 0;
      int next = -1;
      words >> std::hex >> first >> std::dec >> next;
      for (; from < first; ++from) expected[from] = flags;
      flags = next;
    } else if (kind == "sums") {
      std::uint64_t first = 0, low = 0, d = 0, c = 0, got_low = start_sum, got_d = start_sum, got_c = start_sum;
      words >> std::hex >> first >> low >> d >> c;
      for (auto p = static_cast<char32_t>(first); p < first + 0x1000; ++p) {
        if (expected[p] < 0) continue;
        const std::u32string one(1, p);
        got_low = add(got_low, data::lower(one));
        got_d = add(got_d, data::decompose(one));
        got_c = add(got_c, data::compose(one));
      }
      if (got_low != low) wrong.push_back("lower from " + std::to_string(first));
      if (got_d != d) wrong.push_back("decompose from " + std::to_string(first));
      if (got_c != c) wrong.push_back("compose from " + std::to_string(first));
      ++sums;
    }
  }
  for (char32_t p = 0; p < 0x110000; ++p) {
    if (expected[p] < 0) continue;
    ++compared;
    if (properties(p) != expected[p]) wrong.push_back("class of " + std::to_string(static_cast<unsigned>(p)));
  }

  CHECK(compared > 280000);
  CHECK(sums > 70);
  CHECK_MESSAGE(wrong.empty(), wrong.size() << " differ, first: " << (wrong.empty() ? "" : wrong.front()));
}

TEST_CASE("unicode: a capital sigma is final only at the end of a word") {
  CHECK(data::lower(U"ΟΔΟΣ ΣΑΣ'Σ Σ") == U"οδος σασ'ς σ");
}

TEST_CASE("unicode: the normal forms of a hundred thousand alternating marks take no quadratic time") {
  std::u32string marks;
  for (int i = 0; i < 50000; ++i) marks += U"\u0301\u0323";  // classes 230 and 220: all must be reordered
  const auto begin = std::chrono::steady_clock::now();

  const std::u32string ordered = data::compose(U"a" + marks);

  CHECK(ordered.size() == 100000);  // the letter a composes with one mark
  CHECK(ordered[0] == U'\u1EA1');
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
}
