// Collects the state of a learner at every place between two steps.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <ctp/train/observer.hpp>
#include <ctp/train/state_archive.hpp>

namespace test {

/// Saves the states of `learner`, and of `others` with it: what changes beside the learner.
template <class Learner, class... Others>
class SavedStates final : public ctp::Observer {
 public:
  explicit SavedStates(Learner& learner, Others&... others)
      : save_([&learner, &others...] { return learner.state(others...); }) {
    learner.observe(*this);
  }
  void step_done(const ctp::StepReport& report) override {
    reports.push_back({static_cast<double>(report.global_step), report.rate, report.loss});
  }
  void between_steps(const ctp::Position& place) override {
    states.push_back(save_());
    places.push_back(place);
    reports_at.push_back(reports.size());
  }

  std::vector<ctp::StateArchive> states;
  std::vector<ctp::Position> places;         ///< of the states
  std::vector<std::size_t> reports_at;       ///< reports before the states
  std::vector<std::vector<double>> reports;  ///< number, rate and loss of each step

 private:
  std::function<ctp::StateArchive()> save_;
};
template <class Learner, class... Others>
SavedStates(Learner&, Others&...) -> SavedStates<Learner, Others...>;

/// Whether `rest`, which went on from state `from` of `whole`, has the same reports and the same states behind it.
template <class A, class B>
bool goes_on_as(const A& rest, const B& whole, std::size_t from) {
  if (rest.reports !=
      std::vector(whole.reports.begin() + static_cast<std::ptrdiff_t>(whole.reports_at[from]), whole.reports.end()))
    return false;
  if (rest.states.size() != whole.states.size() - from - 1) return false;
  for (std::size_t k = 0; k < rest.states.size(); ++k)
    if (!rest.states[k].changed_in(whole.states[from + 1 + k]).empty()) return false;
  return true;
}

}  // namespace test
