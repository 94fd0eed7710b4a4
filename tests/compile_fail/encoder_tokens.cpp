// expect-error: \[ctp\.encoder\.tokens\]
#include <ctp/encoder/require.hpp>

#include "fakes.hpp"

struct Image {
  Image(const ctp::ModelConfig&, ctp::Layout&) {}
  [[nodiscard]] ctp::Index width() const { return 8; }
#ifdef CTP_EXPECT_FAIL
  // without the number of tokens of an image
#else
  [[nodiscard]] ctp::Index tokens() const { return 5; }
#endif
  template <class B>
  ctp::Variable<2, B> operator()(const ctp::Pass<B>&, ctp::Tensor<const typename B::Real, 4, B>) const {
    return {};
  }
};

static_assert(ctp::encoder::require_image_encoder<Image, FakeBackend>());
