#include <ctp/testing/penalty.hpp>

#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/penalty/ewc.hpp>
#include <ctp/penalty/mas.hpp>
#include <ctp/penalty/rwalk.hpp>
#include <ctp/penalty/si.hpp>
#include <ctp/testing/fake_step.hpp>

using ctp::Index;
using ctp::testing::check_penalty;
using ctp::testing::Report;

namespace {
const ctp::testing::FakeModel<ctp::BasicCpu<double>> model{.parameters = 5};

bool mentions(const Report& report, const std::string& text) { return report.log.find(text) != std::string::npos; }

/// The faults of a quadratic penalty with its anchor at the start of the task.
struct Wrong {
  double slope = 2, offset = 0, sign = 1;
  bool anchored = true, shown = true;
};
struct Term {
  const double* anchor;
  Wrong wrong;
  double value(Index i, double x) const { return wrong.sign * (x - at(i)) * (x - at(i)) + wrong.offset; }
  double gradient(Index i, double x) const { return wrong.sign * wrong.slope * (x - at(i)); }
  double at(Index i) const { return wrong.anchored ? anchor[i] : 0; }
};
struct Spring {
  static constexpr const char* name = "spring";
  static constexpr bool active = true;
  Wrong wrong{};

  template <class Model>
  struct State {
    ctp::Buffer<double, typename Model::Backend> anchor;
    bool shown = true;
    template <class Archive>
    void visit(Archive& archive) {
      if (shown) archive("anchor", anchor);
    }
  };
  template <class Model>
  State<Model> init(const Model& m, std::uint64_t) const {
    return {ctp::Buffer<double, typename Model::Backend>(m.layout().size()), wrong.shown};
  }
  template <class Model>
  void begin_task(State<Model>& state, const double* theta) const {
    Model::Backend::copy(theta, state.anchor.size(), state.anchor.data());
  }
  template <class Model>
  Term term(State<Model>& state) const {
    return {state.anchor.data(), wrong};
  }
};
/// Synaptic intelligence whose State does not show one of its members.
enum class Left { Path, Importance };
template <Left left>
struct Hiding : ctp::penalty::Si {
  template <class Model>
  struct State : ctp::penalty::PathState<Model> {
    using ctp::penalty::PathState<Model>::PathState;
    template <class Archive>
    void visit(Archive& archive) {
      archive("anchor", this->anchor);
      if (left != Left::Path) archive("path", this->path);
      if (left != Left::Importance) archive("importance", this->importance);
    }
  };
  template <class Model>
  State<Model> init(const Model& m, std::uint64_t) const {
    return State<Model>(m.layout().size());
  }
};
}  // namespace

TEST_CASE("penalty: the library's penalties pass") {
  CHECK(check_penalty(ctp::penalty::Ewc{}, model).log.empty());
  CHECK(check_penalty(ctp::penalty::Mas{}, model).log.empty());
  CHECK(check_penalty(ctp::penalty::RWalk{}, model).log.empty());
  CHECK(check_penalty(ctp::penalty::Si{}, model, {.never_negative = false}).log.empty());
  CHECK(check_penalty(Spring{}, model).ok);
}

TEST_CASE("penalty: the importance of synaptic intelligence may be negative, and check_penalty reports it by default") {
  CHECK(mentions(check_penalty(ctp::penalty::Si{}, model), "expected a value of 0 or more, found -"));
}

TEST_CASE("penalty: a gradient that is not the derivative of the value is reported") {
  const Report report = check_penalty(Spring{{.slope = 1}}, model);
  CHECK_FALSE(report.ok);
  CHECK(mentions(report, "task 0: parameter 0: gradient "));
  CHECK_FALSE(mentions(report, "parameter 1"));  // only the first wrong parameter is reported
}

TEST_CASE(
    "penalty: a value below 0, a gradient at the start of the task, and a penalty that is always 0 are reported") {
  CHECK(mentions(check_penalty(Spring{{.sign = -1}}, model), "expected a value of 0 or more, found -"));
  CHECK(mentions(check_penalty(Spring{{.anchored = false}}, model), "expected value and gradient 0 where the task"));
  CHECK(check_penalty(Spring{{.anchored = false}}, model, {.rests_at_start = false}).ok);
  CHECK(mentions(check_penalty(Spring{{.offset = 1}}, model), "found 1 and 0"));
  CHECK(check_penalty(Spring{{.sign = 0}}, model).log == "the penalty is 0 in every task, wherever the weights go\n");
  CHECK_FALSE(check_penalty(Spring{{.sign = std::numeric_limits<double>::quiet_NaN()}}, model).ok);
}

TEST_CASE("penalty: a State that visit() does not show whole is reported, before a task and before its end") {
  CHECK(check_penalty(Spring{{.shown = false}}, model).log ==
        "task 0: visit() does not show the whole State: a restore before the task's end gives another term; visit() "
        "shows nothing; call archive(\"name\", member) for the others\n");
  CHECK(mentions(check_penalty(Hiding<Left::Path>{}, model, {.never_negative = false}),
                 "task 0: visit() does not show the whole State: a restore before the task's end gives another term; "
                 "visit() shows \"anchor\", \"importance\""));
  CHECK(mentions(check_penalty(Hiding<Left::Importance>{}, model, {.never_negative = false}),
                 "task 1: visit() does not show the whole State: a restore before the task gives another term; visit() "
                 "shows \"anchor\", \"path\""));
}
