// expect-error: \[ctp\.strategy\.momentum\]
#include <ctp/backend/generic/host.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/strategy/ctp.hpp>
#include <ctp/train/learner.hpp>

/// Multiplies nothing; but everything above it compiles.
struct Host : ctp::backend::generic::Host<Host, float> {
  template <class... Arguments>
  static void block_product(const Arguments&...) {}
  template <class... Arguments>
  static void tiled_product(const Arguments&...) {}
};
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Host>;

struct Mine : ctp::strategy::Ctp {
#ifdef CTP_EXPECT_FAIL
  using Momentum = ctp::momentum::None;  // but the losses ask for a momentum model
#endif
};

static_assert(ctp::Learner<Mine, Model>::needs.momentum != ctp::Output::Nothing);
