// JSON: events and documents agree; what is accepted, nlohmann accepts, too; getters throw only the library's errors.
#include "target.hpp"

#include <nlohmann/json.hpp>

#include <ctp/core/utf8.hpp>
#include <ctp/io/json/document.hpp>
#include <ctp/io/json/parse.hpp>

namespace {

int left = 0;  // values still looked at; exceptions are slow

void walk(const ctp::io::JsonView& value) {
  using ctp::io::JsonKind;
  if (--left < 0) return;
  fuzz::allowed([&] { (void)value.integer(-5, 5); });
  fuzz::allowed([&] { (void)value.unsigned_integer(); });
  fuzz::allowed([&] { (void)value.number(-1, 1); });
  fuzz::allowed([&] { (void)value.string(); });
  fuzz::allowed([&] { (void)value.boolean(); });
  fuzz::allowed([&] { (void)value.at("no such key"); });
  fuzz::allowed([&] { (void)value.at(std::size_t{7}); });
  fuzz::allowed([&] { value.allow_only({"batch_size", "epochs"}); });
  if (value.kind() == JsonKind::Object)
    for (const std::string& key : value.keys()) walk(value.at(key));
  if (value.kind() == JsonKind::Array)
    for (std::size_t i = 0; i < value.size(); ++i) walk(value.at(i));
}

class Counter final : public ctp::io::JsonHandler {
 public:
  int open = 0;
  void null() override { look(); }
  void boolean(bool /*v*/) override { look(); }
  void number(const ctp::io::JsonNumber& n) override {
    look();
    fuzz::require(n.value - n.value == 0, "a number is finite");
  }
  void string(std::string& s) override {
    look();
    fuzz::require(ctp::valid_utf8_prefix(s) == s.size(), "a string is UTF-8");
  }
  void key(const std::string& /*name*/) override { look(); }
  void begin_object() override { look(), ++open; }
  void begin_array() override { look(), ++open; }
  void end_object() override { look(), --open; }
  void end_array() override { look(), --open; }

 private:
  int events_ = 0;
  void look() {
    if (++events_ < 40) (void)place();
    (void)token();
    fuzz::require(depth() <= 64, "depth");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool comments = (data[0] & 1U) != 0;
  const std::string text = fuzz::text_of(data + 1, size - 1);
  const ctp::io::JsonOptions options{.comments = comments};
  Counter counter;
  const bool events = fuzz::allowed([&] { ctp::io::parse_json(text, "f", counter, options); });
  const bool document = fuzz::allowed([&] {
    const auto parsed = ctp::io::parse_json_document(text, "f", options);
    left = data[0] < 16 ? 12 : 0;
    walk(parsed.root());
  });
  fuzz::require(events == document, "events and documents agree");
  if (!events) return 0;
  fuzz::require(counter.open == 0, "everything that begins ends");
  fuzz::require(nlohmann::json::accept(text, comments), "nlohmann accepts the text, too");
  return 0;
}
