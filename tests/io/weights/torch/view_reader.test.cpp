#include <ctp/io/weights/torch/view_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

namespace io = ctp::io;
using io::torch::View;

namespace {

constexpr std::size_t header = 3;  // so that the storage is not aligned

/// A file with `count` numbers behind a header.
void put_numbers(const std::string& path, std::size_t count) {
  std::string bytes(header + 4 * count, 'x');
  for (std::uint32_t i = 0; i < count; ++i) std::memcpy(bytes.data() + header + std::size_t{4} * i, &i, 4);
  put(path, bytes);
}

std::vector<std::uint32_t> read(const io::InputFile& file, const View& view) {
  const std::vector<std::byte> bytes = io::torch::read_view(file, header, ctp::DType::F32, view);
  std::vector<std::uint32_t> numbers(bytes.size() / 4);
  if (!bytes.empty()) std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

/// Element by element, by the definition.
std::vector<std::uint32_t> expected(const View& view) {
  std::vector<std::uint32_t> numbers{static_cast<std::uint32_t>(view.offset)};
  for (std::size_t d = 0; d < view.shape.size(); ++d) {
    std::vector<std::uint32_t> next;
    for (const std::uint32_t from : numbers)
      for (std::int64_t i = 0; i < view.shape[d]; ++i)
        next.push_back(from + static_cast<std::uint32_t>(i * view.strides[d]));
    numbers = next;
  }
  return numbers;
}

}  // namespace

TEST_CASE("view_reader: any view is read element by element as its strides say") {
  const Scratch scratch;
  put_numbers(scratch / "f", 1000);
  const io::InputFile file(scratch / "f");
  for (const View& view : std::vector<View>{{0, {1000}, {1}},
                                            {7, {}, {}},
                                            {0, {0, 3}, {3, 1}},
                                            {5, {10, 20}, {20, 1}},
                                            {5, {20, 10}, {1, 20}},
                                            {999, {1, 1}, {5, 5}},
                                            {1, {3, 4}, {0, 2}},
                                            {1, {3, 4}, {2, 0}},
                                            {3, {2, 3, 4, 5}, {1, 2, 6, 24}},
                                            {3, {5, 3, 2, 4}, {2, 40, 200, 10}},
                                            {990, {2, 5}, {5, 1}}}) {
    REQUIRE_FALSE(io::torch::problem_of(view, ctp::DType::F32, 1000));
    CHECK(read(file, view) == expected(view));
  }
}

TEST_CASE("view_reader: a large transposed matrix is read once, in pieces, in the order of the file") {
  const Scratch scratch;
  constexpr std::int64_t rows = 700, columns = 900;
  put_numbers(scratch / "f", static_cast<std::size_t>(rows * columns));
  struct Counting : io::FileSystem {
    std::uint64_t bytes = 0, largest = 0, end = 0;
    bool forwards = true;
    std::int64_t read_at(int file, void* to, std::size_t count, std::uint64_t offset) override {
      bytes += count;
      largest = std::max<std::uint64_t>(largest, count);
      forwards = forwards && offset >= end;
      end = offset + count;
      return FileSystem::read_at(file, to, count, offset);
    }
  } files;
  const io::UseFileSystem use(files);
  const io::InputFile file(scratch / "f");
  const View view{0, {columns, rows}, {1, columns}};
  CHECK(read(file, view) == expected(view));
  CHECK(files.forwards);
  CHECK(files.bytes == 4 * rows * columns);
  CHECK(files.largest <= std::size_t{1} << 18U);
}

TEST_CASE("view_reader: elements of 1, 2 and 8 bytes") {
  const Scratch scratch;
  put(scratch / "f", "xxxabcdefghijklmnop");
  const io::InputFile file(scratch / "f");
  const auto text = [&](ctp::DType dtype, const View& view) {
    const std::vector<std::byte> bytes = io::torch::read_view(file, header, dtype, view);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  CHECK(text(ctp::DType::U8, {0, {2, 3}, {1, 2}}) == "acebdf");
  CHECK(text(ctp::DType::BF16, {1, {2, 2}, {1, 2}}) == "cdghefij");
  CHECK(text(ctp::DType::F64, {0, {2, 2}, {0, 1}}) == "abcdefghijklmnopabcdefghijklmnop");
}

TEST_CASE("view_reader: a file that was cut is refused") {
  const Scratch scratch;
  put_numbers(scratch / "f", 100);
  const io::InputFile file(scratch / "f");
  put(scratch / "f", "short");
  CHECK_THROWS_AS((void)read(file, {0, {10, 10}, {1, 10}}), ctp::DataError);
  CHECK_THROWS_AS((void)read(file, {0, {10, 10}, {10, 1}}), ctp::DataError);
}
