#include <ctp/data/pairs/file_finder.hpp>

#include <string>

#include <doctest/doctest.h>

#include <data/temporary_folder.hpp>

using ctp::data::FileFinder;
using ctp::data::is_system_file;
using test::TemporaryFolder;

namespace {
// The same names composed and decomposed.
const std::string cafe_c = "caf\xC3\xA9", cafe_d = "cafe\xCC\x81";
}  // namespace

TEST_CASE("file finder: a name in another normal form is found where exactly one file matches") {
  const TemporaryFolder folder;
  folder.write("plain.jpg", "x");
  folder.write(cafe_d + "/" + cafe_d + ".jpg", "x");
  folder.write(cafe_c + ".png", "x");
  FileFinder finder(folder.path());
  CHECK(finder.find("plain.jpg") == folder.path("plain.jpg"));
  CHECK(finder.normalised() == 0);
  CHECK(finder.find(cafe_c + "/" + cafe_c + ".jpg") == folder.path(cafe_d + "/" + cafe_d + ".jpg"));
  CHECK(finder.find(cafe_d + ".png") == folder.path(cafe_c + ".png"));
  CHECK(finder.find(folder.path(cafe_d + ".png")) == folder.path(cafe_c + ".png"));
  CHECK(finder.normalised() == 3);
  CHECK(!finder.find("cafe.png"));
  CHECK(!finder.find("none/" + cafe_c + ".jpg"));
  CHECK(!finder.find("plain.jpg/x"));
  CHECK(!finder.find("\xFF.jpg"));
}

TEST_CASE("file finder: two files of one normal form are told apart by their own spelling only") {
  const TemporaryFolder folder;
  // U+212B (the Angstrom sign), U+00C5 and A with a ring above have one normal form.
  folder.write("\xE2\x84\xAB.jpg", "x");
  folder.write("\xC3\x85.jpg", "x");
  FileFinder finder(folder.path());
  CHECK(finder.find("\xC3\x85.jpg") == folder.path("\xC3\x85.jpg"));
  CHECK(!finder.find("A\xCC\x8A.jpg"));
}

TEST_CASE("file finder: the hint names a file that differs in case, suffix or a letter") {
  const TemporaryFolder folder;
  for (const char* name : {"A.JPG", "b.png", "b.txt", "teapot.jpg"}) folder.write(name, "x");
  FileFinder finder(folder.path());
  CHECK(finder.hint("a.jpg") == "did you mean \"A.JPG\"?");
  CHECK(finder.hint("b.jpg") == "did you mean \"b.png\"?");
  CHECK(finder.hint("teapod.jpg") == "did you mean \"teapot.jpg\"?");
  CHECK(finder.hint("http://example.org/a.jpg") == "pictures are files; download them first");
  CHECK(finder.hint("nothing/of/this.kind") == "files are relative to the folder of pictures");
}

TEST_CASE("file finder: near names are looked for a limited number of times, other case and suffix always") {
  const TemporaryFolder folder;
  for (const char* name : {"A.JPG", "b.png", "teapot.jpg"}) folder.write(name, "x");
  FileFinder finder(folder.path());
  for (int i = 0; i < FileFinder::most_near_searches; ++i) {
    CHECK(finder.hint("a.jpg") == "did you mean \"A.JPG\"?");  // this needs no search
    CHECK(finder.hint("teapod.jpg") == "did you mean \"teapot.jpg\"?");
  }
  CHECK(finder.hint("teapod.jpg") == "files are relative to the folder of pictures");
  CHECK(finder.hint("a.jpg") == "did you mean \"A.JPG\"?");
  CHECK(finder.hint("b.jpg") == "did you mean \"b.png\"?");
}

TEST_CASE("file finder: files of the system are known by name") {
  for (const char* name : {"._a.jpg", ".DS_Store", "Thumbs.db", "THUMBS.DB", "desktop.ini"}) {
    CAPTURE(name);
    CHECK(is_system_file(name));
  }
  for (const char* name : {"a.jpg", "_a.jpg", ".a.jpg", "thumbs.jpg", ""}) {
    CAPTURE(name);
    CHECK(!is_system_file(name));
  }
}
