#include <ctp/io/weights/training_record.hpp>

#include <string>

#include <doctest/doctest.h>

namespace {

ctp::io::TrainingRecord record() {
  ctp::io::TrainingRecord r;
  r.vocabulary = {"vocab.txt", 40, ctp::io::vocabulary_fingerprint("a\nb\n")};
  r.max_words = 8;
  r.image = 64;
  r.mean = {0.1F, 0.2F, 0.3F};
  r.deviation = {0.4F, 0.5F, 0.6F};
  r.strategy = "ctp";
  r.precision = "fp32";
  r.version = "0.1.0";
  r.commit = "0123456789ab-dirty";
  return r;
}
ctp::TensorFile file_with(const std::string& entry) {
  ctp::TensorFile file;
  file.origin = "w.safetensors";
  file.metadata["training"] = entry;
  return file;
}
template <class Read>
std::string refusal(const Read& read) {
  try {
    read();
  } catch (const ctp::DataError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("training_record: a record survives being written and read, and a file without entry has none") {
  const std::string text = ctp::io::training_text(record());
  const auto back = ctp::io::training_of(file_with(text));
  REQUIRE(back);
  CHECK(ctp::io::training_text(*back) == text);
  CHECK(back->vocabulary.tokens == 40);
  CHECK(back->mean == record().mean);
  CHECK(back->commit == "0123456789ab-dirty");
  CHECK(text.find(R"("format":1,"vocabulary":{"file":"vocab.txt","tokens":40,"fingerprint":")") != std::string::npos);
  CHECK_FALSE(ctp::io::training_of(ctp::TensorFile{}));
}

TEST_CASE("training_record: the background is read, and a record without the key has none") {
  ctp::io::TrainingRecord grey = record();
  grey.background = "128";
  std::string text = ctp::io::training_text(grey);
  CHECK(ctp::io::training_of(file_with(text))->background == "128");
  const std::string key = "\"background\":\"128\",";
  REQUIRE(text.find(key) != std::string::npos);
  text.erase(text.find(key), key.size());
  CHECK(ctp::io::training_of(file_with(text))->background == "none");
}

TEST_CASE("training_record: the fingerprint of a vocabulary tells an order of tokens from another") {
  const std::string one = ctp::io::vocabulary_fingerprint("a\nb\n");
  CHECK(one == ctp::Fingerprint().add("a\nb\n").text());
  CHECK(one != ctp::io::vocabulary_fingerprint("b\na\n"));
}

TEST_CASE("training_record: an entry that is damaged or of another format is refused by file and key") {
  const std::string good = ctp::io::training_text(record());
  const auto message = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
    return refusal([&] { (void)ctp::io::training_of(file_with(text)); });
  };
  const auto names = [](const std::string& found, const std::string& part) {
    CAPTURE(found);
    CHECK(found.find("w.safetensors (metadata 'training')") == 0);
    CHECK(found.find(part) != std::string::npos);
  };
  names(message("\"format\":1", "\"format\":2"), "format: expected format 1, found 2");
  names(message("\"max_words\":8", "\"max_words\":\"8\""), "max_words: expected an integer");
  names(message("\"max_words\":8", "\"max_words\":0"), "max_words");
  names(message("\"max_words\":8,", ""), "\"max_words\"");
  names(message("\"tokens\":40", "\"tokens\":-1"), "vocabulary.tokens");
  names(message("\"strategy\":\"ctp\"", "\"strategy\":5"), "strategy: expected a string");
  names(message("\"mean\":[0.1,", "\"mean\":["), "mean: expected 3 numbers, found 2");
  names(message("\"mean\":[0.1,", "\"mean\":[null,"), "mean[0]");
  names(message("\"vocab.txt\"", "\"../../etc/passwd\""), "vocabulary.file: expected the name of a file beside");
  names(message("\"vocab.txt\"", "\"..\""), "vocabulary.file");
  names(message("\"vocab.txt\"", R"("a\n\u001b[2J")"), "vocabulary.file");
  names(message("\"vocab.txt\"", "\"\""), "vocabulary.file");
  for (const char* level : {"\"999\"", "\"256\"", "\"-1\"", "\"\"", "\"12x\"", "\"None\""})
    names(message("\"background\":\"none\"", std::string("\"background\":") + level),
          "background: expected \"none\" or a grey level from 0 to 255 as text");
  for (const char* other : {"5", "null", "[]"})
    names(message("\"background\":\"none\"", std::string("\"background\":") + other), "background: expected a string");
  for (const char* entry : {"", "{", "null", "[]", "5", "{}"})
    CHECK(refusal([&] { (void)ctp::io::training_of(file_with(entry)); }).find("w.safetensors") == 0);
  const std::string long_entry = "\"" + std::string(70000, 'x') + "\"";
  CHECK(refusal([&] {
          (void)ctp::io::training_of(file_with(long_entry));
        }).find("w.safetensors: metadata 'training': expected at most 65536 bytes, found 70002 bytes") == 0);
}

TEST_CASE("training_record: weights that are used otherwise than they were trained are refused by what differs") {
  const ctp::TensorFile file = file_with("");
  const auto message = [&](auto change) {
    ctp::io::TrainingRecord used = record();
    used.vocabulary.file = "v/vocab.txt";
    change(used);
    return refusal([&] { ctp::io::require_same_input(file, record(), used); });
  };
  CHECK(message([](auto&) {}).empty());
  CHECK(message([](auto& u) { u.strategy = "er"; }).empty());
  const std::string other = ctp::io::vocabulary_fingerprint("b\na\n");
  CHECK(message([&](auto& u) { u.vocabulary.fingerprint = other; }) ==
        "v/vocab.txt: vocabulary of w.safetensors: expected 40 tokens with fingerprint \"" +
            record().vocabulary.fingerprint + "\", from \"vocab.txt\", found 40 tokens with fingerprint \"" + other +
            "\"; give the vocabulary of these weights with --vocab");
  CHECK(message([](auto& u) { u.cleaning = "none"; }).find("w.safetensors: metadata 'training': cleaning") == 0);
  CHECK(message([](auto& u) { u.casing = "kept"; }).find("w.safetensors: metadata 'training': casing") == 0);
  CHECK(message([](auto& u) { u.image = 32; }).find("w.safetensors: metadata 'training': image: expected 32, as") == 0);
  CHECK(message([](auto& u) { u.mean[2] = 0; }).find("w.safetensors: metadata 'training': mean") == 0);
  CHECK(message([](auto& u) { u.deviation[0] = 1; }).find("w.safetensors: metadata 'training': std") == 0);
}
