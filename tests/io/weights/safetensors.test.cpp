#include <ctp/io/weights/safetensors.hpp>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <ctp/testing/faulty_file_system.hpp>

#include <io/scratch.hpp>
#include <io/weights/hex_lines.hpp>

namespace io = ctp::io;
using ctp::make_named;

namespace {

const std::string golden = std::string(CTP_GOLDEN_DIR) + "/safetensors/";

ctp::TensorFile example() {
  ctp::TensorFile file;
  file.tensors.push_back(make_named("z.weight", {2, 3}, std::vector<float>{1, -2, 3.5F, 0, 1e-40F, 6}));
  file.tensors.push_back({"mask", ctp::DType::Bool, {3}, {std::byte{1}, std::byte{0}, std::byte{1}}});
  file.tensors.push_back(make_named("a\"名\n", {}, std::vector<double>{0.07}));
  file.tensors.push_back(make_named("empty", {0, 4}, std::vector<float>{}));
  file.tensors.push_back(make_named("queue_ptr", {1}, std::vector<std::int64_t>{-5}));
  file.metadata = {{"config", "{\"width\":4}"}, {"", "line\nend"}};
  return file;
}

bool same(const ctp::NamedTensor& a, const ctp::NamedTensor& b) {
  return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape && a.bytes == b.bytes;
}

}  // namespace

TEST_CASE("safetensors: a file of the reference library is read value by value") {
  const auto file = io::read_safetensors(golden + "reference.safetensors");
  CHECK(file.tensors.size() == 12);
  CHECK(file.metadata.at("config") == "{\"width\":4}");
  CHECK(file.metadata.at("作者") == "ctp");
  const auto f64 = file.at("f64").as_doubles();
  const auto f32 = file.at("f32").as_floats();
  REQUIRE((f64.size() == 12 && f32.size() == 12));
  CHECK(file.at("f64").shape == std::vector<std::int64_t>{3, 4});
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(f64[i] == static_cast<double>(i) / 7);
    CHECK(f32[i] == static_cast<float>(static_cast<double>(i) / 7 - 1));
  }
  const auto f16 = file.at("f16").as_floats();
  CHECK(f16 == std::vector<float>{0, -0.0F, 1, -2.5F, 65504, 0x1p-24F, 0.333251953125F, INFINITY, -INFINITY});
  CHECK(std::signbit(f16[1]));
  CHECK(file.at("i64").as_int64s() == std::vector<std::int64_t>{INT64_MIN, INT64_MAX, 0});
  CHECK(file.at("i32").as_int64s() == std::vector<std::int64_t>{INT32_MIN, INT32_MAX});
  CHECK(file.at("i16").as_int64s() == std::vector<std::int64_t>{INT16_MIN, INT16_MAX});
  CHECK(file.at("i8").as_int64s() == std::vector<std::int64_t>{-128, 127, 5});
  CHECK(file.at("u8").as_int64s() == std::vector<std::int64_t>{0, 255});
  CHECK(file.at("bool").as_int64s() == std::vector<std::int64_t>{1, 0, 1});
  CHECK(file.at("scalar").shape.empty());
  CHECK(file.at("scalar").as_floats() == std::vector<float>{0.07F});
  CHECK(file.at("empty").shape == std::vector<std::int64_t>{0, 5});
  CHECK(file.at("empty").as_floats().empty());
  CHECK(file.at("名字.权重").as_floats() == std::vector<float>{1.5F});
  CHECK_THROWS_WITH_AS((void)file.at("f65"), doctest::Contains("reference.safetensors: tensor \"f65\""),
                       ctp::DataError);
}

TEST_CASE("safetensors: a file with tensors in the order of insertion is read too") {
  const auto file = io::read_safetensors(golden + "oracle_style.safetensors");
  REQUIRE(file.tensors.size() == 3);
  CHECK(file.tensors[0].name == "z.weight");
  CHECK(file.at("a.bias").as_doubles().size() == 3);
  CHECK(file.at("ptr").as_int64s() == std::vector<std::int64_t>{4});
  CHECK(file.at("z.weight").as_doubles()[0] == -0.8019314252534474);  // printed by numpy
}

TEST_CASE("safetensors: the verdict is that of the reference library, except where we are stricter on purpose") {
  const std::set<std::string> stricter{"header starts with a space",
                                       "padding with a tab",
                                       "padding with a line end",
                                       "duplicate name",
                                       "duplicate metadata key",
                                       "metadata is null",
                                       "extra field",
                                       "nine dimensions",
                                       "NUL in a name",
                                       "name of 1025 bytes"};
  const Scratch scratch;
  std::size_t accepted = 0, refused = 0;
  for (const auto& [verdict, name, bytes] : hex_lines(golden + "verdicts.txt")) {
    CAPTURE(name);
    put(scratch / "f", bytes);
    const std::string message = message_of([&] { (void)io::read_safetensors(scratch / "f"); });
    const bool ours = message == "none";
    CHECK(ours == (verdict == "accept" && !stricter.contains(name)));
    if (!ours) CHECK(message.starts_with("3: " + scratch / "f"));
    ++(ours ? accepted : refused);
  }
  CHECK(accepted == 17);
  CHECK(refused == 93);
}

TEST_CASE("safetensors: a written file reads back bit by bit, with and without read_back") {
  const Scratch scratch;
  for (const bool read_back : {false, true}) {
    const auto file = example();
    io::write_safetensors(scratch / "w", file, read_back);
    const auto back = io::read_safetensors(scratch / "w");
    REQUIRE(back.tensors.size() == file.tensors.size());
    for (const auto& tensor : file.tensors) CHECK(same(tensor, back.at(tensor.name)));
    CHECK(back.metadata == file.metadata);
    CHECK(back.origin == scratch / "w");
  }
}

TEST_CASE("safetensors: NaN payloads, -0, subnormal numbers and infinity survive") {
  const Scratch scratch;
  const std::vector<float> values{std::bit_cast<float>(0x7FA00001U), -0.0F, std::numeric_limits<float>::denorm_min(),
                                  INFINITY};
  ctp::TensorFile file;
  file.tensors.push_back(make_named("t", {4}, values));
  io::write_safetensors(scratch / "w", file);
  CHECK(io::read_safetensors(scratch / "w").tensors[0].bytes == file.tensors[0].bytes);
}

TEST_CASE("safetensors: the header is sorted by name and aligned, and every tensor is aligned to its type") {
  const Scratch scratch;
  auto file = example();
  io::write_safetensors(scratch / "w", file);
  const std::string bytes = get(scratch / "w");
  std::swap(file.tensors.front(), file.tensors.back());
  io::write_safetensors(scratch / "v", file);
  CHECK(get(scratch / "v") == bytes);  // for any order of the tensors

  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  CHECK(length % 8 == 0);
  const auto header = nlohmann::ordered_json::parse(bytes.substr(8, length));  // an independent reader
  std::vector<std::string> names;
  for (const auto& [name, entry] : header.items()) {
    names.push_back(name);
    if (name == "__metadata__") continue;
    const auto dtype = ctp::dtype_from_name(entry["dtype"].get<std::string>());
    REQUIRE(dtype);
    CHECK(entry["data_offsets"][0].get<std::uint64_t>() % ctp::dtype_size(*dtype) == 0);
  }
  CHECK(names == std::vector<std::string>{"__metadata__", "a\"名\n", "empty", "mask", "queue_ptr", "z.weight"});
}

TEST_CASE("safetensors: a small file is written byte for byte as the format says") {
  const Scratch scratch;
  ctp::TensorFile file;
  file.tensors.push_back(make_named("b", {1}, std::vector<float>{1.0F}));
  file.tensors.push_back(make_named("a", {}, std::vector<float>{-2.0F}));
  io::write_safetensors(scratch / "w", file);
  const std::string header = R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                             R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}      )";
  REQUIRE(header.size() == 112);
  CHECK(get(scratch / "w") == std::string("\x70\0\0\0\0\0\0\0", 8) + header + std::string("\0\0\0\xC0\0\0\x80\x3F", 8));
}

TEST_CASE("safetensors: only the selected tensors are loaded, but all entries are checked") {
  const Scratch scratch;
  io::write_safetensors(scratch / "w", example());
  const auto some = io::read_safetensors(scratch / "w", [](std::string_view name) { return name == "mask"; });
  REQUIRE(some.tensors.size() == 1);
  CHECK(some.at("mask").as_int64s() == std::vector<std::int64_t>{1, 0, 1});
  CHECK(some.metadata == example().metadata);
  std::string bytes = get(scratch / "w");
  bytes.replace(bytes.find("\"I64\""), 5, "\"I99\"");
  put(scratch / "w", bytes);
  CHECK_THROWS_AS((void)io::read_safetensors(scratch / "w", [](std::string_view name) { return name == "mask"; }),
                  ctp::DataError);
}

TEST_CASE("safetensors: a file that ends at any other byte is refused") {
  const Scratch scratch;
  io::write_safetensors(scratch / "w", example());
  const std::string bytes = get(scratch / "w");
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    CAPTURE(n);
    put(scratch / "cut", bytes.substr(0, n));
    CHECK_THROWS_AS((void)io::read_safetensors(scratch / "cut"), ctp::DataError);
  }
  put(scratch / "cut", bytes + "x");
  CHECK_THROWS_AS((void)io::read_safetensors(scratch / "cut"), ctp::DataError);
}

TEST_CASE("safetensors: wrong header lengths are refused without allocating them") {
  const Scratch scratch;
  const std::string header = R"({"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})";
  struct Case {
    std::uint64_t length;
    std::string message;
  };
  const std::string range = "header length: expected 2 to 100000000, found ";
  for (const auto& [length, message] :
       std::vector<Case>{{0, range + "0"},
                         {1, range + "1"},
                         {7, " (header), line 1"},
                         {header.size() + 1, "header length: expected at most the 53 bytes behind it, found 54"},
                         {100000000, "header length: expected at most the 53 bytes behind it, found 100000000"},
                         {std::uint64_t{1} << 31U, range + "2147483648"},
                         {std::uint64_t{1} << 63U, range + "9223372036854775808"},
                         {UINT64_MAX - 7, range + "18446744073709551608"}}) {
    CAPTURE(length);
    const auto start = std::bit_cast<std::array<char, 8>>(length);
    put(scratch / "w", std::string(start.data(), 8) + header);
    const std::string found = message_of([&] { (void)io::read_safetensors(scratch / "w"); });
    CAPTURE(found);
    CHECK(found.starts_with("3: " + scratch / "w"));
    // A length of 7 truncates the header, which then does not end with a brace.
    CHECK(found.find(length == 7 ? "header: expected '}' and then spaces only at the end" : message) !=
          std::string::npos);
  }
  for (std::size_t n = 0; n < 8; ++n) {
    put(scratch / "w", std::string(n, '\0'));
    CHECK(message_of([&] {
            (void)io::read_safetensors(scratch / "w");
          }).find("size: expected at least 8 bytes, found") != std::string::npos);
  }
}

TEST_CASE("safetensors: a missing file is named") {
  CHECK(message_of([] { (void)io::read_safetensors("/no/such/weights"); }) ==
        "3: /no/such/weights: open: expected a readable file, found No such file or directory; check the path");
}

TEST_CASE("safetensors: a file truncated between check and read is refused, not read as zeros") {
  const Scratch scratch;
  io::write_safetensors(scratch / "w", example());
  struct Cutting : io::FileSystem {
    std::string path;
    int reads = 0;
    std::int64_t read_at(int file, void* to, std::size_t bytes, std::uint64_t offset) override {
      if (++reads == 3) std::filesystem::resize_file(path, std::filesystem::file_size(path) - 10);  // behind the header
      return FileSystem::read_at(file, to, bytes, offset);
    }
  } files;
  files.path = scratch / "w";
  const io::UseFileSystem use(files);
  CHECK(message_of([&] { (void)io::read_safetensors(scratch / "w"); }).find("it was cut short while it was read") !=
        std::string::npos);
}

TEST_CASE("safetensors: content that a reader would refuse is not written") {
  const Scratch scratch;
  put(scratch / "w", "old");
  const auto problem = [&](auto&& change) {
    auto file = example();
    change(file);
    return message_of([&] { io::write_safetensors(scratch / "w", file); });
  };
  const std::string start = "2: " + scratch / "w" + ": tensor \"";
  CHECK(problem([](auto& f) { f.tensors[0].name = "mask"; }) ==
        start + "mask\": expected every name once, found it twice");
  CHECK(problem([](auto& f) {
          f.tensors[0].name = "__metadata__";
        }).starts_with(start + "__metadata__\": expected another name"));
  CHECK(problem([](auto& f) { f.tensors[0].name = "\xFF"; }).ends_with("expected UTF-8, found malformed characters"));
  CHECK(problem([](auto& f) {
          f.tensors[0].name = std::string("a\0b", 3);
        }).ends_with("expected a name without NUL, found a NUL"));
  CHECK(problem([](auto& f) {
          f.tensors[0].name = std::string(1025, 'n');
        }).ends_with("a name of at most 1024 bytes, found 1025 bytes"));
  CHECK(problem([](auto& f) { f.tensors[0].shape = {2, 3, 1, 1, 1, 1, 1, 1, 1}; }).find("at most 8 dimensions") !=
        std::string::npos);
  CHECK(problem([](auto& f) {
          f.tensors[0].shape = {2, 2};
        }).ends_with("expected as many bytes as shape [2,2] of F32 takes, found 24 bytes"));
  CHECK(problem([](auto& f) { f.tensors[0].shape = {-2, -3}; }).starts_with(start));
  CHECK(problem([](auto& f) { f.metadata["k"] = "\xC0"; }).find("metadata \"k\": expected UTF-8") != std::string::npos);
  CHECK(problem([](auto& f) {
          f.metadata["k"] = std::string(100000000, 'x');
        }).find("metadata: expected at most 16777216 bytes") != std::string::npos);
  CHECK(get(scratch / "w") == "old");
  CHECK(scratch.files() == 1);
}

TEST_CASE("safetensors: after a failure of any call the old file stays and no temporary file is left") {
  const Scratch scratch;
  auto before = example();
  before.metadata.clear();
  bool reached = true;
  std::size_t failures = 0;
  for (std::size_t n = 1; reached; ++n) {
    CAPTURE(n);
    io::write_safetensors(scratch / "w", before);
    const std::string old = get(scratch / "w");
    io::FaultyFileSystem files;
    files.fail_at = n;
    files.error = ENOSPC;
    std::string message;
    {
      const io::UseFileSystem use(files);
      message = message_of([&] { io::write_safetensors(scratch / "w", example(), true); });
    }
    reached = files.failed();
    // The log of a failing run ends with the call that failed and the removal; "rename" before that means the new file
    // is in place.
    const auto& log = files.log();
    const auto renamed = std::find(log.begin(), log.end(), "rename");
    const bool in_place =
        renamed != log.end() && (!reached || renamed - log.begin() + 1 != static_cast<std::ptrdiff_t>(n));
    CHECK((get(scratch / "w") == old) == !in_place);
    if (in_place) CHECK(io::read_safetensors(scratch / "w").metadata == example().metadata);
    if (reached && !in_place) {
      // Reading back also closes its own file, whose failure loses nothing; it is then not an error.
      ++failures;
      CHECK(message.starts_with("6: "));
    }
    CHECK(scratch.files() == 1);
  }
  CHECK(failures >= 15);
}

TEST_CASE("safetensors: read_back finds a disk that returns other bytes, before the old file is replaced") {
  const Scratch scratch;
  put(scratch / "w", "old");
  struct Flipping : io::FileSystem {
    std::int64_t write(int file, const void* from, std::size_t bytes) override {
      std::vector<char> copy(static_cast<const char*>(from), static_cast<const char*>(from) + bytes);
      if (bytes == 24) copy[5] = static_cast<char>(copy[5] ^ 1);  // z.weight
      return FileSystem::write(file, copy.data(), bytes);
    }
  } files;
  const io::UseFileSystem use(files);
  CHECK(message_of([&] { io::write_safetensors(scratch / "w", example(), true); }) ==
        "6: " + scratch / "w" + ": read back: expected what was written, found something else; check the disk");
  CHECK(get(scratch / "w") == "old");
  CHECK(scratch.files() == 1);
}

TEST_CASE("safetensors: one-byte reads, one-byte writes and interruptions give the same file") {
  const Scratch scratch;
  io::write_safetensors(scratch / "w", example());
  io::FaultyFileSystem files;
  files.piece = 1;
  files.interruptions = 3;
  const io::UseFileSystem use(files);
  io::write_safetensors(scratch / "v", example());
  CHECK(get(scratch / "v") == get(scratch / "w"));
  CHECK(io::read_safetensors(scratch / "v").tensors.size() == 5);
}
