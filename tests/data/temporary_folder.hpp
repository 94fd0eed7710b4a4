// A temporary folder for one test, and a small P9D layout.
#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

namespace test {

class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("ctp-data-test-" + std::to_string(::getpid()) + "-" + std::to_string(counter()++))) {
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// Writes a file, making its folder; returns its path.
  std::string write(const std::string& name, const std::string& content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file.string();
  }
  [[nodiscard]] std::string path(const std::string& name = "") const {
    return name.empty() ? path_.string() : (path_ / name).string();
  }

 private:
  static std::atomic<int>& counter() {
    static std::atomic<int> count{0};
    return count;
  }
  std::filesystem::path path_;
};

/// Two industries with two training pairs each, and one record in each other list for both.
inline void write_small_p9d(const TemporaryFolder& folder) {
  folder.write(
      "json/train.json",
      R"({"Food":{"f1":{"title":"tea"},"f0":{"title":"honey"}},"Toys":{"t1":{"title":"cube"},"f1":{"title":"car"}}})");
  const std::string flat =
      R"({"a":{"title":"tea","cate_name":"teas","industry_name":"Toys"},"b":{"title":"car","cate_name":"cars","industry_name":"Food"}})";
  for (const char* name : {"test", "query", "gallery"}) folder.write(std::string("json/") + name + ".json", flat);
}

}  // namespace test
