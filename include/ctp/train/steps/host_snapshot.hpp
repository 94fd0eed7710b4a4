/// @file   ctp/train/steps/host_snapshot.hpp
/// @brief  A copy of the policies' host state, for a roll-back.
/// @layer  train
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include <ctp/core/archive.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/shape.hpp>

namespace ctp {

/// @brief Snapshot of the plain members of a state: numbers, enumerations, arrays and structs of them.
///
/// An archive for the `visit` of a policy's state. Buffers in a backend's memory and lists are not copied: a skipped
/// step does not change them.
class HostSnapshot {
 public:
  void clear() { bytes_.clear(); }
  template <class T>
  void operator()(std::string_view /*name*/, T& member) {
    if constexpr (PlainMember<T>) {
      const auto* p = reinterpret_cast<const std::byte*>(&member);
      bytes_.insert(bytes_.end(), p, p + sizeof(T));
    }
  }
  /// @brief The archive that writes the snapshot back. Members must be visited in the order of the snapshot.
  /// **Errors.** UsageError if a state visits more members than the snapshot holds.
  [[nodiscard]] auto restore() const {
    return [at = std::span(bytes_)](std::string_view /*name*/, auto& member) mutable {
      using T = std::remove_reference_t<decltype(member)>;
      if constexpr (PlainMember<T>) {
        require(at.size() >= sizeof(T), "visit", "a policy's state visits other members than a step ago");
        std::memcpy(&member, at.data(), sizeof(T));
        at = at.subspan(sizeof(T));
      }
    };
  }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace ctp
