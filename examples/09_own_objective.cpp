// An objective of your own, with weights of its own: the sigmoid contrast of SigLIP. Each image and each text of a
// batch are one binary classification, matching or not, with a learned temperature and a learned bias.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>

#include <ctp/ctp.hpp>
#include <ctp/testing/loss.hpp>

/// The objective's weights are part of the model: trained and saved with the model's weights; teachers have own copies.
template <class Backend>
class SiglipModel : public ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend> {
 public:
  explicit SiglipModel(const ctp::ModelConfig& config)
      : ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend>(config),
        // Both weights start at one; SigmoidContrast scales both weights, so that a weight of one is the published
        // start.
        temperature(this->layout_to_extend().template add<1>("siglip.temperature", {1}, ctp::Start::Ones)),
        bias(this->layout_to_extend().template add<1>("siglip.bias", {1}, ctp::Start::Ones)) {}

  ctp::Parameter<1> temperature, bias;
};

// [operation]
/// A new operation for the tape: compute the value, and record the backward function. Small structs with operator()(i)
/// run on any backend.
namespace sigmoid {

/// u = e^(start * temperature) s - 10 bias, the logit of pair (i,j); sign is 1 on the diagonal, else -1.
template <class Real>
struct Question {
  ctp::Index n;
  const Real *scores, *temperature, *bias;

  CTP_HD Real factor() const { return ctp::fn::exp(Real(2.302585092994046) * *temperature); }  // log 10
  CTP_HD Real sign(ctp::Index at) const { return at / n == at % n ? Real(1) : Real(-1); }
  CTP_HD Real wrong(ctp::Index at) const { return -sign(at) * (factor() * scores[at] - Real(10) * *bias); }
};
/// each = log(1 + e^wrong) = -log sigmoid(sign u), without overflow.
template <class Real>
struct Value {
  Question<Real> question;
  Real* each;

  CTP_HD void operator()(ctp::Index at) const {
    const Real x = question.wrong(at);
    each[at] = (x > 0 ? x : Real(0)) + std::log1p(ctp::fn::exp(x > 0 ? -x : x));
  }
};
/// slope = d loss / d u, where loss = sum of each / n.
template <class Real>
struct Slope {
  Question<Real> question;
  const Real* loss_slope;
  Real* slope;

  CTP_HD void operator()(ctp::Index at) const {
    const Real probability = Real(1) / (Real(1) + ctp::fn::exp(-question.wrong(at)));
    slope[at] = -question.sign(at) * probability * *loss_slope / static_cast<Real>(question.n);
  }
};
/// factor = e^(log 10 temperature). Adds the gradients of temperature and bias, by the chain rule from the sums over
/// all pairs.
template <class Real>
struct Chain {
  Question<Real> question;
  const Real *by_factor, *by_bias;
  Real *factor, *temperature_slope, *bias_slope;

  CTP_HD void operator()(ctp::Index) const {
    *factor = question.factor();
    *temperature_slope += *by_factor * question.factor() * Real(2.302585092994046);
    *bias_slope += Real(-10) * *by_bias;
  }
};

}  // namespace sigmoid

/// @brief Sigmoid contrast sum_ij -log sigmoid(sign_ij (e^(log 10 temperature) s_ij - 10 bias)) / n; sign is 1 for i =
/// j, else -1.
///
/// **Shapes.** s [n,n], temperature, bias [1]; returns a scalar.  **Gradient.** to all three.
template <class B>
ctp::Scalar<B> sigmoid_contrast(const ctp::Pass<B>& pass, ctp::Variable<2, B> s, ctp::Variable<1, B> temperature,
                                ctp::Variable<1, B> bias) {
  using Real = typename B::Real;
  const ctp::Index n = s.value.shape[0], all = n * n;
  const sigmoid::Question<Real> question{n, s.value.data, temperature.value.data, bias.value.data};
  const auto terms = pass.scratch(ctp::Shape<1>{all}), weights = pass.scratch(ctp::Shape<1>{all});
  const auto sums = pass.scratch(ctp::Shape<1>{3});
  auto loss = pass.make(ctp::Shape<0>{});
  B::for_each(all, sigmoid::Value<Real>{question, terms.data});
  B::fill(all, Real(1) / static_cast<Real>(n), weights.data);
  B::dot(all, terms.data, weights.data, loss.value.data);
  pass.record([=] {  // runs in the backward pass; holds views and numbers only, and adds to gradients
    B::for_each(all, sigmoid::Slope<Real>{question, loss.grad.data, terms.data});
    B::fill(all, Real(1), weights.data);
    B::dot(all, terms.data, s.value.data, sums.data);
    B::dot(all, terms.data, weights.data, sums.data + 1);
    B::for_each(1, sigmoid::Chain<Real>{question, sums.data, sums.data + 1, sums.data + 2, temperature.grad.data,
                                        bias.grad.data});
    B::add_scaled_by(all, sums.data + 2, terms.data, s.grad.data);
  });
  return loss;
}
// [operation]

/// @brief Sigmoid loss (SigLIP) over all pairs of an image and a text of the batch.
///
/// **Units.** nats per pair.  **Gradient.** to the online model, its temperature and its bias.
/// **Source.** Zhai et al. 2023, SigLIP, arXiv:2303.15343, algorithm 1, with its starting values: 10 and -10.
struct SigmoidContrast {
  static constexpr const char* name = "sigmoid_contrast";
  static constexpr ctp::Needs needs{};

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto& model = step.model();
    return sigmoid_contrast(pass, scores(pass, step.online.image().local, step.online.text().all, 1),
                            pass[model.temperature], pass[model.bias]);
  }
};

struct Mine : ctp::strategy::SeqF {
  static constexpr const char* name = "mine";
  using Objective = ctp::All<SigmoidContrast, ctp::objective::MaskedLanguage>;
};

int main() {
  const auto report =
      ctp::testing::check_loss(SigmoidContrast{}, SiglipModel<ctp::BasicCpu<double>>(ctp::testing::micro));
  std::printf("the objective is %s\n%s", report.ok ? "sound" : "not sound:", report.log.c_str());

  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 16;
  ctp::Learner<Mine, SiglipModel<ctp::Cpu>> learner(
      SiglipModel<ctp::Cpu>(sizes),
      {.epochs = 60, .rate = 1e-3, .max_tokens = 4, .loading = {.batch_size = 8, .augment = false, .workers = 0}});

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
  const auto weights = learner.weights();
  const auto learned = [&](const ctp::Parameter<1>& p) { return weights[static_cast<std::size_t>(p.offset)] != 1; };
  std::printf("temperature and bias were %s\n",
              learned(learner.model().temperature) && learned(learner.model().bias) ? "learned" : "not learned");
}

// prints: the objective is sound
// prints: recall mean: 100 %
// prints: temperature and bias were learned
