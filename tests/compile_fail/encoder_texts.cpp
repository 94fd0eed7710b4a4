// expect-error: \[ctp\.encoder\.texts\]
#include <ctp/encoder/require.hpp>

#include "fakes.hpp"

struct Text {
  Text(const ctp::ModelConfig&, ctp::Layout&) {}
  [[nodiscard]] ctp::Index width() const { return 8; }
#ifdef CTP_EXPECT_FAIL
  template <class B>  // a call operator that is not const
  ctp::Variable<2, B> operator()(const ctp::Pass<B>&, const ctp::encoder::TextInput<B>&) {
    return {};
  }
#else
  template <class B>
  ctp::Variable<2, B> operator()(const ctp::Pass<B>&, const ctp::encoder::TextInput<B>&) const {
    return {};
  }
#endif
  template <class B>
  ctp::Variable<2, B> fuse(const ctp::Pass<B>&, const ctp::encoder::TextInput<B>&, ctp::Variable<2, B>) const {
    return {};
  }
  template <class B>
  ctp::Variable<2, B> word_scores(const ctp::Pass<B>&, ctp::Variable<2, B>) const {
    return {};
  }
};

static_assert(ctp::encoder::require_text_encoder<Text, FakeBackend>());
