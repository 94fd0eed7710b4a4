#include <ctp/testing/encoder.hpp>

#include <string>

#include <doctest/doctest.h>
#include <nano.hpp>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/encoder/bag_of_words.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <support/reference.hpp>

namespace {

using ctp::Pass;
using ctp::Variable;
using ctp::encoder::BagOfWords;
using ctp::encoder::Bert;
using ctp::encoder::TextInput;
using ctp::encoder::Vit;

template <class Image, class Text>
std::string complaints() {
  const reference::Threads one(1);
  using Model = ctp::VisionLanguageModel<Image, Text, ctp::BasicCpu<double>>;
  const auto report = ctp::testing::check_encoders(Model(nano));
  CHECK(report.ok == report.log.empty());
  return report.log;
}
bool has(const std::string& log, const char* part) { return log.find(part) != std::string::npos; }

/// Tokens scaled by the size of the batch.
struct Mixing : Vit {
  using Vit::Vit;
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, ctp::Tensor<const typename B::Real, 4, B> images) const {
    return scale(pass, Vit::operator()(pass, images), static_cast<double>(images.shape[0]));
  }
};
/// Twice the right gradient.
struct Steep : Vit {
  using Vit::Vit;
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, ctp::Tensor<const typename B::Real, 4, B> images) const {
    const auto x = Vit::operator()(pass, images);
    const auto y = pass.make(x.value.shape);
    B::copy(x.value.data, x.value.size(), y.value.data);
    pass.record([=] { B::add_scaled(x.grad.size(), 2.0, y.grad.data, x.grad.data); });
    return y;
  }
};
struct Miscounted : Vit {
  using Vit::Vit;
  [[nodiscard]] ctp::Index tokens() const { return Vit::tokens() + 1; }
};
/// Outputs that do not depend on the image: all patches are zeros.
struct Blindfolded : Vit {
  using Vit::Vit;
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, ctp::Tensor<const typename B::Real, 4, B> images) const {
    const auto dark = pass.scratch(images.shape);
    B::zero(dark.data, dark.size());
    return Vit::operator()(pass, {dark.data, dark.shape});
  }
};
/// Padding is attended to like text.
struct Unmasked : BagOfWords {
  using BagOfWords::BagOfWords;
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, TextInput<B> text) const {
    const auto none = pass.scratch(text.key_bias.shape);
    B::zero(none.data, none.size());
    text.key_bias = {none.data, none.shape};
    return BagOfWords::operator()(pass, text);
  }
};
/// Fusion without the image.
struct Alone : Bert {
  using Bert::Bert;
  template <class B>
  Variable<2, B> fuse(const Pass<B>& pass, const TextInput<B>& text, Variable<2, B>) const {
    return (*this)(pass, text);
  }
};

}  // namespace

TEST_CASE("testing.encoder: the library's encoders pass") {
  CHECK(complaints<Vit, Bert>().empty());
  CHECK(complaints<Vit, BagOfWords>().empty());
}

TEST_CASE("testing.encoder: a wrong number of tokens is reported, and no other check runs") {
  CHECK(complaints<Miscounted, Bert>() == "image tokens: expected [12,4], found [10,4]\n");
}

TEST_CASE("testing.encoder: outputs that depend on other pairs, or not on their own pair, are reported") {
  const std::string mixing = complaints<Mixing, Bert>(), dark = complaints<Blindfolded, Bert>();
  CHECK(has(mixing, "the image's class token depends on the other images"));
  CHECK(!has(mixing, "the text's"));
  CHECK(has(dark, "the image's class token does not depend on the image"));
  CHECK(has(dark, "the fused class token does not depend on the image"));
  CHECK(has(complaints<Vit, Unmasked>(), "the text's class token depends on padding"));
}

TEST_CASE("testing.encoder: unused weights and wrong gradients are reported") {
  const std::string alone = complaints<Vit, Alone>();
  CHECK(has(alone, "the fused class token does not depend on the image"));
  CHECK(has(alone, "parameter text_mlm_encoder.bert.encoder.layer.1.crossattention.self.query.weight: no output"));
  CHECK(has(complaints<Steep, Bert>(), "differences"));
}
