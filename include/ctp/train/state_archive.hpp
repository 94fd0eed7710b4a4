/// @file   ctp/train/state_archive.hpp
/// @brief  Archive of the state of a training: named tensors on the host.
/// @layer  train
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/archive.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp {

namespace detail {

/// The element type of T in a StateArchive; U8 for a plain struct, which is stored as bytes.
template <class T>
constexpr DType archived_type() {
  if constexpr (std::is_enum_v<T>) {
    return archived_type<std::underlying_type_t<T>>();
  } else if constexpr (std::is_floating_point_v<T> && sizeof(T) <= 8) {
    return sizeof(T) == 8 ? DType::F64 : DType::F32;
  } else if constexpr (std::is_same_v<T, bool>) {
    return DType::Bool;
  } else if constexpr (std::is_integral_v<T>) {
    constexpr DType with_sign[] = {DType::I8, DType::I16, DType::I32, DType::I64};
    constexpr DType without[] = {DType::U8, DType::U16, DType::U32, DType::U64};
    constexpr int place = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return std::is_signed_v<T> ? with_sign[place] : without[place];
  } else {
    return DType::U8;
  }
}

/// A member's bytes as a tensor on the host. `number`: of rank 0.
template <class T>
NamedTensor archived_bytes(std::string name, std::vector<std::byte> bytes, bool number) {
  static_assert(PlainMember<T>,
                "[ctp.train.state] an archive takes numbers, plain structs, and ctp::Buffer and std::vector of these: "
                "let visit() pass such members. See docs/policies/objective.md");
  NamedTensor tensor{std::move(name), archived_type<T>(), {}, std::move(bytes)};
  if (!number || dtype_size(tensor.dtype) != sizeof(T))
    tensor.shape = {static_cast<std::int64_t>(tensor.bytes.size() / dtype_size(tensor.dtype))};
  return tensor;
}
template <class T>
std::vector<std::byte> bytes_of(const T* first, std::size_t count) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(first);
  return std::vector<std::byte>(bytes, bytes + count * sizeof(T));
}
template <class Member>
NamedTensor archived(std::string name, const Member& member) {
  if constexpr (BufferMember<Member>) {
    using T = typename decltype(member.to_host())::value_type;
    return archived_bytes<T>(std::move(name), member.bytes_on_host(), false);
  } else if constexpr (ListMember<Member>) {
    using T = typename Member::value_type;
    return archived_bytes<T>(std::move(name), bytes_of(member.data(), member.size()), false);
  } else {
    return archived_bytes<Member>(std::move(name), bytes_of(&member, 1), true);
  }
}

/// Bytes of a member in an archive.
template <class Member>
std::size_t archived_size(const Member& member) {
  if constexpr (BufferMember<Member>)
    return static_cast<std::size_t>(member.size()) * sizeof(typename decltype(member.to_host())::value_type);
  else if constexpr (ListMember<Member>)
    return member.size() * sizeof(typename Member::value_type);
  else
    return sizeof(Member);
}

template <class T>
std::vector<T> elements_of(std::span<const std::byte> bytes) {
  std::vector<T> list(bytes.size() / sizeof(T));
  if (!list.empty()) std::memcpy(list.data(), bytes.data(), list.size() * sizeof(T));
  return list;
}
template <class Member>
void write_archived(std::span<const std::byte> bytes, Member& member) {
  if constexpr (BufferMember<Member>) {
    member.assign(elements_of<typename decltype(member.to_host())::value_type>(bytes));
  } else if constexpr (ListMember<Member>) {
    const auto list = elements_of<typename Member::value_type>(bytes);
    member.assign(list.begin(), list.end());
  } else {
    std::memcpy(&member, bytes.data(), sizeof(Member));
  }
}

}  // namespace detail

/// @brief The state of a training on the host, as named tensors: what a checkpoint holds.
///
/// Made from all members that `visit` shows: numbers (rank 0), lists and buffers (rank 1), plain structs and arrays
/// (their bytes, U8). The second member of a name is called "name#2", and so on. Element types and bytes are those of
/// the members, so that a restored state has the same bits.
class StateArchive {
 public:
  StateArchive() = default;
  /// An archive that was stored.
  explicit StateArchive(std::vector<NamedTensor> tensors) : tensors_(std::move(tensors)) {}

  /// Copies the members of all states, one state after the other.
  template <class... States>
  static StateArchive of(States&... states) {
    StateArchive archive;
    Names names;
    auto save = [&](const std::string& name, auto& member) {
      const std::string given = names.unique(name);
      if (archive.name_of_two_.empty() && given != name) archive.name_of_two_ = name;
      archive.tensors_.push_back(detail::archived(given, member));
    };
    (states.visit(save), ...);
    return archive;
  }

  /// @brief Writes the members back by name, in any order of the tensors, after a look at all of them: names, element
  /// types, and the sizes of numbers and buffers must be those of the archive. **Errors.** CheckpointError
  /// that names the first member that differs; then no member was changed.
  template <class... States>
  void restore(States&... states) const {
    const Index by_name = index();
    {
      Names names;
      std::size_t found = 0;
      auto check = [&](const std::string& name, auto& member) {
        require_member(by_name, names.unique(name), member);
        ++found;
      };
      (states.visit(check), ...);
      if (found < tensors_.size()) {
        for (const NamedTensor& tensor : tensors_)
          if (!names.has(tensor.name)) refuse(tensor.name, "no such member", "this one, which the state does not have");
      }
    }
    Names names;
    auto load = [&](const std::string& name, auto& member) {
      const std::string given = names.unique(name);
      const auto place = by_name.find(given);
      if (place == by_name.end()) refuse(given, "the members that were visited a moment ago", "this one");
      detail::write_archived(place->second->bytes, member);
    };
    (states.visit(load), ...);
  }

  [[nodiscard]] const std::vector<NamedTensor>& tensors() const& { return tensors_; }
  [[nodiscard]] std::vector<NamedTensor> tensors() && { return std::move(tensors_); }
  /// Bytes of all members.
  [[nodiscard]] std::size_t bytes() const {
    std::size_t sum = 0;
    for (const NamedTensor& tensor : tensors_) sum += tensor.bytes.size();
    return sum;
  }
  /// The names of the members that have other bytes in `later`, or that only one of the two archives has.
  [[nodiscard]] std::vector<std::string> changed_in(const StateArchive& later) const {
    const Index before = index(), after = later.index();
    std::vector<std::string> names;
    for (const NamedTensor& a : tensors_) {
      const auto b = after.find(a.name);
      if (b == after.end() || a.dtype != b->second->dtype || a.bytes != b->second->bytes) names.push_back(a.name);
    }
    for (const NamedTensor& b : later.tensors_)
      if (!before.contains(b.name)) names.push_back(b.name);
    return names;
  }
  /// The first name that two members had in of(); empty if every member had a name of its own.
  [[nodiscard]] const std::string& name_of_two() const { return name_of_two_; }
  /// The members' names in quotation marks: "\"a\", \"b\"", or "nothing".
  [[nodiscard]] std::string names() const {
    std::string text;
    for (const NamedTensor& tensor : tensors_) text += (text.empty() ? "\"" : ", \"") + tensor.name + "\"";
    return text.empty() ? "nothing" : text;
  }

 private:
  using Index = std::map<std::string_view, const NamedTensor*>;

  /// Makes the names of an archive unique.
  class Names {
   public:
    std::string unique(const std::string& name) {
      std::string given = name;
      for (int count = 2; !given_.insert(given).second; ++count) given = name + "#" + std::to_string(count);
      return given;
    }
    [[nodiscard]] bool has(const std::string& name) const { return given_.contains(name); }

   private:
    std::set<std::string> given_;
  };

  /// The tensors by name. **Errors.** CheckpointError for two tensors of one name.
  [[nodiscard]] Index index() const {
    Index by_name;
    for (const NamedTensor& tensor : tensors_)
      if (!by_name.emplace(tensor.name, &tensor).second) refuse(tensor.name, "one tensor of this name", "two");
    return by_name;
  }

  [[noreturn, gnu::cold]] static void refuse(const std::string& name, const std::string& expected,
                                             const std::string& found) {
    throw CheckpointError(
        Complaint{"saved state", name, expected, found,
                  "restore it into the same strategy, model and backend as it was saved from, with the same observers"}
            .text());
  }

  template <class Member>
  static void require_member(const Index& by_name, const std::string& name, const Member& member) {
    const auto place = by_name.find(name);
    if (place == by_name.end()) refuse(name, "this member", "none of this name");
    const NamedTensor& saved = *place->second;
    std::size_t element = 1;  // bytes of an element of a list
    DType type = detail::archived_type<Member>();
    bool may_grow = false;
    if constexpr (BufferMember<Member>) {
      using T = typename decltype(member.to_host())::value_type;
      type = detail::archived_type<T>();
    } else if constexpr (ListMember<Member>) {
      using T = typename Member::value_type;
      element = sizeof(T);
      type = detail::archived_type<T>();
      may_grow = true;
    }
    if (saved.dtype != type) refuse(name, std::string(dtype_name(type)), std::string(dtype_name(saved.dtype)));
    const std::size_t now = detail::archived_size(member);
    if (may_grow ? saved.bytes.size() % element != 0 : saved.bytes.size() != now)
      refuse(name, may_grow ? "a multiple of " + std::to_string(element) + " bytes" : std::to_string(now) + " bytes",
             std::to_string(saved.bytes.size()));
    if (type == DType::Bool)
      for (const std::byte b : saved.bytes)
        if (std::to_integer<int>(b) > 1) refuse(name, "0 or 1", std::to_string(std::to_integer<int>(b)));
  }

  std::vector<NamedTensor> tensors_;
  std::string name_of_two_;
};

}  // namespace ctp
