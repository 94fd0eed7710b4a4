#include <ctp/io/weights/source.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/error.hpp>

namespace io = ctp::io;

namespace {

/// A reader of two tensors that counts its calls.
struct Two : io::TensorReader {
  std::vector<std::size_t>* calls;
  bool changed = false;
  explicit Two(std::vector<std::size_t>& list) : calls(&list) {}
  [[nodiscard]] std::vector<std::byte> read(std::size_t index) const override {
    calls->push_back(index);
    return std::vector<std::byte>(index + 1, std::byte{7});
  }
  void require_unchanged() const override {
    if (changed) throw ctp::DataError("changed");
  }
};

io::WeightSource source_of(std::unique_ptr<Two> reader) {
  return {"file", "format", {{"k", "v"}}, {{"a", ctp::DType::U8, {1}}, {"b", ctp::DType::U8, {2}}}, std::move(reader)};
}

}  // namespace

TEST_CASE("source: only the tensors that are wanted are read, in the order of the file") {
  std::vector<std::size_t> calls;
  const io::WeightSource source = source_of(std::make_unique<Two>(calls));
  CHECK(calls.empty());
  CHECK(source.read(1).as_int64s() == std::vector<std::int64_t>{7, 7});
  CHECK(calls == std::vector<std::size_t>{1});
  const ctp::TensorFile some = source.read_all([](std::string_view name) { return name == "b"; });
  CHECK(calls == std::vector<std::size_t>{1, 1});
  REQUIRE(some.tensors.size() == 1);
  CHECK(some.origin == "file");
  CHECK(some.metadata.at("k") == "v");
  CHECK(source.read_all().tensors.size() == 2);
  CHECK(calls == std::vector<std::size_t>{1, 1, 0, 1});
}

TEST_CASE("source: a file that changed while it was read is an error") {
  std::vector<std::size_t> calls;
  auto reader = std::make_unique<Two>(calls);
  reader->changed = true;
  const io::WeightSource source = source_of(std::move(reader));
  CHECK_THROWS_AS((void)source.read_all(), ctp::DataError);
}
