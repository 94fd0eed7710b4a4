#include <ctp/io/weights/content.hpp>

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/error.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "data/temporary_folder.hpp"

namespace {

using namespace std::string_literals;

/// First bytes of files of other formats, and a word of the name.
const std::vector<std::pair<std::string, std::string>>& formats() {
  static const std::vector<std::pair<std::string, std::string>> list{
      {"PK\x03\x04\0\0\x08\x08\0\0archive/data.pkl"s, "PyTorch archive"},
      {"PK\x03\x04\0\0\x08\x08\0\0archive/version"s, "PyTorch archive"},
      {"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0B\0\0\0weights.npy"s, ".npz"},
      {"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x12\0\0\0model.npy/data.pkl"s, "PyTorch archive"},
      {"PK\x03\x04\x14\0\0\0\0\0readme.txt"s, "a zip archive"},
      {"\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19.\x80\x02M"s, "PyTorch file of the old format"},
      {"\x80\x04\x95\x10\0\0\0\0\0\0\0}"s, "Python pickle"},
      {"GGUF\x03\0\0\0\x10\0\0\0"s, "GGUF"},
      {"\x89HDF\r\n\x1A\n\0\0\0"s, "HDF5"},
      {"\x93NUMPY\x01\0v\0{'descr'"s, ".npy"},
      {"\x1F\x8B\x08\0\0\0\0\0\0\x03"s, "compressed"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "Git LFS"},
      {"<!DOCTYPE html><html><body>Not found</body></html>", "HTML"},
      {"\n  <HTML>", "HTML"},
      {"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "XML"},
      {R"({"metadata": {"total_size": 5}, "weight_map": {"a": "model-00001-of-00002.safetensors"}})", "several files"},
      {R"({"vision_heads": 12})", "JSON"},
      {"Access denied", "a text"},
  };
  return list;
}

}  // namespace

TEST_CASE("content: files of other formats are recognised by their first bytes, and unknown bytes are not") {
  for (const auto& [start, word] : formats()) {
    CAPTURE(word);
    const auto found = ctp::io::other_format(start);
    REQUIRE(found);
    CHECK(found->name.find(word) != std::string::npos);
    CHECK_FALSE(found->remedy.empty());
  }
  for (const std::string& start : {""s, "\0\0\0\0"s, "\xFF\xFE\xFD"s, " \n"s, "PK\x03\x04\0\0\0\0{}"s})
    CHECK_FALSE(ctp::io::other_format(start));
}

TEST_CASE("content: a weight file of another format is named by what it is, whatever its name says") {
  const test::TemporaryFolder folder;
  for (const auto& [start, word] : formats()) {
    for (const std::string& filler : {""s, std::string(2000, '\0')}) {
      const std::string path = folder.write("weights.safetensors", start + (word == "a text" ? "" : filler));
      CAPTURE(word);
      try {
        (void)ctp::io::read_safetensors(path);
        FAIL("accepted");
      } catch (const ctp::DataError& error) {
        const std::string message = error.what();
        CAPTURE(message);
        CHECK(message.find(path + ": format: expected a safetensors file, found ") == 0);
        if (filler.empty()) CHECK(message.find(word) != std::string::npos);
      }
    }
  }
}
