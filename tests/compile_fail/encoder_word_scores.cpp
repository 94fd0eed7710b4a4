// expect-error: \[ctp\.encoder\.word_scores\]
#include <ctp/encoder/require.hpp>

#include "fakes.hpp"

struct Text {
  Text(const ctp::ModelConfig&, ctp::Layout&) {}
  [[nodiscard]] ctp::Index width() const { return 8; }
  template <class B>
  ctp::Variable<2, B> operator()(const ctp::Pass<B>&, const ctp::encoder::TextInput<B>&) const {
    return {};
  }
  template <class B>
  ctp::Variable<2, B> fuse(const ctp::Pass<B>&, const ctp::encoder::TextInput<B>&, ctp::Variable<2, B>) const {
    return {};
  }
#ifdef CTP_EXPECT_FAIL
  template <class B>  // plain numbers, not on the tape
  ctp::Tensor<typename B::Real, 2, B> word_scores(const ctp::Pass<B>&, ctp::Variable<2, B>) const {
    return {};
  }
#else
  template <class B>
  ctp::Variable<2, B> word_scores(const ctp::Pass<B>&, ctp::Variable<2, B>) const {
    return {};
  }
#endif
};

static_assert(ctp::encoder::require_text_encoder<Text, FakeBackend>());
