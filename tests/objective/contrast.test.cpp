// The two contrasts, worked out by hand on features in the plane with temperature 1/2.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/objective/in_batch_contrast.hpp>
#include <ctp/objective/momentum_contrast.hpp>
#include <support/fake_step.hpp>

using doctest::Approx;
using fake::two_way;

TEST_CASE("in-batch contrast: each row against the rows of the other modality, both directions") {
  const fake::Answers answers{.image = {{1, 0}, {0, 1}}, .text = {{1, 0}, {0.6, 0.8}}};
  fake::Step step(answers);
  step.sizes().temperature = 0.5;

  const double loss = *ctp::objective::InBatchContrast{}.loss(step).value.data;

  // Scores, image by text: 2, 1.2 | 0, 1.6.
  const double to_text = (two_way(2, 1.2) + two_way(1.6, 0)) / 2, to_image = (two_way(2, 0) + two_way(1.6, 1.2)) / 2;
  CHECK(loss == Approx((to_text + to_image) / 2).epsilon(1e-14));
}

TEST_CASE(
    "momentum contrast: the teacher's feature of the pair against the queue; commit overwrites the oldest entry") {
  const fake::Answers online{.image = {{1, 0}}, .text = {{0, 1}}}, teacher{.image = {{0, 1}}, .text = {{0.6, 0.8}}};
  fake::Step step(online);
  step.set_momentum(teacher);
  step.sizes().temperature = 0.5;
  step.sizes().embed = 2;
  step.sizes().queue = 2;
  const ctp::objective::MomentumContrast policy;
  auto state = policy.init(step.model(), 3);
  for (const double length : {std::hypot(state.image.data()[0], state.image.data()[1]),
                              std::hypot(state.text.data()[2], state.text.data()[3])})
    CHECK(length == Approx(1).epsilon(1e-14));
  state.image.assign(std::vector<double>{0, -1, 1, 0});
  state.text.assign(std::vector<double>{-1, 0, 0, 1});

  const double loss = *policy.loss(step, state).value.data;

  // Image to text: 1.2 against -2 and 0. Text to image: 2 against -2 and 0.
  const double to_text = std::log(std::exp(1.2) + std::exp(-2.0) + 1) - 1.2;
  const double to_image = std::log(std::exp(2.0) + std::exp(-2.0) + 1) - 2;
  CHECK(loss == Approx((to_text + to_image) / 2).epsilon(1e-14));
  CHECK(state.next == 0);  // loss() does not change the queue
  policy.commit(step, state);
  CHECK(state.next == 1);
  CHECK(state.image.to_host() == std::vector<double>{0, 1, 1, 0});
  CHECK(state.text.to_host() == std::vector<double>{0.6, 0.8, 0, 1});
  policy.commit(step, state);
  CHECK(state.next == 0);
  CHECK(state.image.to_host() == std::vector<double>{0, 1, 0, 1});
}

TEST_CASE("momentum contrast: the queue is rounded down to whole batches and must hold at least one") {
  fake::Model model;
  model.sizes.embed = 2;
  model.sizes.queue = 5;
  auto state = ctp::objective::MomentumContrast{}.init(model, 0);
  state.fit(2);
  CHECK(state.used == 4);
  state.next = 3;
  state.fit(2);
  CHECK(state.next == 3);  // a short batch came before
  for (const std::int64_t outside : {-1, 4}) {
    state.next = outside;
    state.fit(2);
    CHECK(state.next == 0);
  }
  CHECK_THROWS_WITH_AS(state.fit(6),
                       "momentum_contrast: the queue of 5 is shorter than a batch of 6; choose --queue of at least the "
                       "batch size",
                       ctp::UsageError);
}

TEST_CASE("momentum contrast: a batch that does not fit before the end of the queue goes on at its beginning") {
  fake::Model model;
  model.sizes.embed = 1;
  model.sizes.queue = 5;
  auto state = ctp::objective::MomentumContrast{}.init(model, 0);
  state.fit(2);
  state.image.assign(std::vector<double>{9, 9, 9, 9, 9});
  state.text.assign(std::vector<double>{8, 8, 8, 8, 8});
  state.next = 3;
  const std::vector<double> images{1, 2}, texts{3, 4};
  using Rows = ctp::Tensor<const double, 2, fake::B>;

  state.push(Rows{images.data(), {2, 1}}, Rows{texts.data(), {2, 1}});

  CHECK(state.image.to_host() == std::vector<double>{2, 9, 9, 1, 9});
  CHECK(state.text.to_host() == std::vector<double>{4, 8, 8, 3, 8});
  CHECK(state.next == 1);
}

TEST_CASE("momentum contrast: a short batch leaves the used length that full batches gave the queue") {
  fake::Step step({.image = {{1, 0}}, .text = {{0, 1}}});
  step.set_momentum({.image = {{0, 1}}, .text = {{1, 0}}});
  step.sizes().embed = 2;
  step.sizes().queue = 5;
  const ctp::objective::MomentumContrast policy;
  auto state = policy.init(step.model(), 3);
  step.labels.pairs = 2;  // of a full batch; this batch has one pair

  (void)policy.loss(step, state);
  CHECK(state.used == 4);
  for (int i = 0; i < 3; ++i) policy.commit(step, state);

  CHECK(state.next == 3);
  CHECK(state.image.to_host()[5] == 1);
}

namespace {

/// A step whose pass has a gradient and one weight, the logarithm of 2, where a learned temperature lies.
struct LearnedStep : fake::Step {
  double theta[16] = {0.6931471805599453}, gradient[16] = {};

  explicit LearnedStep(const fake::Answers& answers) : Step(answers) {
    online = ctp::testing::outputs_of<fake::B>({theta, &tape, gradient, {}}, answers);
    sizes().temperature = 0.07;  // of no effect
  }
  /// The gradient by the weight.
  double slope_of(const ctp::Scalar<fake::B>& loss) {
    *loss.grad.data = 1;
    tape.backward();
    return gradient[0];
  }
};
/// Slope of two_way(2 right, 2 wrong) by the logarithm of the 2.
double two_way_slope(double right, double wrong) { return 2 * (wrong - right) / (1 + std::exp(-2 * (wrong - right))); }
constexpr ctp::Shape<0> number{};

}  // namespace

TEST_CASE("in-batch contrast: a learned temperature divides the scores, and its gradient is that of the scale") {
  const fake::Answers answers{.image = {{1, 0}, {0, 1}}, .text = {{1, 0}, {0.6, 0.8}}};
  LearnedStep step(answers);
  ctp::objective::InBatchContrast policy{.learn_temperature = true};
  policy.logit_scale = {0, number};

  const auto loss = policy.loss(step);

  // Inner products, image by text: 1, 0.6 | 0, 0.8; the scale is 2.
  const double to_text = (two_way(2, 1.2) + two_way(1.6, 0)) / 2, to_image = (two_way(2, 0) + two_way(1.6, 1.2)) / 2;
  CHECK(*loss.value.data == Approx((to_text + to_image) / 2).epsilon(1e-14));
  const double slopes = two_way_slope(1, 0.6) + two_way_slope(0.8, 0) + two_way_slope(1, 0) + two_way_slope(0.8, 0.6);
  CHECK(step.slope_of(loss) == Approx(slopes / 4).epsilon(1e-13));
}

TEST_CASE("momentum contrast: a learned temperature divides the scores of batch and queue") {
  const fake::Answers online{.image = {{1, 0}}, .text = {{0, 1}}}, teacher{.image = {{0, 1}}, .text = {{0.6, 0.8}}};
  LearnedStep step(online);
  step.set_momentum(teacher);
  step.sizes().embed = 2;
  step.sizes().queue = 1;
  ctp::objective::MomentumContrast policy{.learn_temperature = true};
  policy.logit_scale = {0, number};
  auto state = policy.init(step.model(), 3);
  state.image.assign(std::vector<double>{0, -1});
  state.text.assign(std::vector<double>{-1, 0});

  const auto loss = policy.loss(step, state);

  // Inner products: image to text 0.6 against -1, text to image 1 against -1.
  CHECK(*loss.value.data == Approx((two_way(1.2, -2) + two_way(2, -2)) / 2).epsilon(1e-14));
  CHECK(step.slope_of(loss) == Approx((two_way_slope(0.6, -1) + two_way_slope(1, -1)) / 2).epsilon(1e-13));
}

TEST_CASE("learned temperature: starts at the model's, bounded as CLIP's, without weight decay; none by default") {
  const auto check = [](auto policy, const char* name) {
    ctp::Layout layout;
    policy.parameters(layout, ctp::ModelConfig{.temperature = 0.05});
    CHECK(layout.parameters().empty());
    const auto learn = [](const std::string& key, bool& value) {
      CHECK(key == "learn_temperature");
      value = true;
    };
    ctp::visit_settings(policy, learn);
    policy.parameters(layout, ctp::ModelConfig{.temperature = 0.05});
    REQUIRE(layout.parameters().size() == 1);
    const ctp::ParameterInfo& p = layout.parameters().front();
    CHECK(p.name == "logit_scale");
    CHECK(p.shape.empty());
    CHECK(p.start.kind() == ctp::Start::Kind::Constant);
    CHECK(p.start.first() == Approx(2.995732273553991).epsilon(1e-15));  // log 20
    CHECK(p.least == 0);
    CHECK(p.most == Approx(4.605170185988092).epsilon(1e-15));  // log 100
    CHECK(p.decay == 0);
    CHECK(p.rate == 1);
    for (const double limit : {0.01, 1.0}) policy.parameters(layout, ctp::ModelConfig{.temperature = limit});
    for (const double outside : {0.0099, 1.01, std::nan("")})
      CHECK_THROWS_WITH_AS(policy.parameters(layout, ctp::ModelConfig{.temperature = outside}), doctest::Contains(name),
                           ctp::UsageError);
  };
  check(ctp::objective::InBatchContrast{}, "in_batch_contrast.learn_temperature");
  check(ctp::objective::MomentumContrast{}, "momentum_contrast.learn_temperature");
}
