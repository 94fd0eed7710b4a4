// Captions to token ids: a batch of 128 titles as P9D has them, the published vocabulary size and length.
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include <benchmark/benchmark.h>

#include <ctp/core/philox.hpp>
#include <ctp/data/text/caption.hpp>
#include <ctp/data/text/tokenizer.hpp>

namespace {

namespace data = ctp::data;

constexpr int captions = 128, tokens = 30, words = 30;

/// A title of ideographs, a few Latin words and numbers, without a meaning.
std::string synthetic_title(std::uint32_t sample) {
  ctp::RandomSubstream random({1, "title"}, {.sample = sample});
  std::string title;
  const std::uint32_t parts = 8 + random.below(16);
  for (std::uint32_t i = 0; i < parts; ++i) {
    switch (random.below(8)) {
      case 0:
        title += " Nike" + std::to_string(random.below(20)) + ' ';
        break;
      case 1:
        title += std::to_string(random.below(500)) + "ML";
        break;
      case 2:
        title += "\u3010";
        break;
      default:
        data::append_utf8(title, 0x4E00 + random.below(6000));
    }
  }
  return title;
}

/// As large as the vocabulary of bert-base-chinese: special tokens, all ideographs of the block, ASCII, made pieces.
data::Vocabulary synthetic_vocabulary() {
  std::vector<std::string> list(data::special_tokens.begin(), data::special_tokens.end());
  for (char32_t c = 0x21; c < 0x7F; ++c) list.push_back(data::encode_utf8(std::u32string(1, c)));
  for (char32_t c = 0x61; c < 0x7B; ++c) list.push_back("##" + data::encode_utf8(std::u32string(1, c)));
  for (char32_t c = 0x30; c < 0x3A; ++c) list.push_back("##" + data::encode_utf8(std::u32string(1, c)));
  for (char32_t c = 0x4E00; c < 0x9000; ++c) list.push_back(data::encode_utf8(std::u32string(1, c)));
  std::unordered_set<std::string> known(list.begin(), list.end());
  ctp::RandomSubstream random({2, "pieces"}, {});
  while (list.size() < 21128) {
    std::string piece = random.below(2) == 0 ? "##" : "";
    for (std::uint32_t i = 2 + random.below(5); i > 0; --i) piece.push_back(static_cast<char>('a' + random.below(26)));
    if (known.insert(piece).second) list.push_back(piece);
  }
  return data::Vocabulary(std::move(list));
}

std::vector<std::string> synthetic_titles() {
  std::vector<std::string> titles;
  for (std::uint32_t i = 0; i < captions; ++i) titles.push_back(synthetic_title(i));
  return titles;
}

void clean_128_captions(benchmark::State& state) {
  const auto titles = synthetic_titles();
  for (auto _ : state) {
    for (const std::string& t : titles) benchmark::DoNotOptimize(data::clean_caption(t, words));
  }
  state.SetItemsProcessed(state.iterations() * captions);
}
BENCHMARK(clean_128_captions)->Unit(benchmark::kMicrosecond);

void encode_128_captions(benchmark::State& state) {
  const data::Tokenizer tokenizer(synthetic_vocabulary());
  std::vector<std::string> titles = synthetic_titles();
  for (std::string& t : titles) t = data::clean_caption(t, words);
  for (auto _ : state) {
    for (const std::string& t : titles) benchmark::DoNotOptimize(tokenizer.encode(t, tokens));
  }
  state.SetItemsProcessed(state.iterations() * captions);
}
BENCHMARK(encode_128_captions)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
