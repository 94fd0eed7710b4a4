#include <ctp/testing/loss.hpp>

#include <string>

#include <doctest/doctest.h>
#include <nano.hpp>

#include <ctp/autograd/operators.hpp>
#include <ctp/backend/cpu/backend.hpp>
#include <ctp/distill/lwf.hpp>
#include <ctp/distill/masked_language.hpp>
#include <ctp/distill/topology.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/objective/in_batch_contrast.hpp>
#include <ctp/objective/masked_language.hpp>
#include <ctp/objective/momentum_contrast.hpp>

using ctp::Needs;
using ctp::Output;
using ctp::testing::check_loss;
using ctp::testing::check_needs;
using ctp::testing::Report;

namespace {
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<double>>;
const Model model(nano);

bool mentions(const Report& report, const std::string& text) { return report.log.find(text) != std::string::npos; }

/// Mean cosine between the image features of the online and of the previous model. Names all that it reads, and may
/// name more.
template <Output previous, Output momentum = Output::Nothing>
struct Drift {
  static constexpr const char* name = "drift";
  static constexpr Needs needs{previous, momentum};

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    return mean(pass, row_products(pass, step.online.image().local, step.previous->image().local));
  }
};

/// The mean length of the raw image features. The gradient is multiplied by `backward`.
struct Lengths {
  static constexpr const char* name = "lengths";
  static constexpr Needs needs{};
  double backward = 1;

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto x = mean(pass, row_lengths(pass, step.online.image_raw()));
    auto y = pass.make(ctp::Shape<0>{});
    Step::Backend::copy(x.value.data, 1, y.value.data);
    const double factor = backward;
    pass.record([=] {
      if (x.grad) Step::Backend::add_scaled(1, factor, y.grad.data, x.grad.data);
    });
    return y;
  }
};

/// A loss that does not depend on the weights.
struct Constant {
  static constexpr const char* name = "constant";
  static constexpr Needs needs{};

  template <class Step>
  auto loss(Step& step) const {
    const auto zero = step.online.pass().make(ctp::Shape<0>{});
    Step::Backend::zero(zero.value.data, 1);
    return zero;
  }
};

/// exp(x) times the mean length of the raw image features, with a parameter x of its own. The gradient by x is
/// multiplied by `backward`.
struct Stretched {
  static constexpr const char* name = "stretched";
  static constexpr Needs needs{};
  double backward = 1;
  ctp::Parameter<0> x{};

  template <class Layout>
  void parameters(Layout& layout) {
    x = layout.template add<0>("x", {}, {.start = ctp::Start::constant(0.5)});
  }
  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto own = pass[x];
    const auto factor = map(pass, own, ctp::elementwise::Exp{});
    const double error = backward - 1;
    pass.record([=] {
      if (own.grad) Step::Backend::add_scaled(1, error, factor.grad.data, own.grad.data);
    });
    return factor * mean(pass, row_lengths(pass, step.online.image_raw()));
  }
};
}  // namespace

TEST_CASE("loss: an objective and a distillation pass, with the gradient by every weight of the model") {
  CHECK(check_loss(ctp::All<ctp::objective::InBatchContrast, ctp::objective::MaskedLanguage>{}, model).log.empty());
  CHECK(check_loss(ctp::distill::CrossModalTopology{}, model).log.empty());
}

TEST_CASE("loss: a wrong gradient and one that is zero everywhere are reported") {
  CHECK(check_loss(Lengths{}, model).ok);
  const Report wrong = check_loss(Lengths{1.01}, model);
  CHECK_FALSE(wrong.ok);
  CHECK(mentions(wrong, "norm of the difference"));
  CHECK(mentions(wrong, "visual_encoder.patch_embed.proj.weight[0]: tape "));
  CHECK_FALSE(mentions(wrong, "visual_encoder.patch_embed.proj.weight[1]"));  // one element of each parameter
  CHECK_FALSE(mentions(wrong, "theta["));
  CHECK(check_loss(Constant{}, model).log ==
        "the gradient is 0 for all weights: nothing would be learned from this loss\n");
}

TEST_CASE("loss: the parameters of a policy are checked with the weights of the model, and the model stays as it is") {
  const ctp::Index before = model.layout().size();
  CHECK_FALSE(check_loss(Stretched{.backward = 1.01}, model).ok);
  CHECK(check_loss(ctp::objective::InBatchContrast{.learn_temperature = true}, model).log.empty());
  CHECK(check_loss(ctp::objective::MomentumContrast{.learn_temperature = true}, model).log.empty());
  CHECK(model.layout().size() == before);
}

TEST_CASE("needs: the library's losses name the outputs that they read") {
  CHECK(check_needs(ctp::objective::MomentumContrast{}, model).log.empty());
  CHECK(check_needs(ctp::distill::Lwf{}, model).log.empty());
  CHECK(check_needs(ctp::distill::SameModalTopology{}, model).log.empty());
  CHECK(check_needs(ctp::distill::MaskedLanguage<ctp::distill::Teacher::Previous>{}, model).log.empty());
  CHECK(check_needs(ctp::distill::MaskedLanguage<ctp::distill::Teacher::Momentum>{}, model).log.empty());
}

TEST_CASE("needs: a teacher, or an output of a teacher, that is named and not read is reported by name") {
  CHECK(check_needs(Drift<Output::Features>{}, model).log.empty());
  CHECK(check_needs(Drift < Output::Features | Output::Tokens | Output::Fused > {}, model).log ==
        "drift: needs.previous is Output::Features | Output::Tokens | Output::Fused, but the loss reads "
        "Output::Features only; name what is read\n");
  CHECK(check_needs(Drift<Output::Features, Output::Weights>{}, model).log ==
        "drift: needs.momentum is Output::Weights, but the loss reads nothing of it; name what is read\n");
  using Two = ctp::All<ctp::objective::MaskedLanguage, Drift<Output::Features, Output::MaskedScores>>;
  CHECK(ctp::testing::detail::check_each(Two{}, model).log ==
        "drift: needs.momentum is Output::MaskedScores, but the loss reads nothing of it; name what is read\n");
}
