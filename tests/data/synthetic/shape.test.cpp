#include <ctp/data/synthetic/shape.hpp>

#include <doctest/doctest.h>

using namespace ctp::data::synthetic;

TEST_CASE("shape: signed distances agree with plane geometry") {
  const auto near = [](float value) { return doctest::Approx(value).epsilon(1e-5); };
  CHECK(distance(ellipse(Paint::Body, 1, 0, 0.5F, 0.5F), 0, 0) == near(0.5F));
  CHECK(distance(ellipse(Paint::Body, 0, 0, 0.8F, 0.4F), 0.8F, 0) + 1 == near(1.0F));
  CHECK(distance(ring(Paint::Body, 0, 0, 0.5F, 0.5F, 0.1F), 0, 0) == near(0.4F));
  CHECK(distance(box(Paint::Body, 0, 0, 0.3F, 0.2F, 0.0F), 0.6F, 0.6F) == near(0.5F));  // from the corner: (0.3, 0.4)
  CHECK(distance(box(Paint::Body, 0, 0, 0.3F, 0.2F, 0.0F), 0, 0) == near(-0.2F));
  CHECK(distance(box(Paint::Body, 0, 0, 0.3F, 0.2F, 0.0F, 1.5707963F), 0, 0.5F) ==
        near(0.2F));  // turned by a right angle
  CHECK(distance(bar(Paint::Body, -1, 0, 1, 0, 0.1F), 0, 0.5F) == near(0.4F));
  CHECK(distance(bar(Paint::Body, -1, 0, 1, 0, 0.1F), 1.3F, 0.4F) == near(0.4F));
  CHECK(distance(triangle(Paint::Body, 0, 0, 3, 0, 0, 4), 1, 1) == near(-1.0F));  // the inscribed circle of 3, 4, 5
  CHECK(distance(trapezoid(Paint::Body, 0, 0, 0.5F, 0.5F, 0.5F, 0.0F), 0, -0.9F) == near(0.4F));
}
