/// @file   strategies.hpp
/// @brief  The strategies of a program by name: the library's, and those of the user for whom the program was built.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "own_policies.hpp"

#if !defined(CTP_ONLY_OWN_STRATEGIES)
#include <ctp/strategy/all.hpp>
#endif

namespace examples {

namespace detail {

#if defined(CTP_ONLY_OWN_STRATEGIES)
using LibraryStrategies = std::tuple<>;
#else
/// In the order of the benchmark.
using LibraryStrategies = std::tuple<ctp::strategy::SeqF, ctp::strategy::JointT, ctp::strategy::Si, ctp::strategy::Mas,
                                     ctp::strategy::Ewc, ctp::strategy::Lwf, ctp::strategy::Afec, ctp::strategy::RWalk,
                                     ctp::strategy::Er, ctp::strategy::Mof, ctp::strategy::KMeans, ctp::strategy::ICarl,
                                     ctp::strategy::Lucir, ctp::strategy::Ctp, ctp::strategy::CtpEr>;
#endif

template <class... A, class... B>
std::tuple<A..., B...> joined(const std::tuple<A...>*, const std::tuple<B...>*);

/// True if no two strategies have the same name.
template <class... S>
constexpr bool names_differ(const std::tuple<S...>*) {
  const std::string_view names[] = {S::name...};
  for (std::size_t i = 0; i < sizeof...(S); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (names[i] == names[j]) return false;
  return true;
}

}  // namespace detail

/// The library's strategies in the order of the benchmark, then those of the user.
using Strategies = decltype(detail::joined(static_cast<const detail::LibraryStrategies*>(nullptr),
                                           static_cast<const own_policies::Strategies*>(nullptr)));

static_assert(detail::names_differ(static_cast<const Strategies*>(nullptr)),
              "[ctp.programs.name] two strategies of these programs have the same name; give each strategy of your own "
              "a name of its own: static constexpr const char* name = \"mine\";");

/// Calls use.operator()<Strategy>() for the strategy called `name`; false if no strategy has this name.
template <class Use>
bool with_strategy(const std::string& name, const Use& use) {
  return [&]<class... S>(const std::tuple<S...>*) {
    return ((name == S::name && (use.template operator()<S>(), true)) || ...);
  }(static_cast<const Strategies*>(nullptr));
}

/// Calls use.operator()<Strategy>() for each strategy.
template <class Use>
void for_each_strategy(const Use& use) {
  [&]<class... S>(const std::tuple<S...>*) {
    (use.template operator()<S>(), ...);
  }(static_cast<const Strategies*>(nullptr));
}

/// The names of all strategies, the library's first.
inline std::vector<std::string> strategy_names() {
  return []<class... S>(const std::tuple<S...>*) {
    return std::vector<std::string>{S::name...};
  }(static_cast<const Strategies*>(nullptr));
}

/// The strategy of a program that is given no name: CTP, or the first one where the program lacks CTP.
inline std::string default_strategy() {
  const std::vector<std::string> names = strategy_names();
  for (const std::string& name : names)
    if (name == "ctp") return name;
  return names.front();
}

}  // namespace examples
