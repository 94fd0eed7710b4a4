// expect-error: \[ctp\.encoder\.images\]
#include <ctp/encoder/require.hpp>

#include "fakes.hpp"

struct Image {
  Image(const ctp::ModelConfig&, ctp::Layout&) {}
  [[nodiscard]] ctp::Index width() const { return 8; }
  [[nodiscard]] ctp::Index tokens() const { return 5; }
#ifdef CTP_EXPECT_FAIL
  template <class B>  // takes rows of pixels, not images
  ctp::Variable<2, B> operator()(const ctp::Pass<B>&, ctp::Tensor<const typename B::Real, 2, B>) const {
    return {};
  }
#else
  template <class B>
  ctp::Variable<2, B> operator()(const ctp::Pass<B>&, ctp::Tensor<const typename B::Real, 4, B>) const {
    return {};
  }
#endif
};

static_assert(ctp::encoder::require_image_encoder<Image, FakeBackend>());
