/// @file   ctp/train/guard/state_copy.hpp
/// @brief  A copy of a whole state as one list of bytes on the host, for a roll-back.
/// @layer  train
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <ctp/core/archive.hpp>
#include <ctp/core/error.hpp>
#include <ctp/train/state_archive.hpp>

namespace ctp {

/// @brief A copy of all members of a state, one behind the other, as a list that is itself a member of a state.
///
/// Members are written back in the order in which they were read. Unlike HostSnapshot, the copy holds buffers and
/// lists, too.
class StateCopy {
 public:
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  void clear() { std::vector<std::uint8_t>().swap(bytes_); }

  /// Copies the members of `state`.
  template <class State>
  void take(State& state) {
    bytes_.clear();
    std::size_t all = 0;
    auto count = [&all](std::string_view /*name*/, auto& member) {
      all += sizeof(std::uint64_t) + detail::archived_size(member);
    };
    state.visit(count);
    bytes_.reserve(all);
    auto copy = [this](std::string_view /*name*/, auto& member) {
      const NamedTensor tensor = detail::archived("", member);
      const std::uint64_t size = tensor.bytes.size();
      add(&size, sizeof(size));
      add(tensor.bytes.data(), tensor.bytes.size());
    };
    state.visit(copy);
  }
  /// Writes the members back. **Errors.** CheckpointError for a copy of another state.
  template <class State>
  void give_back(State& state) const {
    std::span<const std::byte> rest = std::as_bytes(std::span(bytes_));
    auto write = [&rest](std::string_view name, auto& member) {
      std::uint64_t size = 0;
      if (rest.size() >= sizeof(size)) std::memcpy(&size, rest.data(), sizeof(size));
      rest = rest.subspan(std::min(rest.size(), sizeof(size)));
      const std::size_t wanted =
          ListMember<std::remove_reference_t<decltype(member)>> ? size : detail::archived_size(member);
      if (size != wanted || size > rest.size())
        throw CheckpointError(Complaint{"copy of the state for a roll-back", std::string(name),
                                        std::to_string(wanted) + " bytes", std::to_string(size), ""}
                                  .text());
      detail::write_archived(rest.first(size), member);
      rest = rest.subspan(size);
    };
    state.visit(write);
  }

  /// Calls archive(name, member).
  template <class Archive>
  void visit(Archive& archive, const std::string& name) {
    archive(name, bytes_);
  }

 private:
  void add(const void* from, std::size_t size) {
    const auto* const first = static_cast<const std::uint8_t*>(from);
    bytes_.insert(bytes_.end(), first, first + size);
  }

  std::vector<std::uint8_t> bytes_;
};

}  // namespace ctp
