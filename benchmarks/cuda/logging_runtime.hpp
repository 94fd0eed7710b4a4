/// @file   benchmarks/cuda/logging_runtime.hpp
/// @brief  A kernel runtime that computes nothing and writes down what it would launch.
///
/// Its memory is address space alone, so that a training of any size runs on any machine. Downloads give zeros.
#pragma once

#include <sys/mman.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ctp/backend/concepts.hpp>
#include <ctp/backend/cuda/kernel/skip_flag.hpp>
#include <ctp/backend/cuda/kernel/weight_copies.hpp>
#include <ctp/backend/cuda/operations.hpp>
#include <ctp/backend/cuda/runtime/input_queue.hpp>
#include <ctp/backend/precision.hpp>

#include "kernel_names.hpp"

namespace bench {

using ctp::Index;

/// The launches written down so far: each distinct one with its number, or one after the other.
class LaunchLog {
 public:
  static LaunchLog& the() {
    static LaunchLog log;
    return log;
  }
  bool enabled = false, captured = false, in_order = false;
  ctp::precision::Choice precision = ctp::precision::Choice::Bf16;

  void add(const std::string& launch) {
    if (!enabled) return;
    const std::string line = launch + (captured ? "" : ",\"outside\":1");
    const auto [found, fresh] = place_.emplace(line, lines_.size());
    if (!fresh && in_order) found->second = lines_.size();
    if (fresh || in_order) lines_.emplace_back(line, 0);
    ++lines_[found->second].second;
  }
  void print(std::FILE* to) const {
    for (const auto& [line, count] : lines_) std::fprintf(to, "{\"count\":%ld,%s}\n", count, line.c_str());
  }

 private:
  std::vector<std::pair<std::string, long>> lines_;
  std::unordered_map<std::string, std::size_t> place_;
};

/// Address space that nobody reads or writes, so that it takes no memory.
struct Unmap {
  std::size_t bytes = 0;
  void operator()(std::byte* p) const { ::munmap(p, bytes); }
};
using AddressSpace = std::unique_ptr<std::byte[], Unmap>;
inline AddressSpace reserve(std::size_t bytes) {
  if (bytes == 0) return {};
  void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<std::byte*>(p), Unmap{bytes}};
}

class LoggingStreams {
 public:
  struct Event {
    void wait() const {}
  };
  static AddressSpace allocate_pinned(std::size_t bytes) { return reserve(bytes); }
  static AddressSpace allocate(std::size_t bytes) { return reserve(bytes); }
  void copy(const std::byte*, std::size_t bytes, std::byte*, const Event&, Event&) {
    LaunchLog::the().add("\"transfer\":\"input\",\"bytes\":" + std::to_string(bytes));
  }
  void mark(Event&) {}
};

/// As detail::RoundRows of runtime/product.cuh, which only nvcc compiles.
struct RoundRows {
  Index columns, stride;
  const float* from;
  std::uint16_t* to;
  void operator()(Index) const {}
};

/// The Runtime of backend::cuda::Operations, as backend::cuda::DeviceRuntime.
struct LoggingRuntime {
  using Block = AddressSpace;
  using InputQueue = ctp::backend::cuda::InputQueue<LoggingStreams>;
  using Choice = ctp::precision::Choice;

  /// The launches of work() become nodes of a graph.
  struct Capture {
    template <class Work>
    void capture(const Work& work) {
      LaunchLog::the().captured = true;
      work();
      LaunchLog::the().captured = false;
    }
    void replay() {}
  };

  static Block allocate(std::size_t bytes) { return reserve(bytes); }
  template <class T>
  static void zero(T* p, std::ptrdiff_t n) {
    if (skips())
      ctp::backend::cuda::launch_each<LoggingRuntime>(n, ctp::backend::cuda::kernel::ZeroEach<T>{p});
    else if (n > 0)
      transfer("zero", static_cast<std::size_t>(n) * sizeof(T));
  }
  template <class T>
  static void copy(const T* from, std::ptrdiff_t n, T* to) {
    if (skips())
      ctp::backend::cuda::launch_each<LoggingRuntime>(n, ctp::backend::cuda::kernel::CopyEach<T>{from, to});
    else if (n > 0)
      transfer("copy", static_cast<std::size_t>(n) * sizeof(T));
  }
  template <class From, class To>
  static void upload(const From*, std::ptrdiff_t n, To*) {
    transfer("upload", static_cast<std::size_t>(n) * sizeof(To));
  }
  template <class From, class To>
  static void download(const From*, std::ptrdiff_t n, To* to) {
    transfer("download", static_cast<std::size_t>(n) * sizeof(From));
    for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = To();
  }
  static void* scratch(std::size_t bytes) { return temporary<0>(bytes); }
  static void* packed_scratch(std::size_t bytes) { return temporary<1>(bytes); }
  static void* weight_copy(std::size_t number, std::size_t bytes) {
    static std::array<AddressSpace, ctp::backend::cuda::WeightCopies::most> copies;
    static std::array<std::size_t, ctp::backend::cuda::WeightCopies::most> most{};
    if (bytes > most.at(number)) copies.at(number) = reserve(most.at(number) = bytes);
    return copies.at(number).get();
  }
  /// Of an H100 or H200: what one block may ask for.
  static std::size_t shared_limit() { return std::size_t{227} * 1024; }
  static bool rounds_operands() { return LaunchLog::the().precision == Choice::Bf16; }
  static bool multiplies_in_tf32() { return LaunchLog::the().precision == Choice::Tf32; }

  template <class Body>
  static void launch(Index blocks, int threads, std::size_t shared, const Body& body) {
    if (!LaunchLog::the().enabled) return;
    Numbers numbers;
    numbers.read(body);
    LaunchLog::the().add("\"kernel\":\"" + kernel_name(typeid(Body)) + "\",\"blocks\":" + std::to_string(blocks) +
                         ",\"threads\":" + std::to_string(threads) + ",\"shared\":" + std::to_string(shared) +
                         (skips() ? ",\"skips\":1" : "") + numbers.text());
  }

  template <class Work>
  static void skip_if(const std::int32_t* skip_flag, const Work& work) {
    ctp::backend::cuda::SkipFlag::skip_if(skip_flag, work);
  }

  static void matrix_product(const ctp::backend::cuda::MatrixProduct<float>& asked) {
    const auto p = ctp::backend::cuda::with_weight_copies<LoggingRuntime>(asked);
    const bool rounds = rounds_operands() && !p.single;
    if (rounds && !p.a.packed)
      ctp::backend::cuda::launch_each<LoggingRuntime>(
          p.m * p.k, RoundRows{p.transpose_a ? p.m : p.k, p.lda, p.a.plain(), nullptr});
    if (rounds && !p.b.packed)
      ctp::backend::cuda::launch_each<LoggingRuntime>(
          p.k * p.n, RoundRows{p.transpose_b ? p.k : p.n, p.ldb, p.b.plain(), nullptr});
    if (p.packed_d != nullptr && p.bias != nullptr && p.packed_bias == nullptr)
      ctp::backend::cuda::launch_each<LoggingRuntime>(p.n, RoundRows{p.n, p.n, p.bias, nullptr});
    const auto flag = [](const char* name, bool set) { return set ? std::string(",\"") + name + "\":1" : ""; };
    const std::string precision = rounds ? "bf16" : multiplies_in_tf32() && !p.single ? "tf32" : "fp32";
    LaunchLog::the().add(
        "\"product\":\"" + precision + "\",\"m\":" + std::to_string(p.m) + ",\"n\":" + std::to_string(p.n) +
        ",\"k\":" + std::to_string(p.k) + flag("transpose_a", p.transpose_a) + flag("transpose_b", p.transpose_b) +
        flag("bias", p.bias != nullptr) + flag("adds", p.beta != 0) + flag("packed", p.packed_d != nullptr));
    if (skips()) copy(p.d, p.m * p.n, p.d);  // as DeviceRuntime: the product does not read the flag
  }

 private:
  static bool skips() { return ctp::backend::cuda::SkipFlag::flag() != nullptr; }
  static void transfer(const char* what, std::size_t bytes) {
    LaunchLog::the().add("\"transfer\":\"" + std::string(what) + "\",\"bytes\":" + std::to_string(bytes));
  }
  template <int Which>
  static void* temporary(std::size_t bytes) {
    static AddressSpace memory;
    static std::size_t most = 0;
    if (bytes > most) {
      memory = reserve(bytes);
      most = bytes;
    }
    return memory.get();
  }
};

/// The operations of the CUDA backend, written down.
struct LoggingCuda : LoggingRuntime, ctp::backend::cuda::Operations<LoggingRuntime, float> {};
static_assert(ctp::backend::Backend<LoggingCuda>);
static_assert(ctp::backend::CapturesWork<LoggingCuda>);
static_assert(ctp::backend::SkipsWork<LoggingCuda>);
static_assert(ctp::backend::CopiesAhead<LoggingCuda>);
static_assert(ctp::backend::RoundsWeights<LoggingCuda>);

}  // namespace bench
