#include <ctp/eval/retrieval.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/philox.hpp>

#include <support/simulated_cuda.hpp>
#include <support/test_backend.hpp>

#include "eval_records.hpp"

using ctp::eval::retrieval;
using ctp::eval::RetrievalScores;
using Host = ctp::backend::generic::Ranking<float>;
using HostDouble = ctp::backend::generic::Ranking<double>;
using Simulated = ctp::test::SimulatedCuda<float>;
using SimulatedDouble = ctp::test::SimulatedCuda<double>;

namespace {

std::vector<double> listed(const RetrievalScores& s) {
  return {s.txt_r1, s.txt_r5, s.txt_r10, s.txt_r_mean, s.img_r1, s.img_r5, s.img_r10, s.img_r_mean, s.r_mean};
}

bool close(const std::vector<double>& a, const std::vector<double>& b, double limit) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [=](double x, double y) { return std::abs(x - y) <= limit; });
}

// Recall by sorting all candidates of every row: slow, and independent of the library's counting of ranks.
std::vector<double> by_sorting(const std::vector<double>& image, const std::vector<double>& text, std::size_t n,
                               std::size_t e) {
  std::vector<double> out;
  for (const bool swap : {false, true}) {
    const auto& query = swap ? text : image;
    const auto& target = swap ? image : text;
    double sum = 0.0;
    for (const std::size_t k : {1U, 5U, 10U}) {
      int hits = 0;
      for (std::size_t i = 0; i < n; ++i) {
        std::vector<double> s(n, 0.0);
        for (std::size_t j = 0; j < n; ++j) {
          for (std::size_t d = 0; d < e; ++d) s[j] += query[i * e + d] * target[j * e + d];
        }
        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(),
                  [&](std::size_t a, std::size_t b) { return s[a] != s[b] ? s[a] > s[b] : a < b; });
        const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(k, n));
        hits += std::find(order.begin(), end, i) != end ? 1 : 0;
      }
      out.push_back(100.0 * hits / static_cast<double>(n));
      sum += out.back();
    }
    out.push_back(sum / 3.0);
  }
  out.push_back((out[3] + out[7]) / 2.0);
  return out;
}

}  // namespace

TEST_CASE_TEMPLATE("retrieval: agrees with the PyTorch specification, ties included, in float and double", B, Host,
                   HostDouble, Simulated, SimulatedDouble) {
  std::ifstream in = ctp_test::open_eval_golden();
  std::string kind;
  std::size_t cases = 0;
  while (in >> kind && kind == "retrieval") {
    std::size_t n = 0, e = 0;
    in >> n >> e;
    const auto image = ctp_test::numbers(in, n * e, 1.0 / 16), text = ctp_test::numbers(in, n * e, 1.0 / 16);
    const auto expected = ctp_test::numbers(in, 9);
    CAPTURE(cases);
    CHECK(close(listed(retrieval<B>(image, text, n, e)), expected, 1e-5));
    CHECK(close(listed(retrieval<B>(ctp_test::as_floats(image), ctp_test::as_floats(text), n, e)), expected, 1e-5));
    ++cases;
  }
  CHECK(cases == 60);
}

TEST_CASE_TEMPLATE("retrieval: small random cases equal sorting every row", B, Host, Simulated) {
  constexpr std::uint32_t cases = std::is_same_v<B, Host> ? 5000 : 500;
  std::size_t wrong = 0;
  for (std::uint32_t i = 0; i < cases; ++i) {
    ctp::RandomSubstream random({11, "retrieval"}, {.sample = i});
    const std::size_t n = 1 + random.below(20), e = 1 + random.below(4);
    std::vector<double> image(n * e), text(n * e);
    for (double& v : image) v = static_cast<double>(random.below(5)) - 2.0;  // few values: many ties
    for (double& v : text) v = static_cast<double>(random.below(5)) - 2.0;
    wrong += close(listed(retrieval<B>(image, text, n, e)), by_sorting(image, text, n, e), 1e-9) ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("retrieval: of equal scores the lower index comes first", B, Host, Simulated) {
  const std::vector<float> same(12, 1.0F);  // all scores are equal

  const RetrievalScores s = retrieval<B>(same, same, 12, 1);

  CHECK(s.txt_r1 == doctest::Approx(100.0 / 12));
  CHECK(s.txt_r5 == doctest::Approx(500.0 / 12));
  CHECK(s.img_r10 == doctest::Approx(1000.0 / 12));
  CHECK(s.r_mean == doctest::Approx(1600.0 / 36));
}

TEST_CASE_TEMPLATE("retrieval: copies of one long row tie although their scores are rounded", B, Host, Simulated,
                   SimulatedDouble) {
  ctp::RandomSubstream random({5, "row"}, {});
  std::vector<float> row(301), rows;
  for (float& v : row) v = static_cast<float>(random.normal());
  for (int i = 0; i < 70; ++i) rows.insert(rows.end(), row.begin(), row.end());

  CHECK(retrieval<B>(rows, rows, 70, 301).txt_r10 == doctest::Approx(1000.0 / 70));
}

TEST_CASE_TEMPLATE("retrieval: a single pair has full recall", B, Host, Simulated) {
  const std::vector<float> x{1.0F, 2.0F};
  CHECK(retrieval<B>(x, x, 1, 2).r_mean == 100.0);
}

TEST_CASE_TEMPLATE("retrieval: no pairs, wrong sizes and scores that are not finite are errors", B, Host, Simulated) {
  const std::vector<float> none, x{1.0F, 2.0F};
  CHECK_THROWS_WITH_AS(
      retrieval<B>(none, none, 0, 4),
      "retrieval: expected at least one image-text pair, found none; check that the test split names the "
      "tasks that were trained",
      ctp::DataError);
  CHECK_THROWS_AS(retrieval<B>(x, x, 2, 2), ctp::ShapeError);
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e38F}) {
    std::vector<float> bad(40, 1.0F);
    bad[38] = bad[39] = odd;  // 3e38: the features are finite, their product is not
    CHECK_THROWS_AS(retrieval<B>(bad, bad, 20, 2), ctp::NumericError);
  }
}

TEST_CASE("retrieval: every host backend ranks rows") {
  static_assert(ctp::backend::RanksRows<ctp::test::TestBackend<float>>);
  const std::vector<float> image{1.0F, 0.0F, 0.0F, 1.0F}, text{0.9F, 0.1F, 0.8F, 0.2F};
  CHECK(retrieval<ctp::test::TestBackend<float>>(image, text, 2, 2).txt_r1 == 100.0);
  CHECK(retrieval<ctp::test::TestBackend<float>>(image, text, 2, 2).img_r1 == 50.0);
}
