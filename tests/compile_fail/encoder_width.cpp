// expect-error: \[ctp\.encoder\.width\]
#include <ctp/encoder/require.hpp>

#include "fakes.hpp"

struct Text {
  Text(const ctp::ModelConfig&, ctp::Layout&) {}
#ifdef CTP_EXPECT_FAIL
  ctp::Index width = 8;  // a member, not a function
#else
  [[nodiscard]] ctp::Index width() const { return 8; }
#endif
  template <class B>
  ctp::Variable<2, B> operator()(const ctp::Pass<B>&, const ctp::encoder::TextInput<B>&) const {
    return {};
  }
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
