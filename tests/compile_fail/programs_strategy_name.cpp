// expect-error: \[ctp\.programs\.name\]
struct Mine {
  static constexpr const char* name = "mine";
};
struct Other : Mine {
#ifndef CTP_EXPECT_FAIL
  static constexpr const char* name = "other";
#endif
};

// What ctp_add_programs() writes for these strategies.
#define CTP_OWN_STRATEGIES Mine, Other
#define CTP_OWN_IMAGE_ENCODER void
#define CTP_OWN_TEXT_ENCODER void
#define CTP_ONLY_OWN_STRATEGIES 1
#include "../../examples/common/strategies.hpp"

static_assert(std::tuple_size_v<examples::Strategies> == 2);
