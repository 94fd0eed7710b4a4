#include <ctp/data/loader/row_maker.hpp>

#include <cstdint>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

using ctp::data::BadImage;
using ctp::data::Batch;
using ctp::data::Pictures;
using ctp::data::RowMaker;
using test::SyntheticSource;

namespace {

Batch empty_batch() {
  Batch batch;
  batch.resize(2, 2, 8, Pictures::Pixels);
  return batch;
}

}  // namespace

TEST_CASE("row maker: a row holds picture, tokens, padding and ordinal of its pair") {
  ctp::data::LoaderOptions options = test::small_options();
  options.augment = options.mask = false;
  const RowMaker rows(test::whole_task(std::make_shared<const SyntheticSource>(3)), options);
  Batch batch = empty_batch();
  std::vector<BadImage> bad;

  rows.make(batch, 1, std::vector<std::uint32_t>{0, 1}, false, bad);

  CHECK(batch.pixels[12] == 1);
  CHECK(std::vector<std::int32_t>(batch.ids.begin() + 8, batch.ids.end()) ==
        std::vector<std::int32_t>{2, 11, 12, 13, 3, 0, 0, 0});
  CHECK(std::vector<std::int32_t>(batch.attend.begin() + 8, batch.attend.end()) ==
        std::vector<std::int32_t>{1, 1, 1, 1, 1, 0, 0, 0});
  CHECK(batch.labels[8] == ctp::data::ignore_label);
  CHECK(batch.sample[1] == 1);
}

TEST_CASE("row maker: a quarantined pair is replaced, without being opened, by one that its batch does not have") {
  const auto source = std::make_shared<SyntheticSource>(3);
  std::vector<std::uint32_t> opened;
  source->before_image = [&](std::uint32_t ordinal) { opened.push_back(ordinal); };
  const RowMaker rows(test::whole_task(source), test::small_options());
  Batch batch = empty_batch();
  std::vector<BadImage> bad;

  rows.make(batch, 0, std::vector<std::uint32_t>{0, 1}, true, bad);

  CHECK(batch.sample[0] == 2);  // the only pair outside the batch
  CHECK(opened == std::vector<std::uint32_t>{2});
  CHECK(bad.empty());
}

TEST_CASE("row maker: no replacement is a quarantined pair, whatever the policy for bad pictures") {
  const auto source = std::make_shared<SyntheticSource>(8);
  std::vector<std::uint32_t> opened;
  source->before_image = [&](std::uint32_t ordinal) { opened.push_back(ordinal); };
  ctp::data::LoaderOptions options = test::small_options();
  options.quarantined = {0, 2, 3, 4, 5, 6};
  const RowMaker rows(test::whole_task(source), options);
  Batch batch = empty_batch();
  std::vector<BadImage> bad;

  rows.make(batch, 0, std::vector<std::uint32_t>{0, 1}, true, bad);

  CHECK(batch.sample[0] == 7);  // the only pair that is neither listed nor in the batch
  CHECK(opened == std::vector<std::uint32_t>{7});
}
