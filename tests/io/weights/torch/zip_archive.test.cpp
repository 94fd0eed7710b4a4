#include <ctp/io/weights/torch/zip_archive.hpp>

#include <set>
#include <string>

#include <doctest/doctest.h>

#include <io/scratch.hpp>
#include <io/weights/hex_lines.hpp>

namespace io = ctp::io;

namespace {

const std::string golden = std::string(CTP_GOLDEN_DIR) + "/torch/";

io::torch::ZipDirectory directory_of(const std::string& path) {
  const io::InputFile file(path);
  return io::torch::read_zip_directory(file);
}

}  // namespace

TEST_CASE("zip_archive: the entries of an archive of PyTorch lie where the directory says") {
  for (const char* name : {"v1.13_zip.pth", "v2.15_zip.pth"}) {
    CAPTURE(name);
    const std::string bytes = get(golden + name);
    const auto entries = directory_of(golden + name);
    const std::string folder = entries.begin()->first.substr(0, entries.begin()->first.find('/') + 1);
    REQUIRE(entries.contains(folder + "version"));
    const auto [offset, size] = entries.at(folder + "version");
    CHECK(bytes.substr(offset, size) == "3\n");
    const auto pickle = entries.at(folder + "data.pkl");
    CHECK(bytes.substr(pickle.offset, 2) == "\x80\x02");
    CHECK(bytes[pickle.offset + pickle.size - 1] == '.');
    CHECK(entries.at(folder + "data/0").size == 24);
    CHECK(entries.at(folder + "data/0").offset % 64 == 0);  // as torch.save() aligns them
  }
}

TEST_CASE("zip_archive: each damaged archive is refused by the rule that it breaks") {
  const Scratch scratch;
  const std::set<std::string> of_the_directory{"end record", "zip64",      "entries",      "names",
                                               "stored",     "encryption", "local header", "overlap"};
  std::size_t refused = 0;
  for (const auto& [rule, name, bytes] : hex_lines(golden + "bad_archives.txt")) {
    CAPTURE(name);
    put(scratch / "f", bytes);
    const std::string message = message_of([&] { (void)directory_of(scratch / "f"); });
    CAPTURE(message);
    if (!of_the_directory.contains(rule)) {
      CHECK(message == "none");
      continue;
    }
    ++refused;
    CHECK(message.starts_with("3: " + scratch / "f" + ": "));
    CHECK(message.find(": rule '" + rule + "': expected ") != std::string::npos);
    CHECK(message.find(", found ") != std::string::npos);
    CHECK(message.find("; ") != std::string::npos);
  }
  CHECK(refused == 48);
}

TEST_CASE("zip_archive: a refusal says what was found and how to pack the files") {
  const Scratch scratch;
  const auto message = [&](const std::string& name) {
    for (const auto& line : hex_lines(golden + "bad_archives.txt"))
      if (line.name == name) put(scratch / "f", line.bytes);
    return message_of([&] { (void)directory_of(scratch / "f"); });
  };
  CHECK(message("deflated").ends_with("method 8; unpack the archive and pack it with zip -0 -r -D"));
  CHECK(message("a folder")
            .ends_with("expected files alone, found a folder; unpack the archive and pack it with zip "
                       "-0 -r -D"));
  CHECK(message("a comment").find("without a comment, found the bytes ") != std::string::npos);
  CHECK(message("a byte behind the end").find("found the bytes 4b 05 06 00; ") != std::string::npos);
  CHECK(message("a backslash").find("without '..', backslash, colon and NUL, found \"") != std::string::npos);
  CHECK(message("another name").find("found the bytes 50 4b 03 04 and 10 bytes of name, \"") != std::string::npos);
  CHECK(message("another method").find("found method 8, flags 0; ") != std::string::npos);
}

TEST_CASE("zip_archive: an archive that ends at any other byte is refused") {
  const Scratch scratch;
  const std::string bytes = hex_lines(golden + "bad_archives.txt").front().bytes;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    CAPTURE(n);
    put(scratch / "f", bytes.substr(0, n));
    CHECK(message_of([&] { (void)directory_of(scratch / "f"); }).find("rule 'end record'") != std::string::npos);
  }
}
