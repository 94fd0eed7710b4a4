#include <ctp/io/weights/torch/state_dict.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/io/weights/torch/pickle_machine.hpp>

#include <io/scratch.hpp>
#include <io/weights/hex_lines.hpp>

namespace io = ctp::io;
using namespace std::string_literals;

namespace {

std::string text(const std::string& word) { return "X"s + static_cast<char>(word.size()) + "\0\0\0"s + word; }
std::string dict(const std::string& pairs) { return "}(" + pairs + "u"; }
/// A tensor of one element: of rank 0, or of another shape with its strides.
std::string tensor(const std::string& shape_and_strides = "))") {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text("0") +
         text("cpu") + "K\x01tQK\0"s + shape_and_strides + "\x89}tR";
}

/// The names that are found in a pickle, or the message.
std::string names_in(const std::string& value) {
  const Scratch scratch;
  put(scratch / "f", "\x80\x02" + value + ".");
  const io::InputFile file(scratch / "f");
  io::torch::PickleInput input(file, 0, file.size(), "data.pkl");
  const auto data = io::torch::read_pickle(input);
  std::string names;
  const std::string message = message_of([&] {
    for (const auto& view : io::torch::named_views(data, "f", "data.pkl")) names += view.name + " ";
  });
  return message == "none" ? names : message;
}

}  // namespace

TEST_CASE("state_dict: a dict of tensors is the weights, and other values are passed over") {
  CHECK(names_in(dict(text("b") + tensor() + text("n") + "K\x05" + text("a") + tensor() + text("d") + "}")) == "b a ");
}

TEST_CASE("state_dict: the usual keys lead to the weights") {
  const std::string weights = dict(text("w") + tensor()), other = dict(text("o") + tensor());
  for (const char* key : {"state_dict", "model_state_dict", "model", "module"}) {
    CAPTURE(key);
    CHECK(names_in(dict(text(key) + weights)) == "w ");
    CHECK(names_in(dict(text("ema") + other + text(key) + weights)) == "w ");
    CHECK(names_in(dict(text("loss") + tensor() + text(key) + weights)) == "w ");
    CHECK(names_in(dict(text("head") + tensor("K\x01\x85K\x01\x85") + text(key) + weights)) ==
          "3: f: data.pkl: rule 'state dict': expected no tensor but of rank 0 beside the dict \"" + std::string(key) +
              "\", found a dict with the keys \"head\", \"" + key +
              "\"; save the tensors alone: torch.save(model.state_dict(), name)");
  }
  CHECK(names_in(dict(text("model") + other + text("state_dict") + weights))
            .find("rule 'state dict': expected one of the usual keys with tensors, found both \"state_dict\" and "
                  "\"model\"; save the tensors alone") != std::string::npos);
  CHECK(names_in(dict(text("module") + other + text("model") + weights)).find("both \"model\" and \"module\"") !=
        std::string::npos);
  CHECK(names_in(dict(text("state_dict") + dict(text("model") + weights))) == "w ");
  // A key without tensors does not count: here the configuration of the model.
  CHECK(names_in(dict(text("model") + dict(text("width") + "K\x04") + text("net") + weights)) == "w ");
  CHECK(names_in(dict(text("model") + "K\x04" + text("w") + tensor())) == "w ");
}

TEST_CASE("state_dict: one dict of tensors under any key is found, two are not guessed between") {
  const std::string weights = dict(text("w") + tensor());
  CHECK(names_in(dict(text("net") + weights + text("epoch") + "K\x03")) == "w ");
  CHECK(
      names_in(dict(text("net") + weights + text("ema") + weights)) ==
      "3: f: data.pkl: rule 'state dict': expected one dict with tensors, and nothing but tensors in it, found a dict "
      "with the keys \"net\", \"ema\"; save the tensors alone: torch.save(model.state_dict(), name)");
  CHECK(names_in(dict(text("net") + weights + text("w") + tensor())).find("rule 'state dict'") != std::string::npos);
}

TEST_CASE("state_dict: one dict that is there many times is not searched each time") {
  std::string inner = "}q\0("s, outer = "}q\1("s;
  for (int i = 0; i < 200'000; ++i) inner += "K\1N";
  for (int i = 0; i < 200'000; ++i) outer += "K\1h\0"s;  // a search of each would take 40,000 million steps
  CHECK(names_in(inner + "u0" + outer + "u").find("rule 'state dict': expected a dict with tensors") !=
        std::string::npos);
}

TEST_CASE("state_dict: what is no dict of names and tensors is refused by its rule") {
  std::size_t refused = 0;
  for (const auto& [rule, name, bytes] : hex_lines(std::string(CTP_GOLDEN_DIR) + "/torch/bad_pickles.txt")) {
    if (rule != "state dict" && rule != "names") continue;
    CAPTURE(name);
    ++refused;
    CHECK(names_in(bytes.substr(2, bytes.size() - 3)).starts_with("3: f: data.pkl: rule '" + rule + "': expected "));
  }
  CHECK(refused == 19);
}
