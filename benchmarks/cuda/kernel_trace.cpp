/// @file   benchmarks/cuda/kernel_trace.cpp
/// @brief  Times of single kernels of any CUDA program, by CUPTI's activity records.
///
/// A shared library that the driver loads into a program: CUDA_INJECTION64_PATH names the library, CTP_KERNEL_TRACE the
/// file to write. One line a record, in the order of the device's time, with fields separated by tabs: begin and end in
/// nanoseconds, the launch (all nodes of a graph's launch have the same), registers, blocks, threads, bytes of shared
/// memory, name. A copy or a filling of memory has its bytes in place of the blocks, and zeros.
#include <cupti.h>
#include <cxxabi.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

struct Record {
  std::uint64_t begin, end;
  std::uint32_t launch;
  int registers;
  std::uint64_t blocks;
  int threads, shared;
  const std::string* name;
};

struct Trace {
  std::mutex mutex;
  std::vector<Record> records;
  std::unordered_map<std::string, std::string> names;  // as the program has it, and as it is written in C++
};

Trace& trace() {
  static Trace* one = new Trace;  // outlives every other destructor: buffers may come back late
  return *one;
}

const std::string* readable(const char* name) {
  std::string& text = trace().names[name];
  if (text.empty()) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> found(abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
    text = status == 0 ? found.get() : name;
  }
  return &text;
}

void add(const CUpti_Activity* record) {
  static const std::string copy = "memcpy", fill = "memset";
  auto& records = trace().records;
  switch (record->kind) {
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL: {
      const auto& k = *reinterpret_cast<const CUpti_ActivityKernel10*>(record);
      const auto each = [](std::int32_t x, std::int32_t y, std::int32_t z) { return std::int64_t{x} * y * z; };
      records.push_back({k.start, k.end, k.correlationId, k.registersPerThread,
                         static_cast<std::uint64_t>(each(k.gridX, k.gridY, k.gridZ)),
                         static_cast<int>(each(k.blockX, k.blockY, k.blockZ)),
                         k.staticSharedMemory + k.dynamicSharedMemory, readable(k.name)});
      break;
    }
    case CUPTI_ACTIVITY_KIND_MEMCPY: {
      const auto& m = *reinterpret_cast<const CUpti_ActivityMemcpy6*>(record);
      records.push_back({m.start, m.end, m.correlationId, 0, m.bytes, 0, 0, &copy});
      break;
    }
    case CUPTI_ACTIVITY_KIND_MEMSET: {
      const auto& m = *reinterpret_cast<const CUpti_ActivityMemset4*>(record);
      records.push_back({m.start, m.end, m.correlationId, 0, m.bytes, 0, 0, &fill});
      break;
    }
    default:
      break;
  }
}

constexpr std::size_t buffer_bytes = std::size_t{8} << 20U;

void CUPTIAPI give_buffer(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records) {
  *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(8, buffer_bytes));
  *size = *buffer != nullptr ? buffer_bytes : 0;
  *most_records = 0;
}

void CUPTIAPI take_buffer(CUcontext /*context*/, std::uint32_t /*stream*/, std::uint8_t* buffer, std::size_t /*size*/,
                          std::size_t used) {
  const std::lock_guard lock(trace().mutex);
  CUpti_Activity* record = nullptr;
  while (used > 0 && cuptiActivityGetNextRecord(buffer, used, &record) == CUPTI_SUCCESS) add(record);
  std::free(buffer);
}

void write() {
  cuptiActivityFlushAll(1);
  const std::lock_guard lock(trace().mutex);
  const char* path = std::getenv("CTP_KERNEL_TRACE");
  std::FILE* file = std::fopen(path != nullptr ? path : "kernel_trace.tsv", "w");
  if (file == nullptr) {
    std::perror("kernel_trace: CTP_KERNEL_TRACE: expected a file that can be written");
    return;
  }
  auto& records = trace().records;
  std::stable_sort(records.begin(), records.end(), [](const Record& a, const Record& b) { return a.begin < b.begin; });
  for (const Record& r : records)
    std::fprintf(file, "%llu\t%llu\t%u\t%d\t%llu\t%d\t%d\t%s\n", static_cast<unsigned long long>(r.begin),
                 static_cast<unsigned long long>(r.end), r.launch, r.registers,
                 static_cast<unsigned long long>(r.blocks), r.threads, r.shared, r.name->c_str());
  std::fclose(file);
}

}  // namespace

/// What the driver calls when it starts.
extern "C" __attribute__((visibility("default"))) int InitializeInjection() {
  bool good = cuptiActivityRegisterCallbacks(give_buffer, take_buffer) == CUPTI_SUCCESS;
  for (const CUpti_ActivityKind kind :
       {CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_MEMCPY, CUPTI_ACTIVITY_KIND_MEMSET})
    good = cuptiActivityEnable(kind) == CUPTI_SUCCESS && good;
  if (!good) std::fputs("kernel_trace: CUPTI does not record activities here\n", stderr);
  std::atexit(write);
  return 1;
}
