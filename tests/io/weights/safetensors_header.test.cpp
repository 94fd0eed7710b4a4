#include <ctp/io/weights/safetensors_header.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

namespace io = ctp::io;

namespace {
std::string problem(const std::string& header, std::uint64_t data_bytes = 8) {
  return message_of([&] { (void)io::parse_safetensors_header(header, "w.st", data_bytes); });
}
std::string entry(const std::string& shape, const std::string& offsets = "[0,8]",
                  const std::string& dtype = "\"F32\"") {
  return R"({"t":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}
std::string fields(const std::string& inside) { return R"({"t":{)" + inside + "}}"; }
}  // namespace

TEST_CASE("safetensors_header: a valid header gives its entries in the order of the data") {
  const auto header = io::parse_safetensors_header(
      R"({"b":{"shape":[1,2],"dtype":"I16","data_offsets":[8,12]},"__metadata__":{"k":"v"},)"
      R"("a":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
      R"("e":{"dtype":"U8","shape":[3,0],"data_offsets":[8,8]}}   )",
      "w.st", 12);
  REQUIRE(header.entries.size() == 3);
  CHECK(header.entries[0].name == "a");
  CHECK(header.entries[1].name == "e");
  CHECK(header.entries[2].name == "b");
  CHECK(header.entries[2].shape == std::vector<std::int64_t>{1, 2});
  CHECK(header.entries[2].dtype == ctp::DType::I16);
  CHECK(header.metadata.at("k") == "v");
}

TEST_CASE("safetensors_header: each rule broken alone is refused by a message that names it") {
  const std::string offsets = R"("data_offsets":[0,8])", shape = R"("shape":[2])", dtype = R"("dtype":"F32")";
  struct Case {
    std::string header, message;
    std::uint64_t data_bytes = 8;
  };
  const std::string good = entry("[2]");
  const std::vector<Case> cases{
      {"", "header: expected '{' as first character, found \"\""},
      {" " + good, "header: expected '{' as first character, found \" \""},
      {"[]", "header: expected '{' as first character, found \"[\""},
      {"\xEF\xBB\xBF" + good, "header: expected '{' as first character"},
      {"{\"\xFF\":1}", "header: expected UTF-8, found a malformed character at byte 2"},
      {good + "\t", "header: expected '}' and then spaces only at the end, found \"\\t\""},
      {good + "\n ", "header: expected '}' and then spaces only at the end"},
      {good + std::string(1, '\0'), "header: expected '}' and then spaces only at the end, found \"\\u0000\""},
      {good + "}", " (header), line 1"},
      {"{\"t\":}", " (header), line 1, column 6: t: expected "},
      {"{\"__metadata__\":[]}", "__metadata__: expected an object, found an array"},
      {"{\"__metadata__\":null}", "__metadata__: expected an object, found null"},
      {"{\"__metadata__\":\"x\"}", "__metadata__: expected an object, found the string \"x\""},
      {R"({"__metadata__":{"k":1}})", "__metadata__: expected strings as values, found 1"},
      {R"({"__metadata__":{"k":null}})", "__metadata__: expected strings as values, found null"},
      {R"({"__metadata__":{"k":{}}})", "__metadata__: expected strings as values, found an object"},
      {R"({"__metadata__":{"k":["x"]}})", "__metadata__: expected strings as values, found an array"},
      {R"({"__metadata__":{"k":"1","k":"2"}})",
       " (header), line 1, column 26: __metadata__.k: expected every key once, found a duplicate key"},
      {R"({"__metadata__":{},"__metadata__":{}})", "__metadata__: expected every key once, found a duplicate key", 0},
      {R"({"e":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"e":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
       "e: expected every key once, found a duplicate key", 0},
      {R"({"t":1})", "tensor \"t\": expected an object with dtype, shape and data_offsets, found 1"},
      {R"({"t":"x"})", "tensor \"t\": expected an object with dtype, shape and data_offsets, found the string \"x\""},
      {R"({"t":[1]})", "tensor \"t\": expected an object with dtype, shape and data_offsets, found an array"},
      {R"({"t":true})", "tensor \"t\": expected an object with dtype, shape and data_offsets, found true"},
      {fields(shape + "," + offsets), "tensor \"t\": expected the keys dtype, shape and data_offsets, found no dtype"},
      {fields(dtype + "," + offsets), "found no shape"},
      {fields(dtype + "," + shape), "found no data_offsets"},
      {fields(""), "found no dtype"},
      {fields(dtype + "," + shape + "," + offsets + R"(,"x":1)"),
       "expected the keys dtype, shape and data_offsets only, found the key \"x\""},
      {fields(dtype + "," + dtype + "," + shape + "," + offsets),
       "tensor \"t\": dtype: expected every key once, found a duplicate key"},
      {fields(shape + "," + dtype + "," + shape + "," + offsets),
       "tensor \"t\": shape: expected every key once, found a duplicate key"},
      {entry("[2]", "[0,8]", "\"F33\""),
       "tensor \"t\": dtype: expected one of F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL U64 U32 U16 F8_E4M3 F8_E5M2 "
       "F8_E8M0 "
       "F8_E4M3FNUZ F8_E5M2FNUZ C64 F6_E2M3 F6_E3M2 F4, found \"F33\"; store this tensor in a type of this list"},
      {entry("[2]", "[0,8]", "\"U64\""), "expected 16 bytes for shape [2] of U64, found 8 bytes"},
      {entry("[3]", "[0,2]", "\"F4\""), "shape: expected elements that fill whole bytes"},
      {entry("[2]", "[0,8]", "32"), "tensor \"t\": dtype: expected a string, found 32"},
      {entry("[2]", "[0,8]", "[\"F32\"]"), "tensor \"t\": dtype: expected a string, found an array"},
      {entry("2"), "tensor \"t\": shape: expected an array of integers, found 2"},
      {entry("\"2\""), "tensor \"t\": shape: expected an array of integers, found the string \"2\""},
      {entry("{}"), "tensor \"t\": shape: expected an array of integers, found an object"},
      {entry("[[2]]"), "tensor \"t\": shape: expected an array of integers, found an array"},
      {entry("[\"2\"]"), "tensor \"t\": shape: expected an array of integers, found the string \"2\""},
      {entry("[null]"), "tensor \"t\": shape: expected an array of integers, found null"},
      {entry("[2.0]"), "tensor \"t\": shape: expected non-negative integers below 2^63, found 2.0"},
      {entry("[2e0]"), "found 2e0"},
      {entry("[-2]"), "tensor \"t\": shape: expected non-negative integers below 2^63, found -2"},
      {entry("[-0]", "[0,0]"), "tensor \"t\": shape: expected non-negative integers below 2^63, found -0", 0},
      {entry("[9223372036854775808]"),
       "tensor \"t\": shape: expected non-negative integers below 2^63, found 9223372036854775808"},
      {entry("[18446744073709551616]"), "found 18446744073709551616"},
      {entry("[1,1,1,1,1,1,1,1,2]"), "tensor \"t\": shape: expected at most 8 dimensions, found more"},
      {entry("[4194305,4194305,211106198978564]"),
       "tensor \"t\": shape: expected a number of bytes that fits 64 bits, found [4194305,4194305,211106198978564]"},
      {entry("[4611686018427387906]"),
       "shape: expected a number of bytes that fits 64 bits, found [4611686018427387906]"},
      {entry("[9223372036854775807,9223372036854775807,0]", "[0,0]"), "expected a number of bytes that fits 64 bits",
       0},
      {entry("[2]", "[8]"), "tensor \"t\": data_offsets: expected two integers, found 1"},
      {entry("[2]", "[0,8,8]"), "tensor \"t\": data_offsets: expected two integers, found more than two"},
      {entry("[2]", "[]"), "data_offsets: expected two integers, found 0"},
      {entry("[2]", "8"), "tensor \"t\": data_offsets: expected an array of integers, found 8"},
      {entry("[2]", "[0,8.0]"), "tensor \"t\": data_offsets: expected two non-negative integers below 2^64, found 8.0"},
      {entry("[2]", "[-0,8]"), "found -0"},
      {entry("[2]", "[0,18446744073709551616]"), "found 18446744073709551616"},
      {entry("[2]", "[8,0]"), "tensor \"t\": data_offsets: expected begin <= end, found [8,0]"},
      {entry("[3]"), "tensor \"t\": data_offsets: expected 12 bytes for shape [3] of F32, found 8 bytes"},
      {entry("[2]", "[0,8]", "\"F64\""), "expected 16 bytes for shape [2] of F64, found 8 bytes"},
      {entry("[4]", "[0,16]"),
       "tensor \"t\": data_offsets: expected an end within the 8 bytes behind the header, found 16"},
      {entry("[2]", "[8,16]"),
       "tensor \"t\": data_offsets: expected data that begins at 0, where the data before it ends, found 8 (a gap)",
       16},
      {R"({"a":{"dtype":"I8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"I8","shape":[2],"data_offsets":[6,8]}})",
       "tensor \"b\": data_offsets: expected data that begins at 4, where the data before it ends, found 6 (a gap)"},
      {R"({"a":{"dtype":"I8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"I8","shape":[5],"data_offsets":[3,8]}})",
       "tensor \"b\": data_offsets: expected data that begins at 4, where the data before it ends, found 3 (an "
       "overlap)"},
      {good, "data: expected 8 bytes behind the header, where the tensors end, found 9 bytes", 9},
      {"{}", "data: expected 0 bytes behind the header, where the tensors end, found 1 bytes", 1},
      {R"({"a\u0000b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
       "tensor \"a\\u0000b\": name: expected no NUL in it, found a NUL"},
      {"{\"" + std::string(1025, 'n') + "\":0}", "name: expected at most 1024 bytes, found 1025 bytes"},
      {"{\"t\":" + std::string(100, '[') + std::string(100, ']') + "}",
       "tensor \"t\": expected an object with dtype, shape and data_offsets"},
  };
  REQUIRE(problem(good) == "none");
  for (const auto& [header, message, data_bytes] : cases) {
    CAPTURE(header);
    const std::string found = problem(header, data_bytes);
    CAPTURE(found);
    CHECK(found.starts_with("3: w.st"));
    CHECK(found.find(message) != std::string::npos);
    CHECK(found.size() < 500);
  }
}

TEST_CASE("safetensors_header: a hundred thousand tensors are read, one more is refused") {
  std::string header = "{";
  const auto add = [&](int i) {
    header += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  };
  for (int i = 0; i < 100000; ++i) add(i);
  CHECK(io::parse_safetensors_header(header + "}", "w.st", 0).entries.size() == 100000);
  add(100000);
  CHECK(problem(header + "}", 0) ==
        "3: w.st: header: expected at most 100000 tensors, found more; the file is damaged or incomplete: fetch or "
        "write it "
        "again");
}

TEST_CASE("safetensors_header: types that are not computed with are read like all others") {
  const std::string text =
      R"({"a":{"dtype":"U32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F8_E5M2","shape":[3],"data_offsets":[8,11]},)"
      R"("c":{"dtype":"F4","shape":[2],"data_offsets":[11,12]}})";
  const auto header = io::parse_safetensors_header(text, "w.st", 12);
  REQUIRE(header.entries.size() == 3);
  CHECK(header.entries[0].dtype == ctp::DType::U32);
  CHECK(header.entries[1].dtype == ctp::DType::F8_E5M2);
  CHECK(header.entries[2].dtype == ctp::DType::F4);
}

TEST_CASE("safetensors_header: metadata are bounded in number and length, before they are copied") {
  const auto refusal = [](const std::string& metadata) -> std::string {
    try {
      (void)io::parse_safetensors_header(R"({"__metadata__":{)" + metadata + "}}", "w.st", 0);
    } catch (const ctp::DataError& error) {
      return error.what();
    }
    return "";
  };
  const std::string long_text(std::size_t{9} << 20U, 'x');
  CHECK(refusal(R"("a":")" + long_text + "\"").empty());
  CHECK(refusal(R"("a":")" + long_text + R"(","b":")" + long_text + "\"") ==
        "w.st: __metadata__: expected at most 16777216 bytes, found more; the file is damaged or incomplete: fetch or "
        "write it again");
  CHECK(refusal(R"("a":")" + long_text + long_text + "\"").find("expected strings of at most 16777216 bytes") !=
        std::string::npos);
  std::string many;
  for (int i = 0; i <= 65536; ++i) many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":"")";
  CHECK(refusal(many).find("expected at most 65536 entries") != std::string::npos);
}
