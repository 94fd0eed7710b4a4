#include <ctp/io/weights/torch/pickle_input.hpp>

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <io/scratch.hpp>
#include <io/weights/counting_reads.hpp>

namespace io = ctp::io;
using namespace std::string_literals;

TEST_CASE("pickle_input: bytes, numbers and lines come from a part of the file, and it is read as needed") {
  const Scratch scratch;
  put(scratch / "f", "before\x01\x02\x03\x04line\n" + std::string(100'000, 'z'));
  CountingReads files;
  const io::UseFileSystem use(files);
  const io::InputFile file(scratch / "f");
  io::torch::PickleInput input(file, 6, file.size(), "data.pkl");
  CHECK(input.byte() == 1);
  CHECK(input.number(3) == 0x040302);
  CHECK(input.line() == "line");
  CHECK(input.offset() == 9);
  CHECK(files.bytes == 4096);
  CHECK(input.take(90'000) == 9);
  CHECK(input.bytes().substr(9, 3) == "zzz");
  CHECK(input.rest() == 10'000);
  CHECK(files.bytes <= 100'009);
  CHECK(input.here() == "data.pkl, byte 90009");
}

TEST_CASE("pickle_input: nothing behind the part is read") {
  const Scratch scratch;
  put(scratch / "f", "abcdef");
  const io::InputFile file(scratch / "f");
  io::torch::PickleInput input(file, 1, 4, "data.pkl");
  CHECK(input.take(3) == 0);
  CHECK(input.bytes() == "bcd");
  CHECK(message_of([&] { (void)input.byte(); }) ==
        "3: " + scratch / "f" +
            ": data.pkl, byte 3: rule 'end': expected 1 more bytes, up to the mark STOP, found 0 bytes to the end; the "
            "file is damaged or was not written by torch.save(): write it again");
  CHECK_THROWS_AS((void)input.take(UINT64_MAX), ctp::DataError);
}

TEST_CASE("pickle_input: the length of a line is limited") {
  const Scratch scratch;
  put(scratch / "f", std::string(256, 'a') + "\n" + std::string(257, 'a') + "\n");
  const io::InputFile file(scratch / "f");
  io::torch::PickleInput input(file, 0, file.size(), "data.pkl");
  CHECK(input.line().size() == 256);
  CHECK(message_of([&] { (void)input.line(); }).find("rule 'size': expected a line of at most 256 bytes") !=
        std::string::npos);
}
