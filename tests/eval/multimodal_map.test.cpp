#include <ctp/eval/multimodal_map.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/philox.hpp>

#include <support/simulated_cuda.hpp>

#include "eval_records.hpp"

using ctp::eval::CategoryItem;
using ctp::eval::MapRule;
using ctp::eval::MapScores;
using ctp::eval::multimodal_map;
using Host = ctp::backend::generic::Ranking<float>;
using HostDouble = ctp::backend::generic::Ranking<double>;
using Simulated = ctp::test::SimulatedCuda<float>;
using SimulatedDouble = ctp::test::SimulatedCuda<double>;

namespace {

/// Owns the strings that CategoryItem views.
struct Items {
  std::vector<std::string> ids, labels;

  void add(const std::string& id, const std::string& label) {
    ids.push_back(id);
    labels.push_back(label);
  }
  [[nodiscard]] std::vector<CategoryItem> views() const {
    std::vector<CategoryItem> out;
    for (std::size_t i = 0; i < ids.size(); ++i) out.push_back({ids[i], labels[i]});
    return out;
  }
};

Items read_items(std::ifstream& in, std::size_t count) {
  Items items;
  for (std::size_t i = 0; i < count; ++i) {
    std::string id, label;
    in >> id >> label;
    items.add(id, label);
  }
  return items;
}

bool close(const MapScores& s, const std::vector<double>& expected) {
  return std::abs(s.map1 - expected[0]) < 1e-9 && std::abs(s.map5 - expected[1]) < 1e-9 &&
         std::abs(s.map10 - expected[2]) < 1e-9;
}

// Mean average precision by its definition: sorts the whole gallery for every query.
std::vector<double> by_sorting(const std::vector<double>& query, const Items& q, const std::vector<double>& gallery,
                               const Items& g, const Items& whole, std::size_t width) {
  std::vector<double> out;
  for (const std::size_t k : {1U, 5U, 10U}) {
    double total = 0.0;
    for (std::size_t i = 0; i < q.ids.size(); ++i) {
      std::vector<double> s(g.ids.size(), 0.0);
      for (std::size_t j = 0; j < s.size(); ++j) {
        for (std::size_t d = 0; d < width; ++d) s[j] += query[i * width + d] * gallery[j * width + d];
      }
      std::vector<std::size_t> order(s.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::sort(order.begin(), order.end(),
                [&](std::size_t a, std::size_t b) { return s[a] != s[b] ? s[a] > s[b] : a < b; });
      std::set<std::string> positives;
      for (std::size_t j = 0; j < whole.ids.size(); ++j) {
        if (whole.labels[j] == q.labels[i]) positives.insert(whole.ids[j]);
      }
      std::vector<std::string> ranked;
      for (std::size_t r = 0; r < order.size() && r < 10; ++r) {
        if (g.ids[order[r]] != q.ids[i]) ranked.push_back(g.ids[order[r]]);
      }
      double sum = 0.0, hits = 0.0;
      for (std::size_t r = 0; r < std::min({k, positives.size(), ranked.size()}); ++r) {
        if (positives.count(ranked[r]) == 0) continue;
        hits += 1.0;
        sum += hits / static_cast<double>(r + 1);
      }
      total += hits > 0.0 ? sum / hits : 0.0;
    }
    out.push_back(100.0 * total / static_cast<double>(q.ids.size()));
  }
  return out;
}

}  // namespace

TEST_CASE_TEMPLATE("multimodal map: agrees with the PyTorch specification, ties included, in float and double", B, Host,
                   HostDouble, Simulated, SimulatedDouble) {
  std::ifstream in = ctp_test::open_eval_golden();
  std::string kind;
  std::size_t cases = 0;
  while (in >> kind) {
    if (kind != "map") {
      std::getline(in, kind);
      continue;
    }
    std::size_t n = 0, g = 0, w = 0, d = 0;
    in >> n >> g >> w >> d;
    const auto query = ctp_test::numbers(in, n * d, 1.0 / 16), gallery = ctp_test::numbers(in, g * d, 1.0 / 16);
    const Items queries = read_items(in, n), whole = read_items(in, w);
    const auto expected = ctp_test::numbers(in, 3);
    const auto views = whole.views();
    const std::span<const CategoryItem> all(views), seen = all.first(g);
    CAPTURE(cases);
    CHECK(close(multimodal_map<B>(query, queries.views(), gallery, seen, all, d), expected));
    CHECK(close(
        multimodal_map<B>(ctp_test::as_floats(query), queries.views(), ctp_test::as_floats(gallery), seen, all, d),
        expected));
    ++cases;
  }
  CHECK(cases == 60);
}

TEST_CASE_TEMPLATE("multimodal map: small random cases equal sorting the gallery", B, Host, Simulated) {
  constexpr std::uint32_t cases = std::is_same_v<B, Host> ? 5000 : 500;
  std::size_t wrong = 0;
  for (std::uint32_t i = 0; i < cases; ++i) {
    ctp::RandomSubstream random({13, "map"}, {.sample = i});
    const std::size_t n = 1 + random.below(4), g = 1 + random.below(30), w = g + random.below(6),
                      d = 1 + random.below(3);
    std::vector<double> query(n * d), gallery(g * d);
    for (double& v : query) v = static_cast<double>(random.below(5)) - 2.0;
    for (double& v : gallery) v = static_cast<double>(random.below(5)) - 2.0;
    Items queries, whole;
    const std::uint32_t labels = 1 + random.below(6);
    for (std::size_t j = 0; j < n; ++j)
      queries.add(std::to_string(random.below(40)), std::to_string(random.below(labels + 1)));
    for (std::size_t j = 0; j < w; ++j) whole.add(std::to_string(j), std::to_string(random.below(labels)));
    Items seen;
    for (std::size_t j = 0; j < g; ++j) seen.add(whole.ids[j], whole.labels[j]);

    const MapScores got = multimodal_map<B>(query, queries.views(), gallery, seen.views(), whole.views(), d);

    wrong += close(got, by_sorting(query, queries, gallery, seen, whole, d)) ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("multimodal map: agrees with values worked out by hand", B, Host, Simulated) {
  // Scores of the one query: a 5, b 4, c 3, d 2; a and d share its category, as does an item outside the gallery.
  const std::vector<double> query{1.0}, gallery{5.0, 4.0, 3.0, 2.0};
  const std::vector<CategoryItem> items{{"a", "x"}, {"b", "y"}, {"c", "y"}, {"d", "x"}, {"e", "x"}, {"f", "x"}};
  const std::span<const CategoryItem> whole(items), seen = whole.first(4);

  const std::vector<CategoryItem> stranger{{"q", "x"}};
  const MapScores s = multimodal_map<B>(query, stranger, gallery, seen, whole, 1);
  CHECK(s.map1 == doctest::Approx(100.0));
  CHECK(s.map5 == doctest::Approx(100.0 * (1.0 + 2.0 / 4.0) / 2.0));  // four positives, four places: a and d are hits
  CHECK(s.map10 == doctest::Approx(75.0));

  const std::vector<CategoryItem> itself{{"a", "x"}};
  const MapScores t = multimodal_map<B>(query, itself, gallery, seen, whole, 1);
  CHECK(t.map1 == 0.0);
  CHECK(t.map5 == doctest::Approx(100.0 / 3.0));  // b, c, d are left: one hit, at place 3

  const MapScores u = multimodal_map<B>(query, stranger, gallery, seen, seen, 1);
  CHECK(u.map5 == doctest::Approx(100.0));  // two positives: two places are looked at, a is the only hit
}

namespace {

/// What a list draws at random from the items of one score: h hits, o copies of the query, x others.
struct Tied {
  std::size_t h = 0, o = 0, x = 0;
};

/// Mean over all orders of equal scores: follows every sequence of hits, own items and others to its end.
double mean_over_orders(std::vector<Tied> groups, std::size_t group, std::size_t place, std::size_t looked,
                        std::size_t cut, double hits, double sum) {
  while (group < groups.size() && groups[group].h + groups[group].o + groups[group].x == 0) ++group;
  if (group == groups.size() || place == 10 || looked == cut) return hits > 0 ? sum / hits : 0.0;
  Tied& now = groups[group];
  const auto all = static_cast<double>(now.h + now.o + now.x);
  double mean = 0.0;
  const auto draw = [&](std::size_t& kind, std::size_t looked_then, double hits_then, double sum_then) {
    if (kind == 0) return;
    const double share = static_cast<double>(kind) / all;
    --kind;
    mean += share * mean_over_orders(groups, group, place + 1, looked_then, cut, hits_then, sum_then);
    ++kind;
  };
  draw(now.h, looked + 1, hits + 1, sum + (hits + 1) / static_cast<double>(looked + 1));
  draw(now.o, looked, hits, sum);
  draw(now.x, looked + 1, hits, sum);
  return mean;
}

/// MapRule::OrderFree by its definition. `blind`: all scores are equal.
MapScores by_definition(const std::vector<double>& query, const Items& q, const std::vector<double>& gallery,
                        const Items& g, const Items& whole, std::size_t width, bool blind) {
  MapScores out;
  for (std::size_t i = 0; i < q.ids.size(); ++i) {
    std::set<std::string> positives;
    for (std::size_t j = 0; j < whole.ids.size(); ++j)
      if (!q.labels[i].empty() && whole.labels[j] == q.labels[i]) positives.insert(whole.ids[j]);
    std::map<double, Tied, std::greater<>> by_score;
    std::size_t reachable = 0;
    for (std::size_t j = 0; j < g.ids.size(); ++j) {
      double score = 0.0;
      for (std::size_t d = 0; d < width && !blind; ++d) score += query[i * width + d] * gallery[j * width + d];
      Tied& group = by_score[score];
      if (g.ids[j] == q.ids[i]) {
        ++group.o;
      } else if (positives.contains(g.ids[j])) {
        ++group.h;
        ++reachable;
      } else {
        ++group.x;
      }
    }
    if (reachable == 0) {
      ++out.without_positive;
      continue;
    }
    ++out.queries;
    std::vector<Tied> groups;
    for (const auto& [score, group] : by_score) groups.push_back(group);
    const auto ap = [&](std::size_t k) {
      return mean_over_orders(groups, 0, 0, 0, std::min(k, positives.size()), 0, 0);
    };
    out.map1 += ap(1), out.map5 += ap(5), out.map10 += ap(10);
  }
  const double scale = out.queries == 0 ? 0.0 : 100.0 / static_cast<double>(out.queries);
  out.map1 *= scale, out.map5 *= scale, out.map10 *= scale;
  return out;
}

bool same(const MapScores& a, const MapScores& b) {
  return close(a, {b.map1, b.map5, b.map10}) && a.queries == b.queries && a.without_positive == b.without_positive;
}

}  // namespace

TEST_CASE_TEMPLATE("multimodal map: random cases with ties equal the mean over all orders of equal scores", B, Host,
                   Simulated) {
  constexpr std::uint32_t cases = std::is_same_v<B, Host> ? 10000 : 200;
  std::size_t wrong = 0, other_bits = 0, of_chance = 0;
  for (std::uint32_t i = 0; i < cases; ++i) {
    ctp::RandomSubstream random({15, "map"}, {.sample = i});
    const std::size_t n = 1 + random.below(4), g = 1 + random.below(i % 4 == 0 ? 16 : 7), w = g + random.below(4),
                      d = 1 + random.below(3);
    std::vector<double> query(n * d), gallery(g * d);
    for (double& v : query) v = static_cast<double>(random.below(3)) - 1.0;
    for (double& v : gallery) v = static_cast<double>(random.below(3)) - 1.0;
    Items queries, whole, seen;
    const std::uint32_t labels = 1 + random.below(4);
    const auto label = [&](std::uint32_t number) { return number == 3 ? std::string() : std::to_string(number); };
    for (std::size_t j = 0; j < n; ++j) queries.add(std::to_string(random.below(24)), label(random.below(labels + 1)));
    for (std::size_t j = 0; j < w; ++j) whole.add(std::to_string(j), label(random.below(labels)));
    for (std::size_t j = 0; j < g; ++j) seen.add(whole.ids[j], whole.labels[j]);

    const MapScores got =
        multimodal_map<B>(query, queries.views(), gallery, seen.views(), whole.views(), d, MapRule::OrderFree);

    wrong += same(got, by_definition(query, queries, gallery, seen, whole, d, false)) ? 0U : 1U;
    if (i % 8 == 0)
      of_chance += same(ctp::eval::chance_of_map(queries.views(), seen.views(), whole.views()),
                        by_definition(query, queries, gallery, seen, whole, d, true))
                       ? 0U
                       : 1U;
    std::vector<double> turned;  // the gallery from its last item to its first
    Items turned_items;
    for (std::size_t j = g; j-- > 0;) {
      turned.insert(turned.end(), gallery.begin() + static_cast<std::ptrdiff_t>(j * d),
                    gallery.begin() + static_cast<std::ptrdiff_t>((j + 1) * d));
      turned_items.add(seen.ids[j], seen.labels[j]);
    }
    const MapScores again =
        multimodal_map<B>(query, queries.views(), turned, turned_items.views(), whole.views(), d, MapRule::OrderFree);
    other_bits += again.map1 == got.map1 && again.map5 == got.map5 && again.map10 == got.map10 ? 0U : 1U;
  }
  CHECK(wrong == 0);
  CHECK(of_chance == 0);
  CHECK(other_bits == 0);
}

TEST_CASE_TEMPLATE("multimodal map: queries that can find nothing are counted and left out of the mean", B, Host,
                   Simulated) {
  const std::vector<float> x{1.0F, 1.0F, 1.0F};
  // q finds a and b; the category of r is spelt with a blank; s has none, as a gallery item has none.
  const std::vector<CategoryItem> queries{{"q", "x"}, {"r", "x "}, {"s", ""}},
      gallery{{"a", "x"}, {"b", "x"}, {"c", ""}};
  const MapScores found = multimodal_map<B>(x, queries, x, gallery, gallery, 1, MapRule::OrderFree);
  CHECK(found.queries == 1);
  CHECK(found.without_positive == 2);
  CHECK(found.map1 == doctest::Approx(200.0 / 3));
  const std::vector<CategoryItem> none{{"q", "y"}, {"r", "x "}, {"s", ""}};
  CHECK(multimodal_map<B>(x, none, x, gallery, gallery, 1, MapRule::OrderFree).queries == 0);
  const std::vector<CategoryItem> itself{{"a", "x"}, {"b", "y"}, {"s", ""}}, alone{{"a", "x"}, {"b", "y"}, {"c", "z"}};
  CHECK(multimodal_map<B>(x, itself, x, alone, alone, 1, MapRule::OrderFree).queries == 0);  // only itself
}

TEST_CASE_TEMPLATE("multimodal map: under the published rule an empty category is a category, and every query counts",
                   B, Host, Simulated) {
  // q has two positives, r none, s one: c, which has the empty category, too.
  const std::vector<float> x{1.0F, 1.0F, 1.0F}, falling{3.0F, 2.0F, 1.0F}, rising{1.0F, 2.0F, 3.0F};
  const std::vector<CategoryItem> queries{{"q", "x"}, {"r", "x "}, {"s", ""}},
      gallery{{"a", "x"}, {"b", "x"}, {"c", ""}};
  const MapScores first = multimodal_map<B>(x, queries, falling, gallery, gallery, 1);
  CHECK(first.map1 == doctest::Approx(100.0 / 3));
  CHECK(first.queries == 3);
  CHECK(first.without_positive == 1);
  const MapScores last = multimodal_map<B>(x, queries, rising, gallery, gallery, 1);
  CHECK(last.map1 == doctest::Approx(100.0 / 3));   // c, for the empty category alone
  CHECK(last.map10 == doctest::Approx(100.0 / 2));  // (0.5 + 0 + 1) / 3: b stands at the second of two places
  const MapScores chance = ctp::eval::chance_of_map(queries, gallery, gallery, MapRule::Published);
  CHECK(chance.map1 == doctest::Approx(100.0 * (2.0 / 3 + 0 + 1.0 / 3) / 3));
  CHECK(chance.queries == 3);
  CHECK(chance.without_positive == 1);
}

TEST_CASE_TEMPLATE("multimodal map: a query of a category that the gallery lacks counts as 0", B, Host, Simulated) {
  const std::vector<float> x{1.0F, 1.0F};
  const std::vector<CategoryItem> queries{{"q", "x"}, {"r", "z"}}, gallery{{"a", "x"}, {"b", "x"}};

  CHECK(multimodal_map<B>(x, queries, x, gallery, gallery, 1).map1 == doctest::Approx(50.0));
}

TEST_CASE_TEMPLATE("multimodal map: empty sets, wrong sizes and scores that are not finite are errors", B, Host,
                   Simulated) {
  const std::vector<float> none, x{1.0F, 1.0F};
  const std::vector<CategoryItem> nobody, items{{"a", "x"}, {"b", "x"}};
  CHECK_THROWS_WITH_AS(
      multimodal_map<B>(none, nobody, x, items, items, 1),
      "multimodal_map: expected at least one query item, found none; check that query.json has items of "
      "the tasks that were trained",
      ctp::DataError);
  CHECK_THROWS_AS(multimodal_map<B>(x, items, none, nobody, items, 1), ctp::DataError);
  CHECK_THROWS_AS(multimodal_map<B>(x, items, x, items, items, 2), ctp::ShapeError);
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    const std::vector<float> bad{1.0F, odd};
    CHECK_THROWS_AS(multimodal_map<B>(x, items, bad, items, items, 1), ctp::NumericError);
  }
}
