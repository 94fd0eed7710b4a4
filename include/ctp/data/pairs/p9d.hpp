/// @file   ctp/data/pairs/p9d.hpp
/// @brief  Data set in P9D layout: training tasks, and test, query and gallery lists.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/pairs/annotations.hpp>
#include <ctp/data/pairs/split.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/io/json/parse.hpp>
#include <ctp/io/suggest.hpp>

namespace ctp::data {

/// The tasks to use and their order, and the names of the folder's files.
struct P9dOptions {
  std::vector<std::string> tasks = {};  ///< names in the order of training; empty: all, in the order of train.json
  bool reverse = false;                 ///< reverse that order
  std::string extension = ".jpg";       ///< of image files; the content, not the extension, decides the type
  std::string train_images = "train_images";
  std::string test_images = "gallery_images";  ///< of test and query
  std::string gallery_images = "gallery_images";
  /// Accept test, query and gallery records of industries that train.json does not have. They belong to no task.
  bool allow_unlisted = false;
};

/// @brief The lists of a P9D folder, in file order. Does not open images.
///
/// Ordinals count from 0 through a whole file: they depend neither on the choice of tasks nor on their order. An item
/// id that two industries share is two training pairs with one image file. A record with a list of titles is one pair a
/// title, all with the record's id and image, in test, query and gallery as well.
class P9d {
 public:
  /// @brief Reads `folder`/json/{train,test,query,gallery}.json.
  ///
  /// **Errors.** DataError as read_annotations(), for an industry without a training pair, and for a record of an
  /// unlisted industry. UsageError listing the known names for a task that train.json does not have, and for a
  /// duplicate task.
  explicit P9d(std::string folder, P9dOptions options = {}) : folder_(std::move(folder)), options_(std::move(options)) {
    while (folder_.size() > 1 && folder_.back() == '/') folder_.pop_back();
    Annotations train = read_annotations(file("train"), {.two_level = true});
    industries_ = std::move(train.industries);
    replaced_ = train.replaced;
    train_ = std::move(train.samples);
    find_ranges();
    choose_tasks();
    test_ = read_flat("test", {});
    query_ = read_flat("query", {.needs_category = true});
    gallery_ = read_flat("gallery", {.needs_category = true});
    set_images(train_, options_.train_images);
    set_images(test_, options_.test_images);
    set_images(query_, options_.test_images);
    set_images(gallery_, options_.gallery_images);
  }

  /// Names of the tasks in the order of training.
  [[nodiscard]] const std::vector<std::string>& tasks() const { return tasks_; }
  /// All industries of train.json, chosen or not, in file order.
  [[nodiscard]] const std::vector<std::string>& industries() const { return industries_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// Titles and names of all four files in which a lone surrogate escape became U+FFFD.
  [[nodiscard]] std::size_t replaced_titles() const { return replaced_; }

  /// Every record of the file, chosen or not; a record's ordinal is its index in this list.
  [[nodiscard]] const std::vector<Sample>& train() const { return train_; }
  [[nodiscard]] const std::vector<Sample>& test() const { return test_; }
  [[nodiscard]] const std::vector<Sample>& query() const { return query_; }
  [[nodiscard]] const std::vector<Sample>& gallery() const { return gallery_; }

  /// Ordinals of one task's training pairs. **Errors.** UsageError for an unknown name.
  [[nodiscard]] std::vector<std::uint32_t> train(const std::string& task) const {
    const auto [begin, end] = ranges_[place_of(task)];
    std::vector<std::uint32_t> ordinals(end - begin);
    for (std::uint32_t i = begin; i < end; ++i) ordinals[i - begin] = i;
    return ordinals;
  }

  /// @brief Ordinals of the records that belong to any of `tasks`, in file order (not in the order of `tasks`).
  ///
  /// **Errors.** UsageError for an unknown name. test() throws DataError if one of the tasks has no test pair, as its
  /// recall is undefined. Query and gallery may be empty; the mean average precision is then undefined.
  [[nodiscard]] std::vector<std::uint32_t> test(std::span<const std::string> tasks) const {
    std::unordered_set<std::string_view> tested;
    for (const Sample& sample : test_) tested.insert(sample.industry);
    for (const std::string& task : tasks) {
      place_of(task);
      if (tested.contains(task)) continue;
      throw DataError(Complaint{file("test"), "industry_name", "at least one pair of task " + ctp::quoted(task), "none",
                                "add test pairs, or leave the task out"}
                          .text());
    }
    return of_tasks(test_, tasks);
  }
  [[nodiscard]] std::vector<std::uint32_t> query(std::span<const std::string> tasks) const {
    return of_tasks(query_, tasks);
  }
  [[nodiscard]] std::vector<std::uint32_t> gallery(std::span<const std::string> tasks) const {
    return of_tasks(gallery_, tasks);
  }

  /// @brief Removes records from a list of the evaluation; the ordinals of the later records fall accordingly.
  ///
  /// For pictures that cannot be read. **Errors.** UsageError for the training list, whose ordinals key random numbers.
  void leave_out(Split split, std::span<const std::uint32_t> ordinals) {
    if (split == Split::Train)
      throw UsageError(Complaint{"P9d::leave_out", "split", "test, query or gallery", "train", ""}.text());
    std::vector<Sample>& samples = split == Split::Test ? test_ : split == Split::Query ? query_ : gallery_;
    std::vector<bool> out(samples.size());
    for (const std::uint32_t ordinal : ordinals)
      if (ordinal < out.size()) out[ordinal] = true;
    const std::size_t before = samples.size();
    std::erase_if(samples, [&](const Sample& sample) { return out[sample.ordinal]; });
    for (std::size_t i = 0; i < samples.size(); ++i) samples[i].ordinal = static_cast<std::uint32_t>(i);
    left_out_[static_cast<std::size_t>(split)] += before - samples.size();
  }
  /// Number of records that leave_out() removed from a split.
  [[nodiscard]] std::size_t left_out(Split split) const { return left_out_[static_cast<std::size_t>(split)]; }

 private:
  struct Range {
    std::uint32_t begin = 0, end = 0;
  };

  [[nodiscard]] std::string file(const char* name) const { return folder_ + "/json/" + name + ".json"; }

  /// Fills places_ and ranges_. An industry's pairs are contiguous, because duplicate keys are refused.
  void find_ranges() {
    if (industries_.empty()) {
      throw DataError(Complaint{file("train"), "", "at least one industry", "none", "put pairs into it"}.text());
    }
    std::uint32_t at = 0;
    for (const std::string& industry : industries_) {
      const std::uint32_t begin = at;
      while (at < train_.size() && train_[at].industry == industry) ++at;
      if (at == begin) {
        throw DataError(Complaint{file("train"), io::detail::path_part(industry), "at least one pair", "none",
                                  "add pairs, or remove the industry from the file"}
                            .text());
      }
      places_.emplace(industry, ranges_.size());
      ranges_.push_back({begin, at});
    }
  }

  void choose_tasks() {
    tasks_ = options_.tasks.empty() ? industries_ : options_.tasks;
    std::unordered_set<std::string_view> seen;
    for (const std::string& task : tasks_) {
      place_of(task);
      if (!seen.insert(task).second)
        throw UsageError(Complaint{"tasks", "", "every name once", ctp::quoted(task) + " twice", ""}.text());
    }
    if (options_.reverse) std::reverse(tasks_.begin(), tasks_.end());
  }

  /// **Errors.** UsageError for a name that train.json does not have.
  std::size_t place_of(const std::string& task) const {  // also called for the check alone
    const auto it = places_.find(task);
    if (it != places_.end()) return it->second;
    throw UsageError(
        Complaint{"tasks", "", "industries of " + file("train"), ctp::quoted(task), names_like(task)}.text());
  }

  /// `did you mean "x"? known: "a", "b", "c"`, at most 50 names and 80 bytes of each.
  [[nodiscard]] std::string names_like(const std::string& name) const {
    const std::string nearest = io::nearest_name(name, industries_);
    std::string text = nearest.empty() ? "known:" : "did you mean " + ctp::quoted(nearest) + "? known:";
    for (std::size_t i = 0; i < industries_.size() && i < 50; ++i)
      text += (i == 0 ? " " : ", ") + ctp::quoted(industries_[i], 80);
    return industries_.size() > 50 ? text + ", ..." : text;
  }

  [[nodiscard]] std::vector<Sample> read_flat(const char* name, AnnotationForm form) {
    Annotations list = read_annotations(file(name), form);
    replaced_ += list.replaced;
    std::vector<Sample> samples = std::move(list.samples);
    for (const Sample& sample : samples) {
      if (options_.allow_unlisted || places_.contains(sample.industry)) continue;
      throw DataError(Complaint{file(name), sample.id + " > industry_name", "an industry of train.json",
                                ctp::quoted(sample.industry), names_like(sample.industry)}
                          .text());
    }
    return samples;
  }

  void set_images(std::vector<Sample>& samples, const std::string& images) const {
    for (Sample& sample : samples) {
      sample.image.reserve(folder_.size() + images.size() + sample.id.size() + options_.extension.size() + 2);
      sample.image.append(folder_).append("/").append(images).append("/").append(sample.id).append(options_.extension);
    }
  }

  [[nodiscard]] std::vector<std::uint32_t> of_tasks(const std::vector<Sample>& samples,
                                                    std::span<const std::string> tasks) const {
    for (const std::string& task : tasks) place_of(task);
    const std::unordered_set<std::string_view> wanted(tasks.begin(), tasks.end());
    std::vector<std::uint32_t> ordinals;
    for (const Sample& sample : samples) {
      if (wanted.contains(sample.industry)) ordinals.push_back(sample.ordinal);
    }
    return ordinals;
  }

  std::string folder_;
  P9dOptions options_;
  std::vector<std::string> industries_, tasks_;
  std::vector<Range> ranges_;                            // by place in industries_
  std::unordered_map<std::string, std::size_t> places_;  // of the names in industries_
  std::vector<Sample> train_, test_, query_, gallery_;
  std::size_t replaced_ = 0;
  std::array<std::size_t, 4> left_out_{};  // by split
};

}  // namespace ctp::data
