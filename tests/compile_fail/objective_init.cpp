// expect-error: \[ctp\.objective\.init\]
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

struct Counting {
  static constexpr const char* name = "counting";
  static constexpr ctp::Needs needs{};
  template <class Model>
  struct State {
    int count = 0;
    template <class Archive>
    void visit(Archive& archive) {
      archive("count", count);
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
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&, State<typename Step::Model>&) const {
    return {};
  }
};

static_assert(ctp::objective::require_loss<Counting, StepTypes>());
