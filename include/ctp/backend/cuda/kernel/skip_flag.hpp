/// @file   ctp/backend/cuda/kernel/skip_flag.hpp
/// @brief  Skip flag: a number in device memory that makes launches do nothing, without the host reading it.
/// @layer  backend
#pragma once

#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/core/error.hpp>

namespace ctp::backend::cuda {

namespace kernel {

template <class T>
struct CopyEach {
  const T* from;
  T* to;
  CTP_HD void operator()(Index i) const { to[i] = from[i]; }
};

template <class T>
struct ZeroEach {
  T* to;
  CTP_HD void operator()(Index i) const { to[i] = T(); }
};

}  // namespace kernel

/// @brief The flag that every launch reads before it runs: null outside skip_if(). One for each process, like the
/// context of a device.
class SkipFlag {
 public:
  [[nodiscard]] static const std::int32_t* flag() { return current(); }

  /// **Errors.** UsageError inside skip_if(): an operation in which the host takes part cannot be skipped.
  static void require_open(const char* what) {
    require(flag() == nullptr, what,
            "called from a policy's commit, an optimiser's step or a momentum rule's update, whose work a device may "
            "have to skip; keep all values that commit, step and update need in the backend's memory");
  }
  /// Calls work(). A launch of work() does nothing if `*skip_flag` is not 0 when the launch would run.
  template <class Work>
  static void skip_if(const std::int32_t* skip_flag, const Work& work) {
    struct Restore {
      const std::int32_t* before;
      ~Restore() { current() = before; }
    };
    const Restore restore{current()};
    current() = skip_flag;
    work();
  }

 private:
  static const std::int32_t*& current() {
    static const std::int32_t* flag = nullptr;
    return flag;
  }
};

}  // namespace ctp::backend::cuda
