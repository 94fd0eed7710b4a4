/// @file   ctp/data/pairs/annotations.hpp
/// @brief  Parser of the annotation files of P9D.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/json/parse.hpp>

namespace ctp::data {

/// Nesting of the records in an annotation file, and its required fields.
struct AnnotationForm {
  bool two_level = false;       ///< industry -> id -> record, as train.json; otherwise id -> record
  bool needs_category = false;  ///< a record without `cate_name` is an error
};

/// Content of one annotation file.
struct Annotations {
  std::vector<Sample> samples;  ///< in file order; `image` is left empty
  /// In file order, including industries without a record; filled from two-level files only.
  std::vector<std::string> industries;
  std::size_t replaced = 0;  ///< titles and names in which a lone surrogate escape became U+FFFD
};

namespace detail {

/// Keeps the fields of Sample and skips all other fields, with values of any kind.
class AnnotationHandler final : public io::JsonHandler {
 public:
  AnnotationHandler(std::string file, AnnotationForm form, Annotations& out)
      : file_(std::move(file)), form_(form), record_depth_(form.two_level ? 3 : 2), out_(out) {}

  void null() override { plain_value(); }
  void boolean(bool) override { plain_value(); }
  void number(const io::JsonNumber&) override { plain_value(); }
  void string(std::string& value) override {
    if (depth() < record_depth_) refuse_level();
    const bool in_list = in_titles_ && depth() == record_depth_ + 1;
    if (!in_list && (depth() > record_depth_ || !wanted_.target)) return;
    if (replaced()) ++out_.replaced;
    if (in_list) {
      titles_.push_back(std::move(value));
      return;
    }
    *wanted_.target = std::move(value);
    *wanted_.there = true;
  }

  void begin_object() override {
    if (depth() == record_depth_ + 1) refuse_wanted();
    refuse_in_list(1);
    if (depth() != record_depth_) return;
    record_ = Sample{};
    titles_.clear();
    has_title_ = has_category_ = has_industry_ = false;
  }
  void end_object() override {
    if (depth() == record_depth_) finish_record();
  }
  void begin_array() override {
    if (depth() <= record_depth_) refuse_level();
    refuse_in_list(1);
    if (depth() != record_depth_ + 1) return;
    in_titles_ = wanted_.there == &has_title_;
    if (!in_titles_) refuse_wanted();
  }
  void end_array() override {
    if (depth() != record_depth_ + 1 || !in_titles_) return;
    in_titles_ = false;
    has_title_ = true;
    if (titles_.size() >= 2) return;
    fail("text, or a list of two or more texts", titles_.empty() ? "an empty list" : "a list of one text",
         "put a single title in quotation marks, without brackets");
  }

  void key(const std::string& name) override {
    if (depth() == record_depth_) {
      wanted_ = wanted(name);
    } else if (depth() + 1 == record_depth_) {
      require_file_name(name);
      id_ = name;
    } else if (depth() + 2 == record_depth_) {
      if (name.empty()) refuse("the name of an industry", "give the industry a name");
      if (replaced()) ++out_.replaced;
      out_.industries.push_back(name);
    }
  }

 private:
  /// Target of a field's text, and the flag that records its presence; null for skipped fields.
  struct FieldTarget {
    std::string* target = nullptr;
    bool* there = nullptr;
  };

  FieldTarget wanted(const std::string& field) {
    if (field == "title") return {&record_.title, &has_title_};
    if (field == "cate_name") return {&record_.category, &has_category_};
    if (field == "industry_name" && !form_.two_level) return {&record_.industry, &has_industry_};
    return {};
  }

  void plain_value() {
    if (depth() < record_depth_) refuse_level();
    if (depth() == record_depth_) refuse_wanted();
    refuse_in_list(0);
  }
  void refuse_wanted() const {
    if (wanted_.target) refuse("text", "put it in quotation marks");
  }
  /// Refuses an item of a list of titles that is no text. `own`: levels that the item itself opens.
  void refuse_in_list(std::size_t own) const {
    if (in_titles_ && depth() == record_depth_ + 1 + own) refuse("text", "put it in quotation marks");
  }
  [[noreturn]] void fail(std::string expected, std::string found, std::string remedy) const {
    throw DataError(Complaint{io::detail::place_text(file_, place()), path(), std::move(expected), std::move(found),
                              std::move(remedy)}
                        .text());
  }
  [[noreturn]] void refuse_level() const {
    refuse("an object", form_.two_level
                            ? "the file is { industry: { item id: { \"title\": ..., \"cate_name\": ... } } }"
                            : "the file is { item id: { \"title\": ..., \"industry_name\": ... } }");
  }

  void require_file_name(const std::string& id) const {
    if (can_name_file(id) && !replaced()) return;
    refuse("an item id that can be a file name",
           "use 1 to 200 bytes without path separators, control characters and \"..\"");
  }

  void finish_record() {
    const auto require = [&](bool there, const char* field) {
      if (!there) fail(std::string("a field \"") + field + "\" with text", "none", "add it");
    };
    require(has_title_, "title");
    require(has_category_ || !form_.needs_category, "cate_name");
    require(has_industry_ || form_.two_level, "industry_name");
    if (form_.two_level) record_.industry = out_.industries.back();
    record_.id = id_;
    for (std::string& title : titles_) {
      Sample pair = record_;
      pair.title = std::move(title);
      add(std::move(pair));
    }
    if (titles_.empty()) add(std::move(record_));
    titles_.clear();
  }
  void add(Sample pair) {
    if (out_.samples.size() >= std::numeric_limits<std::uint32_t>::max() / 2) refuse("at most 2^31 records");
    pair.ordinal = static_cast<std::uint32_t>(out_.samples.size());
    out_.samples.push_back(std::move(pair));
  }

  std::string file_;
  AnnotationForm form_;
  std::size_t record_depth_;  // open objects inside a record
  Annotations& out_;
  std::string id_;
  Sample record_;
  std::vector<std::string> titles_;  // of the current record, if its title is a list
  FieldTarget wanted_;               // of the current field
  bool in_titles_ = false, has_title_ = false, has_category_ = false, has_industry_ = false;
};

}  // namespace detail

/// @brief Reads an annotation file: `title`, `cate_name` and `industry_name` of every record, in file order.
///
/// A title is a text, or a list of two or more texts: every text makes a pair of its own with the record's id. All
/// other fields are skipped, also with the values NaN and 1e999, which Python's json module writes or reads. A lone
/// surrogate escape, such as half an emoji, becomes U+FFFD in a title or a name and is counted in
/// Annotations::replaced. The parser builds no tree: peak memory is the file's text, once more if something in it was
/// replaced, plus the samples.
/// **Errors.** DataError with line, column and the path of the key for malformed JSON, a duplicate key in one object, a
/// field that is missing or not text, an item id that cannot be a file name; and as io::InputFile.
/// **Source.** The published data/pretrain_product_dataset.py, which reads these fields by these names.
inline Annotations read_annotations(const std::string& file, AnnotationForm form) {
  Annotations out;
  detail::AnnotationHandler handler(file, form, out);
  io::parse_json(io::read_text(file), file, handler, {.lenient = true});
  return out;
}

}  // namespace ctp::data
