/// @file   strategies.hpp
/// @brief  The strategies of the library by name.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include <ctp/strategy/all.hpp>

namespace examples {

/// In the order of the benchmark. Add a strategy of your own here to choose it by name.
using Strategies = std::tuple<ctp::strategy::SeqF, ctp::strategy::JointT, ctp::strategy::Si, ctp::strategy::Mas,
                              ctp::strategy::Ewc, ctp::strategy::Lwf, ctp::strategy::Afec, ctp::strategy::RWalk,
                              ctp::strategy::Er, ctp::strategy::Mof, ctp::strategy::KMeans, ctp::strategy::ICarl,
                              ctp::strategy::Lucir, ctp::strategy::Ctp, ctp::strategy::CtpEr>;

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

/// The names of all strategies, in the order of the benchmark.
inline std::vector<std::string> strategy_names() {
  return []<class... S>(const std::tuple<S...>*) {
    return std::vector<std::string>{S::name...};
  }(static_cast<const Strategies*>(nullptr));
}

}  // namespace examples
