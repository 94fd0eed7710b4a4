/// @file   ctp/core/archive.hpp
/// @brief  Concept of an archive, which saves, restores or reads the members of a State.
/// @layer  core
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>

namespace ctp {

namespace detail {
/// An archive that accepts members of any type. Concepts use this archive to check that a State has visit().
struct AnyArchive {
  template <class Value>
  void operator()(const std::string&, Value&) const {}
};

template <class A, class Member>
concept ArchivesMember = requires(A& archive, const std::string& name, Member& member) { archive(name, member); };
}  // namespace detail

/// A member that an archive copies as bytes: a number, an enumeration, an array or a struct of these.
template <class Member>
concept PlainMember = std::is_trivially_copyable_v<Member> && !std::is_pointer_v<Member>;
/// A member in a backend's memory, such as Buffer.
template <class Member>
concept BufferMember = requires(const Member& member) {
  member.to_host();
  member.bytes_on_host();
};
/// A list on the host, such as std::vector of plain members.
template <class Member>
concept ListMember = requires(Member& member) {
  member.resize(0);
  member.data();
};

/// @brief An archive: `archive("name", member)` saves, restores or reads one member of a State.
///
/// Every archive takes numbers. `Members`: further types that the archive takes, such as Buffer and std::vector. A
/// State calls the archive once for each member, always in the same order, with names that are unique within the State.
template <class A, class... Members>
concept Archive = detail::ArchivesMember<A, std::int64_t> && detail::ArchivesMember<A, std::uint64_t> &&
                  (true && ... && detail::ArchivesMember<A, Members>);

/// Stops the compilation with one sentence if `A` is no archive for numbers and for `Members`.
template <class A, class... Members>
consteval bool require_archive() {
  static_assert(Archive<A, Members...>,
                "[ctp.core.archive] an archive needs 'template <class Member> void operator()(const std::string& name, "
                "Member& member)' for numbers, ctp::Buffer and std::vector. See docs/policies/objective.md");
  return true;
}

}  // namespace ctp
