// An objective of your own, with parameters of its own: the sigmoid contrast of SigLIP. Each image and each text of a
// batch are one binary classification, matching or not, with a learned temperature and a learned bias.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include <ctp/ctp.hpp>
#include <ctp/testing/loss.hpp>

// [objective]
/// @brief Sigmoid loss (SigLIP) over all pairs of an image and a text of the batch: sum_ij -log sigmoid(+-u_ij) / n,
/// with + for i = j, else -; u = exp(log_scale) s + bias, s_ij the cosine of image i and text j.
///
/// **Units.** nats per pair.  **Gradient.** to the online model, and to the policy's parameters.
/// **Source.** Zhai et al. 2023, SigLIP, arXiv:2303.15343, algorithm 1, with its starting values: 10 and -10.
struct SigmoidContrast {
  static constexpr const char* name = "sigmoid_contrast";
  static constexpr ctp::Needs needs{};
  ctp::Parameter<0> log_scale{}, bias{};

  template <class Layout>
  void parameters(Layout& layout) {  // they are trained and saved with the model's; teachers have own copies
    log_scale = layout.template add<0>("log_scale", {}, {.start = ctp::Start::constant(std::log(10)), .decay = 0});
    bias = layout.template add<0>("bias", {}, {.start = ctp::Start::constant(-10), .decay = 0});
  }
  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto s = scores(pass, step.online.image().local, step.online.text().all, 1);
    const auto u = map(pass, pass[log_scale], ctp::elementwise::Exp{}) * s + pass[bias];
    // -log sigmoid(-u) = softplus(u), and -log sigmoid(u) = softplus(u) - u.
    return (sum(pass, map(pass, u, ctp::elementwise::Softplus{})) - sum(pass, diagonal(pass, u))) /
           static_cast<double>(s.value.shape[0]);
  }
};
// [objective]

struct Mine : ctp::strategy::SeqF {
  static constexpr const char* name = "mine";
  using Objective = ctp::All<SigmoidContrast, ctp::objective::MaskedLanguage>;
};

template <class Backend>
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend>;

int main() {
  const auto report = ctp::testing::check_loss(SigmoidContrast{}, Model<ctp::BasicCpu<double>>(ctp::testing::micro));
  std::printf("the objective is %s\n%s", report.ok ? "sound" : "not sound:", report.log.c_str());

  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 16;
  ctp::Learner<Mine, Model<ctp::Cpu>> learner(
      Model<ctp::Cpu>(sizes),
      {.epochs = 60, .rate = 1e-3, .max_tokens = 4, .loading = {.batch_size = 8, .augment = false, .workers = 0}});
  // The objective's parameters lie in the weights, behind those of the model.
  const auto parameter = [&](const std::string& wanted) {
    const auto weights = learner.weights();
    for (const ctp::ParameterInfo& p : learner.model().layout().parameters())
      if (p.name == "policy.sigmoid_contrast." + wanted) return weights[static_cast<std::size_t>(p.offset)];
    return 0.F;
  };
  const float log_scale = parameter("log_scale"), bias = parameter("bias");
  std::printf("scale %.2f, bias %.2f\n", std::exp(log_scale), bias);

  const auto pairs = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{"greens and reds", pairs, {}};
  for (int i = 0; i < 8; ++i) {
    ctp::data::Image picture(16, 16);
    for (std::size_t p = 0; p < picture.rgb.size(); p += 3) {
      picture.rgb[p] = static_cast<std::uint8_t>(80 * (i % 4));
      picture.rgb[p + 1] = static_cast<std::uint8_t>(200 * (i / 4));
    }
    task.members.push_back(pairs->add(picture, {2, 5 + i % 4, 9 + i / 4, 3}));
  }
  learner.learn(task);
  std::printf("recall mean: %.0f %%\n", ctp::eval::retrieval(learner, task).r_mean);
  std::printf("scale and bias were %s\n",
              parameter("log_scale") != log_scale && parameter("bias") != bias ? "learned" : "not learned");
}

// prints: the objective is sound
// prints: scale 10.00, bias -10.00
// prints: recall mean: 100 %
// prints: scale and bias were learned
