#include <ctp/io/checkpoint/manifest.hpp>

#include <string>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

namespace io = ctp::io;

namespace {
io::CheckpointManifest example() {
  return {.step = 120,
          .facts = {{"options.seed", "7"}, {"run.tasks", "[\"a \\\"b\\\"\",\"家\"]"}},
          .parts = {{"part-000.safetensors", 76, std::string(32, 'a')}}};
}
std::string refusal(const std::string& text) {
  return message_of([&] { (void)io::parse_manifest(text, "m"); });
}
/// The text with another body and the right checksum.
std::string with_body(const std::string& body) {
  return body + ",\n\"xxh3_128\": \"" + io::checksum_of(body) + "\"\n}\n";
}
std::string body_of(const std::string& text) { return text.substr(0, text.rfind(",\n\"xxh3_128\"")); }
}  // namespace

TEST_CASE("manifest: a text reads back as it was written") {
  const auto back = io::parse_manifest(io::manifest_text(example()), "m");
  CHECK(back.step == 120);
  CHECK(back.facts == example().facts);
  REQUIRE(back.parts.size() == 1);
  CHECK(back.parts[0].file == "part-000.safetensors");
  CHECK(back.parts[0].bytes == 76);
  CHECK(back.parts[0].checksum == std::string(32, 'a'));
  CHECK(io::parse_manifest(io::manifest_text({}), "m").facts.empty());
}

TEST_CASE("manifest: each flipped bit and each cut is found") {
  const std::string text = io::manifest_text(example());
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      CAPTURE(i);
      CHECK(refusal(damaged).starts_with("4: m: "));
    }
    CHECK(refusal(text.substr(0, i)).starts_with("4: m: "));
  }
  CHECK(refusal(text + "\n").starts_with("4: m: "));
}

TEST_CASE("manifest: another format, another version and names that lead elsewhere are refused by name") {
  const std::string body = body_of(io::manifest_text(example()));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string other = body;
    other.replace(other.find(from), from.size(), to);
    return refusal(with_body(other));
  };
  CHECK(refusal(with_body(body)) == "none");
  CHECK(changed("ctp checkpoint", "other") == "4: m: format: expected ctp checkpoint, found \"other\"");
  CHECK(changed("\"version\": 2", "\"version\": 1") ==
        "4: m: version: expected 2, found 1; another version of the library wrote this checkpoint: finish the training "
        "with that version, or begin one from a weights file of that training, if one was saved");
  CHECK(changed("\"version\": 2", "\"version\": 3").starts_with("4: m: version: expected 2, found 3; "));
  for (const char* name : {"../part-000.safetensors", "part-001.safetensors", "/etc/passwd", ""}) {
    const std::string message = changed("part-000.safetensors", name);
    CHECK(message.starts_with("4: m"));
    CHECK(message.find("parts[0].file: expected part-000.safetensors") != std::string::npos);
  }
  CHECK(changed("\"bytes\":76", "\"bytes\":-1").starts_with("4: m"));
  CHECK(changed("\"step\": 120", "\"steps\": 120").starts_with("4: m"));
}
