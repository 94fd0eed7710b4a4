// expect-error: \[ctp\.penalty\.term\]
#include <ctp/penalty/require.hpp>

#include "fakes.hpp"

struct Pull {
  double value(ctp::Index, float theta) const { return static_cast<double>(theta) * static_cast<double>(theta) / 2; }
#ifdef CTP_EXPECT_FAIL
  void gradient(ctp::Index, float) const {}  // returns no number
#else
  float gradient(ctp::Index, float theta) const { return theta; }
#endif
};

struct Spring {
  static constexpr const char* name = "spring";
  static constexpr bool active = true;
  template <class Model>
  struct State {
    int tasks = 0;
    template <class Archive>
    void visit(Archive& archive) {
      archive("tasks", tasks);
    }
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
