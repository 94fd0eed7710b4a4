#include <ctp/data/batch.hpp>

#include <doctest/doctest.h>

using ctp::data::Batch;
using ctp::data::Pictures;

TEST_CASE("batch: resize gives every vector its length and empties the picture vector not in use") {
  Batch batch;
  batch.resize(2, 4, 5);
  CHECK(batch.images.size() == 2 * 3 * 4 * 4);
  CHECK(batch.pixels.empty());
  const float* const memory = batch.images.data();

  batch.resize(1, 4, 5, Pictures::Pixels);
  CHECK(batch.images.empty());
  CHECK(batch.pixels.size() == 4 * 4 * 3);
  CHECK(batch.ids.size() == 5);
  CHECK(batch.labels.size() == 5);
  CHECK(batch.sample.size() == 1);

  batch.resize(2, 4, 5);
  CHECK(batch.images.data() == memory);  // resize keeps the capacity
}
