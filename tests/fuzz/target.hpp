// Common parts of the fuzz targets: files in memory, and what may be thrown.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/io/file_system.hpp>

namespace fuzz {

/// Files by path, so that readers need no disk. Every folder exists and can be synced; there are no links.
class MemoryFiles final : public ctp::io::FileSystem {
 public:
  std::map<std::string, std::string> files;

  int open(const char* path, int flags, unsigned /*mode*/) override {
    if ((flags & O_DIRECTORY) != 0) return hand_out("");
    if (!files.contains(path) && (flags & O_CREAT) == 0) return fail(ENOENT);
    if (files.contains(path) && (flags & O_EXCL) != 0) return fail(EEXIST);
    if ((flags & O_TRUNC) != 0) files[path].clear();
    files[path];
    return hand_out(path);
  }
  int close(int file) override {
    open_.erase(file);
    return 0;
  }
  int status(int file, ctp::io::FileStatus& out) override { return status(open_[file].c_str(), out); }
  int status(const char* path, ctp::io::FileStatus& out) override {
    const auto at = files.find(path);
    if (at == files.end()) return fail(ENOENT);
    out = {ctp::io::FileKind::Regular, at->second.size(), {}};
    return 0;
  }
  std::int64_t read_at(int file, void* to, std::size_t bytes, std::uint64_t offset) override {
    const std::string& text = files[open_[file]];
    if (offset >= text.size()) return 0;
    const std::size_t n = std::min<std::size_t>(bytes, text.size() - offset);
    std::memcpy(to, text.data() + offset, n);
    return static_cast<std::int64_t>(n);
  }
  std::int64_t write(int file, const void* from, std::size_t bytes) override {
    files[open_[file]].append(static_cast<const char*>(from), bytes);
    return static_cast<std::int64_t>(bytes);
  }
  int sync(int /*file*/) override { return 0; }
  int rename(const char* from, const char* to) override {
    files[to] = std::move(files[from]);
    files.erase(from);
    return 0;
  }
  int remove_file(const char* path) override { return files.erase(path) > 0 ? 0 : fail(ENOENT); }
  int make_directory(const char* /*path*/) override { return 0; }
  int read_link(const char* /*path*/, std::string& /*target*/) override { return fail(EINVAL); }
  int list(const char* path, std::vector<std::string>& names) override {
    const std::string folder = std::string(path) + "/";
    for (const auto& [name, text] : files)
      if (name.starts_with(folder) && name.find('/', folder.size()) == std::string::npos)
        names.push_back(name.substr(folder.size()));
    return 0;
  }

 private:
  static int fail(int problem) {
    errno = problem;
    return -1;
  }
  int hand_out(const std::string& path) {
    open_[next_] = path;
    return next_++;
  }
  std::map<int, std::string> open_;
  int next_ = 1000;
};

/// Ends the fuzzer: something that must hold does not.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

/// Runs `work`. An error of the library is fine if it is no defect of the library and its message is one printable
/// line; anything else ends the fuzzer. True if nothing was thrown.
template <class Work>
bool allowed(const Work& work) {
  try {
    work();
    return true;
  } catch (const ctp::Error& error) {
    require(error.code() != ctp::ErrorCode::Internal, error.what());
    for (const char c : std::string(error.what()))
      require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "a message is one line without control characters");
    return false;
  }
}

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
