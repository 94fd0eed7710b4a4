// expect-error: \[ctp\.encoder\.layout\]
#include <ctp/encoder/require.hpp>

#include "fakes.hpp"

struct Image {
#ifdef CTP_EXPECT_FAIL
  Image(const ctp::ModelConfig&, const ctp::Layout&, int) {}  // one argument too many
#else
  Image(const ctp::ModelConfig&, ctp::Layout&) {}
#endif
  [[nodiscard]] ctp::Index width() const { return 8; }
  [[nodiscard]] ctp::Index tokens() const { return 5; }
  template <class B>
  ctp::Variable<2, B> operator()(const ctp::Pass<B>&, ctp::Tensor<const typename B::Real, 4, B>) const {
    return {};
  }
};

static_assert(ctp::encoder::require_image_encoder<Image, FakeBackend>());
