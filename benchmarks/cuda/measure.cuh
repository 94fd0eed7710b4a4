/// @file   benchmarks/cuda/measure.cuh
/// @brief  Timing of work on the device, and one line of JSON for each measurement.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <ctp/backend/cuda/backend.cuh>

namespace bench {

using ctp::backend::cuda::check;
using ctp::backend::cuda::Context;

/// Times of single turns, in milliseconds.
struct Times {
  std::vector<double> sorted;

  explicit Times(std::vector<double> turns) : sorted(std::move(turns)) { std::sort(sorted.begin(), sorted.end()); }
  [[nodiscard]] double median() const { return sorted[sorted.size() / 2]; }
};

inline void wait() { check(cudaStreamSynchronize(Context::current().stream()), "cudaStreamSynchronize"); }

/// Times by the host's clock, each turn until the device has finished: for steps, in which the host waits for the
/// device.
template <class Work>
Times wall_times(int turns, const Work& work) {
  std::vector<double> took;
  wait();
  for (int i = 0; i < turns; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    wait();
    took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  return Times(std::move(took));
}

class Event {
 public:
  Event() { check(cudaEventCreate(&event_), "cudaEventCreate"); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { static_cast<void>(cudaEventDestroy(event_)); }

  void record() { check(cudaEventRecord(event_, Context::current().stream()), "cudaEventRecord"); }
  [[nodiscard]] double milliseconds_since(const Event& begin) const {
    float took = 0;
    check(cudaEventSynchronize(event_), "cudaEventSynchronize");
    check(cudaEventElapsedTime(&took, begin.event_, event_), "cudaEventElapsedTime");
    return static_cast<double>(took);
  }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Times by the device's clock, after two warm-up turns that allocate memory and choose algorithms.
template <class Work>
Times device_times(int turns, const Work& work) {
  std::vector<double> took;
  Event begin, end;
  work();
  work();
  for (int i = 0; i < turns; ++i) {
    begin.record();
    work();
    end.record();
    took.push_back(end.milliseconds_since(begin));
  }
  return Times(std::move(took));
}

/// device_times() of a captured and replayed graph: without the host's cost of launches.
template <class Work>
Times recorded_times(int turns, const Work& work) {
  work();
  work();
  wait();
  ctp::backend::cuda::Capture capture;
  capture.capture(work);
  return device_times(turns, [&] { capture.replay(); });
}

/// One measurement. Facts are added in order; the line is printed at the end.
class Line {
 public:
  explicit Line(const std::string& name) : text_("{\"name\":\"" + name + "\"") {}

  Line& with(const char* key, const std::string& value) {
    text_ += std::string(",\"") + key + "\":\"" + escaped(value) + "\"";
    return *this;
  }
  Line& with(const char* key, bool value) { return raw(key, value ? "true" : "false"); }
  Line& with(const char* key, int value) { return raw(key, std::to_string(value)); }
  /// A number that is not finite, which JSON cannot name, is printed as null.
  Line& with(const char* key, double value) {
    if (!std::isfinite(value)) return raw(key, "null");
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.5g", value);
    return raw(key, digits);
  }
  Line& with(const Times& times) {
    return with("median_ms", times.median())
        .with("min_ms", times.sorted.front())
        .with("max_ms", times.sorted.back())
        .with("turns", static_cast<int>(times.sorted.size()));
  }
  void print() {
    std::printf("%s}\n", text_.c_str());
    std::fflush(stdout);
  }

 private:
  Line& raw(const char* key, const std::string& value) {
    text_ += std::string(",\"") + key + "\":" + value;
    return *this;
  }
  static std::string escaped(const std::string& from) {
    std::string to;
    for (const char c : from) {
      if (c == '"' || c == '\\') to += '\\';
      to += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return to;
  }

  std::string text_;
};

}  // namespace bench
