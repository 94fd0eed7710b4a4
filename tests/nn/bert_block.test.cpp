#include <ctp/nn/bert_block.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/encoder/initialize.hpp>
#include <support/operation.hpp>

using B = ctp::test::TestBackend<double>;
using ctp::Index;
using ctp::Pass;
using ctp::Shape;
using ctp::Variable;
using ctp::testing::weighted_sum;

namespace {

constexpr Index batch = 2, d = 6, wide = 10;  // widths whose products are no multiples of 16

/// The layers of BertAttention with a product of its own for each of queries, keys and values.
struct Apart {
  ctp::nn::Linear query, key, value, dense;
  ctp::nn::LayerNorm norm;

  Apart(ctp::Layout& layout, Index memory)
      : query(layout, "a.self.query", d, d),
        key(layout, "a.self.key", d, memory),
        value(layout, "a.self.value", d, memory),
        dense(layout, "a.output.dense", d, d),
        norm(layout, "a.output.LayerNorm", d, 1e-12) {}

  Variable<2, B> operator()(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> memory) const {
    const auto mixed = attention(pass, {query(pass, x)}, {key(pass, memory)}, {value(pass, memory)}, batch, 2, {}, {});
    return norm(pass, x, dense(pass, mixed), 0, x.value.shape[0] / batch);
  }
};

/// A layer, the rows that it reads, and the weights.
template <class Layer>
struct Slots {
  ctp::Layout layout;
  Layer layer;
  ctp::Parameter<2> x = layout.add("x", Shape<2>{batch * 3, d}, ctp::Start::Weight), memory;
  std::vector<double> theta;

  template <class... Sizes>
  explicit Slots(Index memory_width, Sizes... sizes)
      : layer(layout, sizes...),
        memory(layout.add("memory", Shape<2>{batch * 4, memory_width}, ctp::Start::Weight)),
        theta(ctp::initial_weights<double>(layout, 3)) {}

  Variable<2, B> run(const Pass<B>& pass, bool self) const {
    const auto from = pass[self ? x : memory];
    if constexpr (std::is_same_v<Layer, Apart>)
      return layer(pass, pass[x], from);
    else
      return layer(pass, pass[x], from, {}, batch, 0);
  }
  /// Gradients by name, and the weighted sum of the result.
  std::vector<std::pair<std::string, std::vector<double>>> results(bool self) const {
    const auto all = operation::gradient_and_loss<B>(
        theta, [&](const Pass<B>& pass) { return weighted_sum(pass, run(pass, self)); });
    std::vector<std::pair<std::string, std::vector<double>>> named{{"loss", {all.back()}}};
    for (const ctp::ParameterInfo& p : layout.parameters())
      named.emplace_back(p.name, std::vector<double>(all.begin() + p.offset, all.begin() + p.offset + p.size()));
    return named;
  }
};
using Joined = Slots<ctp::nn::BertAttention>;

void compare(const Joined& joined, const Slots<Apart>& apart, bool self) {
  const auto left = joined.results(self), right = apart.results(self);
  REQUIRE(left.size() == right.size());
  CHECK(left.front() == right.front());  // the same sums, so the same bits
  for (std::size_t i = 0; i < left.size(); ++i) {
    CAPTURE(left[i].first);
    CHECK(left[i].first == right[i].first);
    CHECK(reference::off(left[i].second, right[i].second) < 1e-12);
  }
}

}  // namespace

TEST_CASE("bert attention: joined products have the names, initial weights and results of products apart") {
  compare(Joined(d, "a", d, Index{0}, Index{2}), Slots<Apart>(d, d), true);
  compare(Joined(wide, "a", d, wide, Index{2}), Slots<Apart>(wide, wide), false);
}

TEST_CASE("bert attention: gradients equal central differences, alone and in blocks that share gradients' memory") {
  for (const bool self : {true, false}) {
    const Joined s(wide, "a", d, self ? 0 : wide, Index{2});
    operation::check<B>(s.theta, [&](const Pass<B>& pass) { return weighted_sum(pass, s.run(pass, self)); });
    operation::check<B>(s.theta, [&](const Pass<B>& pass) {
      const auto op = [&](const Pass<B>& inner, Variable<2, B> x) {
        return s.layer(inner, x, self ? x : inner[s.memory], {}, batch, 0);
      };
      return weighted_sum(pass, operation::in_blocks<B>(pass, pass[s.x], op));
    });
  }
}

TEST_CASE("bert attention: self-attention refuses another memory") {
  const Joined s(d, "a", d, Index{0}, Index{2});
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape};
  CHECK_THROWS_WITH_AS((void)s.run(pass, false),
                       "BertAttention: self-attention reads no other memory than x; make the layer with the width of "
                       "the memory",
                       ctp::UsageError);
}
