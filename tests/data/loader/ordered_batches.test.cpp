#include <ctp/data/loader/ordered_batches.hpp>

#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

using ctp::data::OrderedBatches;
using test::epoch_of;
using test::Seen;
using test::small_options;
using test::SyntheticSource;

TEST_CASE("ordered batches: every pair once, in the order given, the last batch short, for any workers") {
  const auto source = std::make_shared<const SyntheticSource>(30);
  const std::vector<std::uint32_t> ordinals{9, 3, 3, 0, 29, 7, 1, 2, 11};
  OrderedBatches here("test", source, ordinals, small_options(0)), ahead("test", source, ordinals, small_options(3));

  const std::vector<Seen> batches = epoch_of(here, 0);

  CHECK(here.steps() == 3);
  CHECK((batches == epoch_of(ahead, 0)));
  std::vector<std::uint32_t> seen;
  for (const Seen& b : batches) seen.insert(seen.end(), b.sample.begin(), b.sample.end());
  CHECK(seen == ordinals);
  CHECK(batches.back().size == 1);
  CHECK(batches.back().pixels.size() == 12);
  CHECK(batches[0].pixels[1] == 128);  // not augmented
  CHECK(batches[0].masked == batches[0].ids);
}

TEST_CASE("ordered batches: the constructor starts the first epoch, and a restart gives the same batches") {
  OrderedBatches batches("test", std::make_shared<const SyntheticSource>(6), {5, 4, 3, 2, 1}, small_options(1));
  const ctp::data::Batch* first = batches.next();
  REQUIRE(first != nullptr);
  CHECK(first->sample[0] == 5);
  CHECK(epoch_of(batches, 0).size() == 2);
  CHECK(batches.sample_name(5) == "pair-5");
}

TEST_CASE("ordered batches: a bad picture is an error under every policy; so is an empty list") {
  const auto source = std::make_shared<SyntheticSource>(6);
  source->before_image = [](std::uint32_t ordinal) {
    if (ordinal == 4) throw ctp::DataError("cut short");
  };
  ctp::data::LoaderOptions options = small_options(1);
  options.on_bad_image = ctp::data::OnBadImage::Skip;
  options.bad_image_limit = 1.0;
  options.quarantined = {4};
  OrderedBatches batches("test", source, {1, 4}, options);
  CHECK(test::has(test::message_of<ctp::DataError>([&] { batches.next(); }), "pair 'pair-4': cut short"));
  CHECK_THROWS_AS(OrderedBatches("query", source, {}, options), ctp::UsageError);
}
