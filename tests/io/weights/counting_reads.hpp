// Counts the bytes that are read from files, and the files that are opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/io/file_system.hpp>

struct CountingReads : ctp::io::FileSystem {
  std::uint64_t bytes = 0;
  std::vector<std::string> opened;
  std::int64_t read_at(int file, void* to, std::size_t count, std::uint64_t offset) override {
    const std::int64_t done = FileSystem::read_at(file, to, count, offset);
    if (done > 0) bytes += static_cast<std::uint64_t>(done);
    return done;
  }
  int open(const char* path, int flags, unsigned mode) override {
    opened.emplace_back(path);
    return FileSystem::open(path, flags, mode);
  }
};
