/// @file   ctp/testing/state_copy.hpp
/// @brief  A copy of what a State shows to an archive, to compare a State with itself later or to restore it elsewhere.
/// @layer  testing
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/shape.hpp>

namespace ctp::testing {

/// @brief The members of a State by name, as bytes on the host, taken through the State's visit().
///
/// Takes what every archive takes: numbers, plain structs, Buffer and std::vector.
class StateCopy {
 public:
  template <class State>
  explicit StateCopy(State& state) {
    auto save = [this](const std::string& name, auto& member) { members_.emplace_back(name, bytes_of(member)); };
    state.visit(save);
  }

  /// Writes the copy into another State, through its visit(). **Errors.** UsageError if the State visits other members.
  template <class State>
  void restore(State& state) const {
    std::size_t at = 0;
    auto load = [&](const std::string& name, auto& member) {
      if (at == members_.size() || members_[at].first != name)
        require(false, "visit", "expected the members that an equal State visits, found '" + name + "'");
      write(members_[at++].second, member);
    };
    state.visit(load);
  }

  /// The names of the members that have other values in `later`, a copy of the same State.
  [[nodiscard]] std::vector<std::string> changed_in(const StateCopy& later) const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(members_.size(), later.members_.size()); ++i)
      if (members_[i] != later.members_[i]) names.push_back(later.members_[i].first);
    return names;
  }
  /// The first name that two members have; empty if every member has a name of its own.
  [[nodiscard]] std::string name_of_two() const {
    std::vector<std::string> names;
    for (const auto& member : members_) names.push_back(member.first);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    return twice == names.end() ? "" : *twice;
  }
  /// The members' names in quotation marks: "\"a\", \"b\"", or "nothing".
  [[nodiscard]] std::string names() const {
    std::string text;
    for (const auto& member : members_) text += (text.empty() ? "\"" : ", \"") + member.first + "\"";
    return text.empty() ? "nothing" : text;
  }

 private:
  using Bytes = std::vector<std::byte>;

  template <class T>
  static Bytes bytes_at(const T* first, std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>,
                  "[ctp.testing.state] an archive takes numbers, plain structs, and ctp::Buffer and std::vector of "
                  "these: let visit() pass such members. See docs/policies/objective.md");
    Bytes bytes(count * sizeof(T));
    if (count > 0) std::memcpy(bytes.data(), first, bytes.size());
    return bytes;
  }
  template <class T>
  static std::vector<T> elements(const Bytes& bytes) {
    std::vector<T> list(bytes.size() / sizeof(T));
    if (!list.empty()) std::memcpy(list.data(), bytes.data(), bytes.size());
    return list;
  }

  template <class Member>
  static Bytes bytes_of(const Member& member) {
    if constexpr (requires { member.to_host(); })
      return bytes_of(member.to_host());
    else if constexpr (requires { member.begin(); })
      return bytes_at(member.data(), member.size());
    else
      return bytes_at(&member, 1);
  }
  template <class Member>
  static void write(const Bytes& bytes, Member& member) {
    if constexpr (requires { member.to_host(); }) {
      const auto host = elements<typename decltype(member.to_host())::value_type>(bytes);
      if (member.size() != static_cast<Index>(host.size())) member = Member(static_cast<Index>(host.size()));
      member.assign(host);
    } else if constexpr (requires { member.begin(); }) {
      member = elements<typename Member::value_type>(bytes);
    } else {
      std::memcpy(&member, bytes.data(), sizeof(Member));
    }
  }

  std::vector<std::pair<std::string, Bytes>> members_;
};

}  // namespace ctp::testing
