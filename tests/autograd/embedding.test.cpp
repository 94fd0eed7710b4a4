#include <ctp/autograd/embedding.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/nn/layout.hpp>
#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Pass;
using ctp::Shape;
using ctp::testing::check_gradient;
using ctp::testing::weighted_sum;

namespace {
constexpr std::int32_t padding = 2, no_padding = -1;
const std::vector<std::int32_t> words_of = {4, 1, 4, 4, 0, 1};
const std::vector<std::int32_t> with_padding = {4, 1, padding, 4, padding, padding};

struct Slots {
  ctp::Layout layout;
  ctp::Parameter<2> words = layout.add("words", Shape<2>{5, 7}, ctp::Start::Table);
  ctp::Parameter<2> positions = layout.add("positions", Shape<2>{4, 7}, ctp::Start::Table);
  ctp::Parameter<2> types = layout.add("types", Shape<2>{2, 7}, ctp::Start::Table);
  ctp::Parameter<2> patches = layout.add("patches", Shape<2>{6, 7}, ctp::Start::Weight);
  ctp::Parameter<3> token = layout.add("token", Shape<3>{1, 1, 7}, ctp::Start::Weight);
  ctp::Parameter<3> places = layout.add("places", Shape<3>{1, 4, 7}, ctp::Start::Weight);
  reference::Values theta = reference::random(layout.size(), 1);
};
ctp::Tensor<const std::int32_t, 2, B> view(const std::vector<std::int32_t>& ids) { return {ids.data(), {2, 3}}; }
}  // namespace

TEST_CASE("embedding: the gradients of the three tables equal central differences") {
  const Slots s;
  const auto report = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    return weighted_sum(pass,
                        embedding(pass, view(words_of), pass[s.words], pass[s.positions], pass[s.types], no_padding));
  });
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE(
    "embedding: the padding word is read but gets no gradient; gradients of other words are the same as without "
    "padding") {
  const Slots s;
  const auto gradient = [&](std::int32_t pad) {
    ctp::Tape<B> tape;
    std::vector<double> g(s.theta.size());
    const Pass<B> pass{s.theta.data(), &tape, g.data(), {}};
    const auto y =
        weighted_sum(pass, embedding(pass, view(with_padding), pass[s.words], pass[s.positions], pass[s.types], pad));
    *y.grad.data = 1;
    tape.backward();
    return g;
  };
  const auto with = gradient(padding), without = gradient(no_padding);
  for (std::size_t i = 0; i < with.size(); ++i) {
    const bool of_padding = i >= 2 * 7 && i < 3 * 7;  // words lie first
    CHECK(with[i] == (of_padding ? 0 : without[i]));
    if (of_padding) CHECK(without[i] != 0);
  }
}

TEST_CASE("embedding: the class token and the positions of image patches differentiate") {
  const Slots s;
  const auto report = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    return weighted_sum(pass, prepend_class_token(pass, pass[s.patches], 2, pass[s.token], pass[s.places]));
  });
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("embedding: tables that do not fit are refused by name") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape, nullptr, {}};
  const ctp::Parameter<2> two{0, {2, 7}}, narrow{0, {4, 6}};
  CHECK_THROWS_WITH_AS(
      (void)embedding(pass, view(words_of), pass[s.words], pass[two], pass[s.types], padding),
      "embedding: ids is [2,3] but positions is [2,7]; every token needs a position as wide as the words",
      ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)embedding(pass, view(words_of), pass[s.words], pass[s.positions], pass[narrow], padding),
                       "embedding: types is [4,6] but words is [5,7]; types are as wide as the words", ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)prepend_class_token(pass, pass[s.patches], 3, pass[s.token], pass[s.places]),
                       "prepend_class_token: positions is [1,4,7] but patches is [3,2,7]; one position for each patch "
                       "and one for the class "
                       "token",
                       ctp::ShapeError);
}
