// P9D folders: four annotation files, parted by a byte 0xFE, and the lists that are made of them.
#include "target.hpp"

#include <span>

#include <ctp/data/pairs/p9d.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == 0xFE && parts.size() < 4)
      parts.emplace_back();
    else
      parts.back() += static_cast<char>(data[i]);
  }
  fuzz::MemoryFiles files;
  const char* const names[] = {"train", "test", "query", "gallery"};
  for (std::size_t i = 0; i < 4; ++i)
    files.files[std::string("f/json/") + names[i] + ".json"] = i < parts.size() ? parts[i] : "{}";
  const ctp::io::UseFileSystem use(files);
  fuzz::allowed([&] {
    const ctp::data::P9d stream("f", {.tasks = {}, .reverse = size % 2 == 0});
    for (const auto* list : {&stream.train(), &stream.test(), &stream.query(), &stream.gallery()}) {
      for (const auto& sample : *list) {
        fuzz::require(!sample.id.empty(), "an id");
        fuzz::require(sample.id.find('/') == std::string::npos && sample.id.find("..") == std::string::npos,
                      "an id leads out of the folder");
        fuzz::require(sample.image.starts_with("f/"), "a picture lies in the folder");
      }
    }
    for (const std::string& task : stream.tasks()) {
      fuzz::require(!stream.train(task).empty(), "a task has pairs");
      fuzz::allowed([&] { (void)stream.test(std::span(&task, 1)); });
    }
  });
  return 0;
}
