/// @file   golden.hpp
/// @brief  Records of one batch: features, losses, gradients, momentum rules, optimiser, importances.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <ctp/momentum/ema.hpp>
#include <ctp/momentum/view.hpp>
#include <ctp/penalty/importance.hpp>
#include <ctp/penalty/terms.hpp>
#include <ctp/strategy/all.hpp>
#include <ctp/train/learner.hpp>

#include "../common/cosine_heads.hpp"
#include "comparison.hpp"
#include "records.hpp"

namespace conformance {

template <class B>
class Golden {
 public:
  using Real = typename B::Real;
  using M = Model<B>;

  Golden(const Record& record, const Limits& limits)
      : limits_(limits),
        compare_(record.file),
        model_(record.config),
        online_(read("params.")),
        previous_(read("previous.")),
        momentum_(read("momentum.")),
        gradient_(model_.layout().size()) {
    batch_.load(read_batch(record.file, "batch."), model_.config());
  }

  bool run() {
    compare_.input("params.");
    compare_.input("previous.");
    compare_.input("momentum.");
    compare_.input("queue.");
    compare_.input("batch.");
    outputs();
    momentum_rules();
    finetune();
    lwf();
    lucir();
    ctp_method("ctp_first", false, after_ema_);
    ctp_method("ctp", true, after_compatible_);
    adamw();
    importances();
    return compare_.print();
  }

 private:
  using Theta = ctp::Buffer<Real, B>;
  using Parts = std::map<std::string, double>;

  Theta read(const std::string& prefix) const {
    Theta theta(model_.layout().size());
    theta.assign(ctp::read_weights<Real>(model_.layout(), compare_.file(), prefix));
    return theta;
  }
  ctp::Pass<B> online_pass() { return {online_.data(), &tape_, gradient_.data()}; }

  /// Compares a tensor of the tape with one of the record.
  template <std::size_t Rank>
  void check(const std::string& name, const ctp::Tensor<Real, Rank, B>& found) {
    const auto values = to_host<B>(found.data, found.size());
    compare_.check(name, name, std::span<const Real>(values), limits_.tight, Measure::Absolute);
  }
  /// Compares every parameter's slot of a vector with the tensors `prefix`*.
  void check_vector(const std::string& quantity, const std::string& prefix, const Real* theta, double limit,
                    Measure measure) {
    check_vector(quantity, prefix, theta, limit, measure, model_.layout());
  }
  void check_vector(const std::string& quantity, const std::string& prefix, const Real* theta, double limit,
                    Measure measure, const ctp::Layout& layout) {
    const auto values = to_host<B>(theta, layout.size());
    for (const ctp::ParameterInfo& p : layout.parameters())
      compare_.check(quantity, prefix + p.name,
                     std::span<const Real>(values.data() + p.offset, static_cast<std::size_t>(p.size())), limit,
                     measure, limits_.zero);
  }
  void check_loss(const std::string& method, const std::string& part, double found) {
    const std::string name = "loss." + method + "." + part;
    compare_.check(name, name, std::span<const double>(&found, 1), limits_.tight, Measure::Scaled);
  }

  void outputs() {
    tape_.rewind();
    ctp::Outputs<M> o(model_, {online_.data(), &tape_}, batch_);
    check("out.image_tokens", o.image_tokens().value);
    check("out.text_tokens", o.text_tokens().value);
    check("out.image_raw", o.image_raw().value);
    check("out.text_raw", o.text_raw().value);
    check("out.image", o.image().local.value);
    check("out.text", o.text().local.value);
    check("out.fusion", normalize(o.pass(), o.fused()).value);
    // Scores exist at masked positions only; the record has them everywhere.
    const auto& masked = batch_.masked_positions();
    const auto scores = o.masked_scores().value;
    const auto found = to_host<B>(scores.data, scores.size());
    const auto row = to_host<B>(masked.row.data, masked.row.size());
    const auto weight = to_host<B>(masked.weight.data, masked.weight.size());
    const std::vector<double> all = compare_.file().at("out.mlm_logits").as_doubles();
    compare_.input("out.mlm_logits");
    double worst = 0;
    const auto words = static_cast<std::size_t>(scores.shape[1]);
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (weight[i] == 0) continue;
      for (std::size_t j = 0; j < words; ++j) {
        const double error =
            std::abs(static_cast<double>(found[i * words + j]) - all[static_cast<std::size_t>(row[i]) * words + j]);
        worst = error <= worst ? worst : error;
      }
    }
    compare_.record("out.mlm_logits (labelled)", "out.mlm_logits", worst, limits_.tight);
  }

  void momentum_rules() {
    const ctp::Index n = model_.layout().size();
    after_ema_ = read("momentum.");
    const auto update = [&]<class Rule>(const Rule& rule, Theta& slow) {
      rule.update(ctp::momentum::ViewFor<Rule, B>(
          {.size = n, .slow = slow.data(), .online = online_.data(), .previous = previous_.data()}));
    };
    update(ctp::momentum::Ema{}, after_ema_);
    check_vector("after.ema", "after.ema.", after_ema_.data(), limits_.tight, Measure::Absolute);
    after_compatible_ = read("momentum.");
    update(ctp::momentum::Compatible{}, after_compatible_);
    check_vector("after.compatible", "after.compatible.", after_compatible_.data(), limits_.tight, Measure::Absolute);
  }

  /// Forward and backward of a strategy's losses; leaves the gradient of their sum in gradient_.
  template <class Strategy>
  Parts losses(const Theta* previous, const Theta* momentum, const std::function<void(Queues<B>&)>& queues,
               const std::function<void(Queues<B>&)>& committed) {
    const ctp::All<typename Strategy::Objective, typename Strategy::Distillation> losses;
    auto state = make_state(losses, model_, 0);
    Queues<B> found;
    state.visit(found);
    if (found.image != nullptr) queues(found);
    B::zero(gradient_.data(), gradient_.size());
    tape_.rewind();
    ctp::Step<M> step(model_, batch_, online_pass());
    if (previous != nullptr) step.previous.emplace(model_, ctp::Pass<B>{previous->data(), &tape_}, batch_);
    if (momentum != nullptr) step.momentum.emplace(model_, ctp::Pass<B>{momentum->data(), &tape_}, batch_);
    Parts parts = differentiate(losses, step, state);
    losses.commit(step, state);
    if (found.image != nullptr) committed(found);
    return parts;
  }
  template <class Losses, class Step, class State>
  Parts differentiate(const Losses& losses, Step& step, State& state) {
    const auto loss = losses.loss(step, state);
    B::fill(1, Real(1), loss.grad.data);
    tape_.backward();
    Parts parts;
    for (const auto& part : step.parts()) B::download(part.value.value.data, 1, &parts[part.name]);
    return parts;
  }

  void finetune() {
    const Parts parts = losses<ctp::strategy::SeqF>(nullptr, nullptr, {}, {});
    check_loss("finetune", "loss_ita", parts.at("in_batch_contrast"));
    check_loss("finetune", "loss_mlm", parts.at("masked_language"));
    check_vector("grad.finetune", "grad.finetune.", gradient_.data(), limits_.loose, Measure::Norm);
    Theta fisher(gradient_.size());
    B::add_squares(gradient_.size(), Real(1), gradient_.data(), fisher.data());
    check_vector("fisher", "fisher.", fisher.data(), limits_.loose, Measure::Norm);
    const double penalty = B::sum_terms(fisher.size(), std::as_const(online_).data(),
                                        ctp::penalty::Quadratic<Real>{5000.0 / 2, previous_.data(), fisher.data()});
    compare_.check("penalty.ewc", "penalty.ewc", std::span<const double>(&penalty, 1), limits_.tight, Measure::Scaled);
  }

  void lwf() {
    const Parts parts = losses<ctp::strategy::Lwf>(&previous_, nullptr, {}, {});
    check_loss("lwf", "loss_ita", parts.at("in_batch_contrast"));
    check_loss("lwf", "loss_mlm", parts.at("masked_language"));
    check_loss("lwf", "loss_ita_dis", parts.at("lwf"));
    check_loss("lwf", "loss_mlm_dis", parts.at("masked_language_distillation"));
    check_vector("grad.lwf", "grad.lwf.", gradient_.data(), limits_.loose, Measure::Norm);
  }

  /// LUCIR has cosine projections, hence a second model with its own parameter vector.
  void lucir() {
    using Strategy = ctp::strategy::Lucir;
    using Projection = typename Strategy::Projection;
    const Model<B, Projection> model(model_.config());
    const auto theta = [&](const std::string& prefix) {
      Theta values(model.layout().size());
      values.assign(
          ctp::read_weights<Real>(model.layout(), examples::with_heads<Projection>(compare_.file(), prefix), prefix));
      return values;
    };
    const Theta online = theta("params."), previous = theta("previous.");
    Theta gradient(online.size());
    tape_.rewind();
    ctp::Step step(model, batch_, ctp::Pass<B>{online.data(), &tape_, gradient.data()});
    step.previous.emplace(model, ctp::Pass<B>{previous.data(), &tape_}, batch_);
    ctp::All<typename Strategy::Objective, typename Strategy::Distillation> losses;
    std::get<0>(std::get<1>(losses.policies).policies).published = true;  // as released, for the records
    auto state = make_state(losses, model, 0);
    const Parts parts = differentiate(losses, step, state);
    check_loss("lucir", "loss_ita", parts.at("in_batch_contrast"));
    check_loss("lucir", "loss_mlm", parts.at("masked_language"));
    check_loss("lucir", "loss_ita_dis", parts.at("lucir"));
    check_loss("lucir", "loss_mlm_dis", parts.at("masked_language_distillation"));
    check_vector("grad.lucir", "grad.lucir.", gradient.data(), limits_.loose, Measure::Norm, model.layout());
  }

  void ctp_method(const std::string& method, bool later_task, const Theta& momentum) {
    const auto load = [&](Queues<B>& queues) { queues.load(compare_.file(), "queue."); };
    const auto check_queues = [&](Queues<B>& queues) {
      if (!later_task) return;
      const auto q = static_cast<std::size_t>(model_.config().queue),
                 e = static_cast<std::size_t>(model_.config().embed);
      const auto image = transposed(queues.image->to_host(), q, e), text = transposed(queues.text->to_host(), q, e);
      compare_.check("after.queue", "after.queue.image", std::span<const Real>(image), limits_.tight,
                     Measure::Absolute);
      compare_.check("after.queue", "after.queue.text", std::span<const Real>(text), limits_.tight, Measure::Absolute);
    };
    const Parts parts = losses<ctp::strategy::Ctp>(later_task ? &previous_ : nullptr, &momentum, load, check_queues);
    const auto part = [&](const char* name) { return parts.at(name); };
    if (later_task) {
      check_loss(method, "loss_ita", part("in_batch_contrast"));
      check_loss(method, "loss_mlm", part("masked_language"));
      check_loss(method, "loss_ita_dis",
                 part("momentum_contrast") + part("cross_modal_topology") + part("same_modal_topology"));
      check_loss(method, "loss_mlm_dis", part("masked_language_distillation"));
    } else {
      check_loss(method, "loss_ita", part("momentum_contrast") + part("in_batch_contrast"));
      check_loss(method, "loss_mlm", part("masked_language") + part("masked_language_distillation"));
    }
    check_vector("grad." + method, "grad." + method + ".", gradient_.data(), limits_.loose, Measure::Norm);
  }

  void adamw() {
    const ctp::optim::AdamW optimizer{.weight_decay = 0.05};
    auto state = optimizer.init(model_, 0);
    Theta theta = read("params.");
    for (int i = 0; i < 3; ++i) {
      Theta gradient = read("grad.finetune.");  // read again, because step() sets the gradient to zero
      optimizer.step(state, theta.data(), gradient.data(), 1e-3);
    }
    check_vector("after.adamw", "after.adamw.", theta.data(), limits_.tight, Measure::Absolute);
  }

  void importances() {
    tape_.rewind();
    B::zero(gradient_.data(), gradient_.size());
    ctp::Outputs<M> o(model_, online_pass(), batch_);
    const auto objective = ctp::penalty::mas_objective(o);
    B::fill(1, Real(1), objective.grad.data);
    tape_.backward();
    Theta mas(gradient_.size());
    B::add_magnitudes(gradient_.size(), Real(1), gradient_.data(), mas.data());
    check_vector("mas", "mas.", mas.data(), limits_.loose, Measure::Norm);
  }

  Limits limits_;
  Comparison compare_;
  M model_;
  Theta online_, previous_, momentum_, gradient_, after_ema_, after_compatible_;
  ctp::Tape<B> tape_;
  ctp::DeviceBatch<B> batch_;
};

}  // namespace conformance
