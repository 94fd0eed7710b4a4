#include <ctp/io/weights/torch/pickle_machine.hpp>

#include <cstdint>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include <io/scratch.hpp>
#include <io/weights/hex_lines.hpp>

namespace io = ctp::io;
using namespace std::string_literals;
using io::torch::PickleKind;

namespace {

struct Pickles {
  Scratch scratch;

  io::torch::PickleData read(const std::string& bytes) {
    put(scratch / "f", bytes);
    const io::InputFile file(scratch / "f");
    io::torch::PickleInput input(file, 0, file.size(), "data.pkl");
    return io::torch::read_pickle(input);
  }
  std::string problem(const std::string& bytes) {
    return message_of([&] { (void)read(bytes); });
  }
};

const std::string start = "\x80\x02"s;

}  // namespace

TEST_CASE("pickle_machine: each malicious or damaged pickle is refused by the rule that it breaks") {
  Pickles pickles;
  const std::set<std::string> of_the_weights{"state dict", "names", "copies"};  // see state_dict and torch_views
  std::size_t refused = 0;
  for (const auto& [rule, name, bytes] : hex_lines(std::string(CTP_GOLDEN_DIR) + "/torch/bad_pickles.txt")) {
    CAPTURE(name);
    const std::string message = pickles.problem(bytes);
    CAPTURE(message);
    if (rule == "none" || of_the_weights.contains(rule)) {
      CHECK(message == "none");
      continue;
    }
    ++refused;
    CHECK(message.starts_with("3: " + pickles.scratch / "f" + ": data.pkl, byte "));
    CHECK(message.find(": rule '" + rule + "': expected ") != std::string::npos);
    CHECK(message.find(", found ") != std::string::npos);
    CHECK(message.find("; ") != std::string::npos);  // a remedy
  }
  CHECK(refused == 138);
}

TEST_CASE("pickle_machine: a refusal names file, byte, opcode, rule, what was found and what to do") {
  Pickles pickles;
  CHECK(pickles.problem(start + "cos\nsystem\n(X\x02\0\0\0lstR."s) ==
        "3: " + pickles.scratch / "f" +
            ": data.pkl, byte 2, GLOBAL: rule 'globals': expected a name that weights need, such as "
            "torch._utils._rebuild_tensor_v2, found \"os.system\"; in a trusted Python, save the tensors alone: "
            "torch.save(model.state_dict(), name)");
  CHECK(pickles.problem("PROTO").find("expected PROTO at the beginning, found PERSID; ") != std::string::npos);
  CHECK(pickles.problem(start + "}q\x01.")
            .find("byte 3, BINPUT: rule 'memo': expected a place up to 0, found 1; if "
                  "Python 2 wrote the file, load it and save it again in Python 3") != std::string::npos);
  CHECK(pickles.problem(start + "N\x81.")
            .find("data.pkl, byte 3, NEWOBJ: rule 'opcodes': expected an opcode that makes "
                  "data, found NEWOBJ; ") != std::string::npos);
}

TEST_CASE("pickle_machine: numbers, texts and containers are what Python wrote") {
  Pickles pickles;
  const auto integer = [&](const std::string& code) { return pickles.read(start + code + ".").root.integer(); };
  CHECK(integer("K\xFF"s) == 255);
  CHECK(integer("M\xFF\xFF"s) == 65535);
  CHECK(integer("J\xFF\xFF\xFF\xFF"s) == -1);
  CHECK(integer("\x8A\x00"s) == 0);
  CHECK(integer("\x8A\x01\xFF"s) == -1);
  CHECK(integer("\x8A\x02\xFF\x00"s) == 255);
  CHECK(integer("\x8A\x08\0\0\0\0\0\0\0\x80"s) == INT64_MIN);
  CHECK(integer("\x8B\x01\0\0\0\x80"s) == -128);
  CHECK(integer("\x88"s) == 1);
  CHECK(pickles.read(start + "N.").root.kind == PickleKind::None);
  CHECK(pickles.read(start + "G\x3F\xF0\0\0\0\0\0\0."s).root.kind == PickleKind::Float);
  CHECK(pickles.read(start + "C\x01z."s).root.kind == PickleKind::Bytes);
  for (const std::string& code :
       {"X\x02\0\0\0hi"s, "\x8C\x02hi"s, "\x8D\x02\0\0\0\0\0\0\0hi"s, "U\x02hi"s, "T\x02\0\0\0hi"s}) {
    const auto data = pickles.read(start + code + ".");
    CHECK((data.root.kind == PickleKind::Text && data.text(data.root) == "hi"));
  }
  const auto large = pickles.read(start + "\x8A\x09\0\0\0\0\0\0\0\0\x01."s);
  CHECK((large.root.kind == PickleKind::Long && large.text(large.root) == "\0\0\0\0\0\0\0\0\x01"s));
  const auto list = pickles.read(start + "](K\x01K\x02" + "eK\x03" + "a.");
  REQUIRE(list.items(list.root).size() == 3);
  CHECK(list.items(list.root)[2].integer() == 3);
  const auto shared = pickles.read(start + "]q\x00h\x00\x86h\x00K\x07"s + "a0."s);
  CHECK(shared.items(shared.items(shared.root)[0])[0].integer() == 7);  // both places are one list
  CHECK(shared.length == shared.bytes.size());
}

TEST_CASE("pickle_machine: a pickle that ends at any other byte is refused") {
  Pickles pickles;
  const std::string bytes = hex_lines(std::string(CTP_GOLDEN_DIR) + "/torch/bad_pickles.txt").front().bytes;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    CAPTURE(n);
    CHECK(pickles.problem(bytes.substr(0, n)).find("rule 'end'") != std::string::npos);
  }
  CHECK(pickles.read(bytes + "more").length == bytes.size());  // what follows is the caller's
}

TEST_CASE("pickle_machine: values, memo and tensors are limited") {
  Pickles pickles;
  const auto repeated = [](const std::string& code, std::size_t n) {
    std::string text;
    text.reserve(code.size() * n);
    for (std::size_t i = 0; i < n; ++i) text += code;
    return text;
  };
  constexpr std::size_t most = io::torch::limits::values;
  CHECK(pickles.problem(start + repeated("N", most + 1) + ".").find("rule 'size': expected at most 4000000 values") !=
        std::string::npos);
  CHECK(pickles.problem(start + repeated("(", most + 1) + ".").find("rule 'size'") != std::string::npos);
  CHECK(pickles.problem(start + "N" + repeated("\x94", most + 1) + ".").find("rule 'memo'") != std::string::npos);
  const std::string tensor =
      "ctorch._utils\n_rebuild_tensor_v2\nq\0((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"s +
      "0X\3\0\0\0cpuK\4tQK\0K\4\x85K\1\x85\x89}tq\1R0"s;
  CHECK(pickles.problem(start + tensor + repeated("h\0h\1R0"s, 1000) + "N.") == "none");
  CHECK(pickles.problem(start + tensor + repeated("h\0h\1R0"s, io::torch::limits::tensors) + "N.")
            .find("rule 'size': expected at most 200000 tensors") != std::string::npos);
}
