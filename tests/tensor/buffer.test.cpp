#include <ctp/tensor/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/generic/memory.hpp>

using Memory = ctp::backend::generic::Memory;
template <class T>
using Buffer = ctp::Buffer<T, Memory>;

static_assert(!std::is_copy_constructible_v<Buffer<float>> && std::is_nothrow_move_constructible_v<Buffer<float>>);

TEST_CASE("buffer: a new buffer is zero, also in memory that was used before") {
  for (int turn = 0; turn < 3; ++turn) {
    Buffer<double> buffer(1000);
    CHECK(buffer.to_host() == std::vector<double>(1000, 0.0));
    for (int i = 0; i < 1000; ++i) buffer.data()[i] = 1;
  }
  CHECK(Buffer<float>().size() == 0);
  CHECK(Buffer<float>(0).to_host().empty());
}

TEST_CASE("buffer: values are converted on the way in and out") {
  Buffer<float> buffer(3);
  buffer.assign(std::vector<double>{1.5, -2, 0.1});
  CHECK(buffer.to_host() == std::vector<float>{1.5F, -2, 0.1F});
  CHECK(buffer.to_host<double>() == std::vector<double>{1.5, -2, double{0.1F}});
  Buffer<std::int32_t> ids(2);
  ids.assign(std::vector<std::int64_t>{7, -1});
  CHECK(ids.to_host() == std::vector<std::int32_t>{7, -1});
}

TEST_CASE("buffer: assign() takes a span, and uploaded() converts to the backend's Real") {
  const double values[] = {1.5, -2, 0.1, 4};
  Buffer<float> buffer(3);
  buffer.assign(std::span(values).subspan(1));
  CHECK(buffer.to_host() == std::vector<float>{-2, 0.1F, 4});
  struct Backend : Memory {
    using Real = float;
  };
  const ctp::Buffer<float, Backend> there = ctp::uploaded<Backend>(std::span<const double>(values));
  CHECK(there.to_host() == std::vector<float>{1.5F, -2, 0.1F, 4});
}

TEST_CASE("buffer: a view is the same memory with a shape") {
  Buffer<float> buffer(6);
  const auto view = buffer.view(ctp::Shape<2>{2, 3});
  CHECK(view.data == buffer.data());
  CHECK(view.shape == ctp::Shape<2>{2, 3});
}

TEST_CASE("buffer: sizes that do not agree are refused") {
  Buffer<float> buffer(6);
  CHECK_THROWS_WITH_AS((void)buffer.view(ctp::Shape<2>{2, 2}),
                       "Buffer::view: buffer is [6] but view is [2,2]; sizes must agree", ctp::ShapeError);
  CHECK_THROWS_WITH_AS(buffer.assign(std::vector<float>(5)),
                       "Buffer::assign: buffer is [6] but values is [5]; sizes must agree", ctp::ShapeError);
}

TEST_CASE("buffer: a move transfers the memory without a copy") {
  Buffer<float> a(4);
  a.assign(std::vector<float>{1, 2, 3, 4});
  const float* where = a.data();
  const Buffer<float> b = std::move(a);
  CHECK(b.data() == where);
  CHECK(b.to_host() == std::vector<float>{1, 2, 3, 4});
}

TEST_CASE("buffer: the bytes on the host are those of the values") {
  Buffer<float> buffer(3);
  buffer.assign(std::vector<float>{1.5F, -2.0F, 3.25F});
  const std::vector<std::byte> bytes = buffer.bytes_on_host();
  const std::vector<float> values = buffer.to_host();
  REQUIRE(bytes.size() == 12);
  CHECK(std::memcmp(bytes.data(), values.data(), 12) == 0);
  CHECK(Buffer<double>().bytes_on_host().empty());
}
