#include <ctp/backend/generic/embedding.hpp>

#include <array>

#include <doctest/doctest.h>

#include <support/reference.hpp>

using ctp::Index;
using reference::at;
using reference::Ids;
using reference::off;
using reference::put;
using reference::rounding;
using reference::Values;

namespace {
constexpr Index batch = 5, length = 7, vocabulary = 11, d = 131;
constexpr std::int32_t padding = 3;

struct Embedded {
  Ids ids = reference::random_ids(batch * length, vocabulary, 1);
  Values words = reference::random(vocabulary * d, 2), positions = reference::random((length + 2) * d, 3);
  Values types = reference::random(2 * d, 4), dy = reference::random(batch * length * d, 5);
  Embedded() {
    ids[0] = padding;
    ids[9] = padding;
  }
};
}  // namespace

TEST_CASE_TEMPLATE("embedding: a row is the word, its position and the first type", B, CTP_TEST_BACKENDS) {
  const Embedded e;
  Values expected;
  for (Index i = 0; i < batch * length; ++i)
    for (Index j = 0; j < d; ++j)
      expected.push_back(e.words[at(e.ids[at(i)] * d + j)] + e.positions[at(i % length * d + j)] + e.types[at(j)]);
  auto ids = reference::put_as_is<B>(e.ids);
  auto words = put<B>(e.words), positions = put<B>(e.positions), types = put<B>(e.types);
  auto y = reference::room<B>(batch * length * d);
  B::embed(batch, length, d, ids.data(), words.data(), positions.data(), types.data(), y.data());
  CHECK(off<B>(y, expected) < rounding<B>);
}

TEST_CASE_TEMPLATE(
    "embedding: gradients of repeated words add up; the padding word, further positions and types get none", B,
    CTP_TEST_BACKENDS) {
  const Embedded e;
  Values words = reference::random(vocabulary * d, 12), positions = reference::random((length + 2) * d, 13);
  Values types = reference::random(2 * d, 14);
  auto dwords = put<B>(words), dpositions = put<B>(positions), dtypes = put<B>(types), dy = put<B>(e.dy);
  auto ids = reference::put_as_is<B>(e.ids);
  B::embed_backward(batch, length, d, ids.data(), padding, dy.data(), dwords.data(), dpositions.data(), dtypes.data());
  for (Index i = 0; i < batch * length; ++i)
    for (Index j = 0; j < d; ++j) {
      const double g = e.dy[at(i * d + j)];
      if (e.ids[at(i)] != padding) words[at(e.ids[at(i)] * d + j)] += g;
      positions[at(i % length * d + j)] += g;
      types[at(j)] += g;
    }
  CHECK(off<B>(dwords, words) < rounding<B>);
  CHECK(off<B>(dpositions, positions) < rounding<B>);
  CHECK(off<B>(dtypes, types) < rounding<B>);
  CHECK(reference::same_bits_for_any_thread_count([&] {
    auto w = put<B>(words), p = put<B>(positions), t = put<B>(types);
    B::embed_backward(batch, length, d, ids.data(), padding, dy.data(), w.data(), p.data(), t.data());
    return w.to_host();
  }));
}

TEST_CASE_TEMPLATE(
    "embedding: a word's gradients are added in the order of the tokens, to the last bit, but not the padding word's",
    B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  for (const Index tokens : {1, 7, 8, 9, 17})
    for (const Index width : {1, 31, 128, 129, 200}) {
      CAPTURE(tokens);
      CAPTURE(width);
      Ids all = reference::random_ids(2 * tokens, 5, 1);
      all.front() = all.back() = padding;
      const Values words = reference::random(5 * width, 2), g = reference::random(2 * tokens * width, 3);
      std::vector<Real> expected(words.begin(), words.end());
      for (Index i = 0; i < 2 * tokens; ++i)
        for (Index j = 0; j < width && all[at(i)] != padding; ++j)
          expected[at(all[at(i)] * width + j)] += static_cast<Real>(g[at(i * width + j)]);
      auto ids = reference::put_as_is<B>(all);
      auto dwords = put<B>(words), dy = put<B>(g);
      auto dpositions = reference::room<B>(tokens * width), dtypes = reference::room<B>(width);
      B::embed_backward(2, tokens, width, ids.data(), padding, dy.data(), dwords.data(), dpositions.data(),
                        dtypes.data());
      CHECK(dwords.to_host() == expected);
    }
}

TEST_CASE_TEMPLATE(
    "embedding: bytes become planes, (byte / 255 - mean) / deviation in single precision, to the last bit", B,
    CTP_TEST_BACKENDS) {
  // Radford et al. 2021: mean and standard deviation of red, green and blue.
  const float mean[] = {0.48145466F, 0.4578275F, 0.40821073F}, deviation[] = {0.26862954F, 0.26130258F, 0.27577711F};
  constexpr Index pictures = 3, area = 11 * 13;
  std::vector<std::uint8_t> pixels;
  for (Index i = 0; i < pictures * area * 3; ++i) pixels.push_back(static_cast<std::uint8_t>(i * 7 % 256));
  Values expected;
  for (Index b = 0; b < pictures; ++b)
    for (int c = 0; c < 3; ++c)
      for (Index i = 0; i < area; ++i) {
        const float share = static_cast<float>(pixels[at((b * area + i) * 3 + c)]) / 255.0F;
        const float difference = share - mean[c];
        expected.push_back(static_cast<double>(difference / deviation[c]));
      }
  auto in = reference::put_as_is<B>(pixels);
  auto out = reference::room<B>(pictures * area * 3);
  B::normalize_pixels(pictures, area, in.data(), out.data());
  CHECK(off<B>(out, expected) == 0);
}

TEST_CASE_TEMPLATE("embedding: patches are cut row by row, each with channel, row and column in this order", B,
                   CTP_TEST_BACKENDS) {
  for (const auto& [channels, side, patch] : {std::array<Index, 3>{3, 3, 5}, {3, 3, 4}, {2, 4, 8}, {1, 1, 12}}) {
    CAPTURE(patch);
    const Index size = side * patch;
    const Values images = reference::random(batch * channels * size * size, 1);
    Values expected;
    for (Index b = 0; b < batch; ++b)
      for (Index py = 0; py < side; ++py)
        for (Index px = 0; px < side; ++px)
          for (Index c = 0; c < channels; ++c)
            for (Index y = 0; y < patch; ++y)
              for (Index x = 0; x < patch; ++x)
                expected.push_back(images[at(((b * channels + c) * size + py * patch + y) * size + px * patch + x)]);
    auto in = put<B>(images), out = reference::room<B>(static_cast<Index>(images.size()));
    B::patches(batch, channels, size, patch, in.data(), out.data());
    CHECK(off<B>(out, expected) == 0);
  }
}

TEST_CASE_TEMPLATE("embedding: the class token comes before each image's patches, and positions are added", B,
                   CTP_TEST_BACKENDS) {
  constexpr Index n = 7;
  for (const Index width : {d, Index{4}, Index{132}}) {
    CAPTURE(width);
    const Values x = reference::random(batch * n * width, 1), token = reference::random(width, 2);
    const Values positions = reference::random((n + 1) * width, 3), dy = reference::random(batch * (n + 1) * width, 4);
    Values y, dx = reference::random(batch * n * width, 11), dtoken = reference::random(width, 12);
    Values dpositions = reference::random((n + 1) * width, 13);
    auto bx = put<B>(x), btoken = put<B>(token), bpositions = put<B>(positions), bdy = put<B>(dy);
    auto by = reference::room<B>(batch * (n + 1) * width);
    auto bdx = put<B>(dx), bdtoken = put<B>(dtoken), bdpositions = put<B>(dpositions);
    B::prepend_class_token(batch, n, width, bx.data(), btoken.data(), bpositions.data(), by.data());
    B::prepend_class_token_backward(batch, n, width, bdy.data(), bdx.data(), bdtoken.data(), bdpositions.data());
    for (Index b = 0; b < batch; ++b)
      for (Index i = 0; i <= n; ++i)
        for (Index j = 0; j < width; ++j) {
          const double g = dy[at((b * (n + 1) + i) * width + j)];
          y.push_back((i == 0 ? token[at(j)] : x[at((b * n + i - 1) * width + j)]) + positions[at(i * width + j)]);
          (i == 0 ? dtoken[at(j)] : dx[at((b * n + i - 1) * width + j)]) += g;
          dpositions[at(i * width + j)] += g;
        }
    CHECK(off<B>(by, y) < rounding<B>);
    CHECK(off<B>(bdx, dx) < rounding<B>);
    CHECK(off<B>(bdtoken, dtoken) < rounding<B>);
    CHECK(off<B>(bdpositions, dpositions) < rounding<B>);
  }
}
