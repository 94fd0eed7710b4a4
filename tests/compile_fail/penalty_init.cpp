// expect-error: \[ctp\.penalty\.init\]
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
    template <class Archive>
    void visit(Archive& archive) {
      archive("tasks", tasks);
    }
  };
#ifdef CTP_EXPECT_FAIL
  template <class Model>
  State<Model> init(const Model&) const {  // without the seed
    return {};
  }
#else
  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
#endif
  template <class Model>
  Pull term(State<Model>&) const {
    return {};
  }
};

static_assert(ctp::penalty::require_penalty<Spring, FakeModel>());
