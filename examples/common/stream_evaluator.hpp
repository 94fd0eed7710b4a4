/// @file   stream_evaluator.hpp
/// @brief  Evaluation on a P9D folder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/fingerprint.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data.hpp>

#include "evaluation.hpp"

namespace examples {

/// Settings of reading pairs for evaluation.
struct EvaluationOptions {
  int max_words = 30, batch_size = 64, workers = 0;
  std::size_t cache_bytes = 0;
  bool equal_texts = true;  ///< what is equal to one's own counts as one's own; false: the published rule
  ctp::data::DecodeLimits limits{};
  std::optional<std::uint8_t> background{};
};

/// True for "own", false for "published". **Errors.** UsageError for another value of --equal-texts.
inline bool equal_texts_of(const std::string& value) {
  if (value != "own" && value != "published")
    throw ctp::UsageError(
        ctp::Complaint{"--equal-texts", "", "own or published", ctp::quoted(value), "see docs/evaluation.md"}.text());
  return value == "own";
}

/// The records of the lists of the evaluation that belong to none of the stream's tasks, and those removed from the
/// lists for their pictures.
inline LeftOut left_out_of(const ctp::data::P9d& stream) {
  const std::unordered_set<std::string_view> measured(stream.tasks().begin(), stream.tasks().end());
  std::unordered_set<std::string_view> named;
  LeftOut out;
  const auto count = [&](const std::vector<ctp::data::Sample>& samples) {
    std::size_t n = 0;
    for (const ctp::data::Sample& s : samples) {
      if (measured.contains(s.industry)) continue;
      ++n;
      if (named.insert(s.industry).second) out.names.push_back(s.industry);
    }
    return n;
  };
  out.test = count(stream.test());
  out.query = count(stream.query());
  out.gallery = count(stream.gallery());
  for (const auto split : {ctp::data::Split::Test, ctp::data::Split::Query, ctp::data::Split::Gallery})
    out.bad_pictures += stream.left_out(split);
  return out;
}

/// @brief Evaluates models on the test, query and gallery lists of a P9D folder.
class StreamEvaluator final : public Evaluator {
 public:
  StreamEvaluator(const ctp::data::P9d& stream, const ctp::data::Tokenizer& tokenizer, EvaluationOptions options)
      : stream_(stream),
        options_(options),
        padding_(tokenizer.vocabulary().pad()),
        test_(source(stream.test(), tokenizer)),
        query_(source(stream.query(), tokenizer)),
        gallery_(source(stream.gallery(), tokenizer)),
        left_out_(left_out_of(stream)) {
    const auto& test = stream.test();
    const auto order = canonical(test, all(test));
    place_.resize(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) place_[order[i]] = static_cast<std::uint32_t>(i);
    equal_.image = ctp::eval::first_equal(test.size(), [&](std::size_t i) { return std::string_view(test[i].image); });
    equal_.text = ctp::eval::first_equal(test.size(), [&](std::size_t i) {
      const auto tokens = test_->tokens(static_cast<std::uint32_t>(i));
      return std::string(reinterpret_cast<const char*>(tokens.data()), tokens.size_bytes());
    });
    for (const std::string& task : stream.tasks()) {
      require_tests(task);
      tests_.push_back(stream.test(std::span(&task, 1)));
      alone_.push_back(list_of(tests_.back()));
    }
  }

  /// Features of the whole test split in file order.
  [[nodiscard]] ctp::ExtractedFeatures test_features(const FeatureMaker& maker, bool fusion) const {
    return features("test", stream_.test(), test_, all(stream_.test()), maker, {.retrieval = true, .fusion = fusion});
  }

  [[nodiscard]] Evaluation operator()(const FeatureMaker& maker, std::size_t seen) const override {
    return measured(maker, seen, seen == tests_.size());
  }
  /// The same. `each_union`: of the unions of fewer tasks, too; otherwise these entries are zeros.
  [[nodiscard]] Evaluation measured(const FeatureMaker& maker, std::size_t seen, bool each_union) const {
    const Ordinals rows = union_of(tests_.size());
    const ctp::ExtractedFeatures test =
        features("test", stream_.test(), test_, rows, maker, {.retrieval = true, .fusion = false});
    Evaluation result;
    result.joined.resize(tests_.size());
    for (const Ordinals& members : tests_) result.alone.push_back(recalls(maker, test, rows, members));
    for (std::size_t n = each_union ? 1 : std::max<std::size_t>(seen, 1); n <= seen; ++n)
      result.joined[n - 1] = recalls(maker, test, rows, union_of(n));
    if (seen > 0) measure_precision(result, maker, std::span(stream_.tasks()).first(seen));
    return result;
  }

  [[nodiscard]] const std::vector<std::string>& tasks() const override { return stream_.tasks(); }
  [[nodiscard]] const std::vector<RecallList>& alone() const override { return alone_; }
  [[nodiscard]] RecallList joined(std::size_t last) const override { return list_of(union_of(last + 1)); }
  [[nodiscard]] const char* rule() const override { return options_.equal_texts ? "own" : "published"; }
  [[nodiscard]] const LeftOut& left_out() const override { return left_out_; }

 private:
  using Source = std::shared_ptr<const ctp::data::FileSource>;

  Source source(const std::vector<ctp::data::Sample>& samples, const ctp::data::Tokenizer& tokenizer) const {
    return std::make_shared<const ctp::data::FileSource>(
        samples, tokenizer,
        ctp::data::FileSourceOptions{.max_words = options_.max_words,
                                     .length = options_.max_words,
                                     .cache_bytes = options_.cache_bytes,
                                     .limits = options_.limits,
                                     .background = options_.background});
  }

  using Samples = std::vector<ctp::data::Sample>;
  using Ordinals = std::vector<std::uint32_t>;

  static Ordinals all(const Samples& samples) {
    Ordinals ordinals(samples.size());
    std::iota(ordinals.begin(), ordinals.end(), 0U);
    return ordinals;
  }

  /// The test pairs of the first `n` tasks in file order, as published.
  [[nodiscard]] Ordinals union_of(std::size_t n) const {
    Ordinals members;
    for (const Ordinals& task : std::span(tests_).first(n)) members.insert(members.end(), task.begin(), task.end());
    std::sort(members.begin(), members.end());
    return members;
  }

  /// The ordinals in an order that does not depend on the order of the records.
  static Ordinals canonical(const Samples& samples, Ordinals ordinals) {
    const auto key = [&](std::uint32_t i) {
      const ctp::data::Sample& s = samples[i];
      return std::tie(s.id, s.image, s.title, s.industry, s.category);
    };
    std::sort(ordinals.begin(), ordinals.end(), [&](std::uint32_t a, std::uint32_t b) {
      const auto of_a = key(a), of_b = key(b);
      return of_a != of_b ? of_a < of_b : a < b;
    });
    return ordinals;
  }

  /// **Errors.** DataError for a task without test pairs after records were left out as their pictures cannot be read.
  void require_tests(const std::string& task) const {
    const std::size_t out = stream_.left_out(ctp::data::Split::Test);
    const auto of_task = [&](const ctp::data::Sample& sample) { return sample.industry == task; };
    if (out == 0 || std::any_of(stream_.test().begin(), stream_.test().end(), of_task)) return;
    throw ctp::DataError(ctp::Complaint{stream_.folder(), "test list",
                                        "at least one pair of task " + ctp::quoted(task) + " whose picture can be read",
                                        "none: " + std::to_string(out) + " test records are left out as bad pictures",
                                        "repair these pictures, or leave the task out"}
                             .text());
  }

  /// Adds the records to a fingerprint that does not depend on their order, nor on the folder's place.
  void add_to(ctp::Fingerprint& print, const Samples& samples, const Ordinals& members) const {
    for (const std::uint32_t i : canonical(samples, members)) {
      const ctp::data::Sample& s = samples[i];
      std::string_view image = s.image;
      if (image.starts_with(stream_.folder() + "/")) image.remove_prefix(stream_.folder().size() + 1);
      print.add(s.id).add(image).add(s.title).add(s.category);
    }
    print.add("end");
  }

  /// Which of these test pairs are equal.
  [[nodiscard]] ctp::eval::EqualPairs equal_among(const Ordinals& members) const {
    return {ctp::eval::first_equal(members.size(), [&](std::size_t i) { return equal_.image[members[i]]; }),
            ctp::eval::first_equal(members.size(), [&](std::size_t i) { return equal_.text[members[i]]; })};
  }
  [[nodiscard]] RecallList list_of(const Ordinals& members) const {
    const ctp::eval::EqualPairs equal = equal_among(members);
    RecallList list;
    list.pairs = members.size();
    list.images = members.size() - (options_.equal_texts ? ctp::eval::repeats(equal.image) : 0);
    list.repeated_texts = ctp::eval::repeats(equal.text);
    list.chance = options_.equal_texts ? ctp::eval::chance_of_recall(equal) : ctp::eval::chance_of_recall(list.pairs);
    ctp::Fingerprint print;
    add_to(print, stream_.test(), members);
    list.fingerprint = print.text();
    return list;
  }

  /// Row i of the result belongs to ordinals[i]. Batches are made in canonical order, so that a pair's features have
  /// the same bits for every order of the records.
  [[nodiscard]] ctp::ExtractedFeatures features(const std::string& name, const Samples& samples, const Source& from,
                                                const Ordinals& ordinals, const FeatureMaker& maker,
                                                ctp::FeatureKinds wanted) const {
    ctp::ModelConfig sizes;
    sizes.image = maker.image_size;
    sizes.pad = padding_;
    const int pairs = std::min(options_.batch_size, static_cast<int>(ordinals.size()));
    const Ordinals order = canonical(samples, ordinals);
    ctp::data::OrderedBatches batches(
        name, from, order,
        ctp::data::loader_options({.batch_size = pairs, .workers = options_.workers}, sizes, options_.max_words));
    ctp::ExtractedFeatures found = maker.extract(batches, wanted);
    std::unordered_map<std::uint32_t, std::size_t> row;
    for (std::size_t i = 0; i < order.size(); ++i) row.emplace(order[i], i);
    const auto restore = [&](std::vector<float>& x) {
      if (x.empty()) return;
      const std::size_t width = x.size() / order.size();
      std::vector<float> y(x.size());
      for (std::size_t i = 0; i < ordinals.size(); ++i)
        std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(row.at(ordinals[i]) * width), width,
                    y.begin() + static_cast<std::ptrdiff_t>(i * width));
      x = std::move(y);
    };
    restore(found.image);
    restore(found.text);
    restore(found.fusion);
    return found;
  }

  /// Recalls of `rows`. `found`: features of `all`, which are sorted and include `rows`.
  [[nodiscard]] ctp::eval::RetrievalScores recalls(const FeatureMaker& maker, const ctp::ExtractedFeatures& found,
                                                   const Ordinals& all, Ordinals rows) const {
    if (options_.equal_texts)  // of equal pictures and texts the first in canonical order gives the features
      std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) { return place_[a] < place_[b]; });
    const auto take = [&](const std::vector<float>& x) {
      std::vector<float> y;
      y.reserve(rows.size() * found.embed);
      for (const std::uint32_t ordinal : rows) {
        const auto row = std::lower_bound(all.begin(), all.end(), ordinal) - all.begin();
        const auto begin = x.begin() + row * static_cast<std::ptrdiff_t>(found.embed);
        y.insert(y.end(), begin, begin + static_cast<std::ptrdiff_t>(found.embed));
      }
      return y;
    };
    const ctp::eval::EqualPairs equal = equal_among(rows);
    return maker.retrieval(take(found.image), take(found.text), rows.size(), found.embed,
                           options_.equal_texts ? &equal : nullptr);
  }

  void measure_precision(Evaluation& result, const FeatureMaker& maker, std::span<const std::string> seen) const {
    const auto queries = stream_.query(seen), gallery = stream_.gallery(seen);
    MapList& list = result.map_list;
    list.queries = queries.size();
    list.gallery = gallery.size();
    ctp::Fingerprint print;
    add_to(print, stream_.query(), queries);
    add_to(print, stream_.gallery(), gallery);
    list.fingerprint = print.text();
    if (queries.empty() || gallery.empty()) return;
    const auto items = [](const Samples& samples, const Ordinals& ordinals) {
      std::vector<ctp::eval::CategoryItem> views;
      for (const std::uint32_t i : ordinals) views.push_back({samples[i].id, samples[i].category});
      return views;
    };
    const auto query_items = items(stream_.query(), queries), gallery_items = items(stream_.gallery(), gallery),
               whole = items(stream_.gallery(), all(stream_.gallery()));
    const auto rule = options_.equal_texts ? ctp::eval::MapRule::OrderFree : ctp::eval::MapRule::Published;
    list.chance = ctp::eval::chance_of_map(query_items, gallery_items, whole, rule);
    list.without_positive = list.chance.without_positive;
    const bool none_left = list.without_positive == list.queries;
    list.in_mean = none_left ? 0 : list.chance.queries;
    if (list.without_positive > 0) {
      const ctp::eval::detail::Relevance relevance(gallery_items, whole, rule);
      list.example = std::string(std::find_if(query_items.begin(), query_items.end(), [&](const auto& item) {
                                   return relevance.positives(item) == 0;
                                 })->label);
    }
    if (none_left) return;
    const ctp::FeatureKinds wanted{.retrieval = false, .fusion = true};
    const auto q = features("query", stream_.query(), query_, queries, maker, wanted),
               g = features("gallery", stream_.gallery(), gallery_, gallery, maker, wanted);
    result.map = maker.multimodal_map(q.fusion, query_items, g.fusion, gallery_items, whole, q.width, rule);
  }

  const ctp::data::P9d& stream_;
  EvaluationOptions options_;
  std::int32_t padding_;
  Source test_, query_, gallery_;
  std::vector<std::vector<std::uint32_t>> tests_;
  std::vector<std::uint32_t> place_;  ///< of each test ordinal in canonical order
  ctp::eval::EqualPairs equal_;       ///< of the whole test list
  std::vector<RecallList> alone_;
  LeftOut left_out_;
};

}  // namespace examples
