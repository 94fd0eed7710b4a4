// expect-error: \[ctp\.penalty\.visit\]
#include <ctp/penalty/require.hpp>

#include "fakes.hpp"

struct Pull {
  double value(ctp::Index, float theta) const { return static_cast<double>(theta) * static_cast<double>(theta) / 2; }
  float gradient(ctp::Index, float theta) const { return theta; }
};

struct Spring {
  static constexpr const char* name = "spring";
  static constexpr bool active = true;
  template <class Model>
  struct State {
    int tasks = 0;
#ifndef CTP_EXPECT_FAIL
    template <class Archive>
    void visit(Archive& archive) {
      archive("tasks", tasks);
    }
#endif
  };
  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
  template <class Model>
  Pull term(State<Model>&) const {
    return {};
  }
};

static_assert(ctp::penalty::require_penalty<Spring, FakeModel>());
