/// @file   ctp/backend/cuda/kernel/skip_flag.hpp
/// @brief  Work that a number in the device's memory may stop, without the host looking at it.
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

/// @brief The flag that what is launched now looks at before it does anything: null outside skip_if().
///
/// One a process, as the context of a device is.
class SkipFlag {
 public:
  [[nodiscard]] static const std::int32_t* flag() { return current(); }

  /// **Errors.** UsageError inside skip_if(): what the host takes part in cannot be left undone.
  static void require_open(const char* what) {
    require(
        flag() == nullptr, what,
        "it was called from a policy's commit or an optimiser's step, whose work a device may have to leave undone; "
        "keep what they need in the backend's memory");
  }
  /// Calls work(). What it launches does nothing where `skip_flag` is not 0 by the time it would run.
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
