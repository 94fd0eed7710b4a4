/// @file   trajectory.hpp
/// @brief  Records of a training over several tasks.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ctp/train/learner.hpp>

#include "../common/cosine_heads.hpp"
#include "comparison.hpp"
#include "records.hpp"

namespace conformance {

/// The batches of one task of a record, in the same order in every epoch.
class RecordedTask final : public ctp::data::BatchSource {
 public:
  RecordedTask(const ctp::TensorFile& file, const std::string& prefix) {
    const auto steps = static_cast<std::size_t>(file.at(prefix + "ids").shape[0]);
    for (std::size_t s = 0; s < steps; ++s) batches_.push_back(read_batch(file, prefix, s, steps));
  }
  [[nodiscard]] std::size_t steps() const override { return batches_.size(); }
  void start(std::uint32_t epoch) override {
    next_ = 0;
    for (ctp::data::Batch& batch : batches_) batch.epoch = epoch;
  }
  const ctp::data::Batch* next() override { return next_ < batches_.size() ? &batches_[next_++] : nullptr; }

 private:
  std::vector<ctp::data::Batch> batches_;
  std::size_t next_ = 0;
};

/// Collects the loss parts of every step under the record's names; a part of a user's policy under the policy's name.
class Curves final : public ctp::Observer {
 public:
  void step_done(const ctp::StepReport& report) override {
    // On CTP's first task the record adds each teacher's loss to the corresponding objective.
    static const std::map<std::string, std::string> later{{"in_batch_contrast", "loss_ita"},
                                                          {"masked_language", "loss_mlm"},
                                                          {"momentum_contrast", "loss_ita_dis"},
                                                          {"cross_modal_topology", "loss_ita_dis"},
                                                          {"same_modal_topology", "loss_ita_dis"},
                                                          {"lwf", "loss_ita_dis"},
                                                          {"lucir", "loss_ita_dis"},
                                                          {"masked_language_distillation", "loss_mlm_dis"},
                                                          {"ewc", "penalty"},
                                                          {"mas", "penalty"},
                                                          {"si", "penalty"},
                                                          {"rwalk", "penalty"},
                                                          {"afec", "penalty"}};
    static const std::map<std::string, std::string> first{{"momentum_contrast", "loss_ita"},
                                                          {"masked_language_distillation", "loss_mlm"}};
    std::map<std::string, double> sums;
    for (const char* name : {"loss_ita", "loss_mlm", "loss_ita_dis", "loss_mlm_dis", "penalty"}) sums[name] = 0;
    for (const auto& [name, value] : report.parts) {
      const auto& names = report.task == 0 && first.contains(name) ? first : later;
      const auto known = names.find(name);
      sums[known == names.end() ? name : known->second] += value;
    }
    for (const auto& [name, sum] : sums) curve[name].push_back(sum);
  }
  std::map<std::string, std::vector<double>> curve;
};

/// An archive that collects a state's parameter vectors by name.
template <class B>
struct Vectors {
  using Buffer = ctp::Buffer<typename B::Real, B>;
  std::map<std::string, const Buffer*> found;
  template <class Value>
  void operator()(const std::string&, Value&) {}
  void operator()(const std::string& name, Buffer& value) { found[name] = &value; }
};

template <class B, class Strategy>
class Trajectory {
 public:
  using Real = typename B::Real;
  using Projection = typename Strategy::Projection;

  Trajectory(const Record& record, const Limits& limits)
      : limits_(limits),
        compare_(record.file),
        run_(*record.run),
        learner_(Model<B, Projection>(record.config),
                 ctp::TrainOptions{.epochs = run_.epochs, .rate = run_.lr, .min_rate = run_.min_lr}) {
    learner_.optimizer().weight_decay = run_.weight_decay;
    learner_.set_weights(
        ctp::read_weights<Real>(layout(), examples::with_heads<Projection>(record.file, "start."), "start."));
    // The record computes LUCIR's cosines along tokens, as the released code does.
    learner_.settings([](const std::string& key, auto& value) {
      if constexpr (std::is_same_v<decltype(value), bool&>)
        if (key == "lucir.published") value = true;
    });
    learner_.losses_state().visit(queues_);
    if (queues_.image != nullptr) queues_.load(record.file, "queue.");
    learner_.observe(curves_);
  }

  bool run() {
    compare_.input("start.");
    compare_.input("queue.");
    for (int t = 0; t < run_.tasks; ++t) {
      const std::string prefix = "task" + std::to_string(t) + ".";
      for (const char* name : {"images", "ids", "attend", "masked", "labels"}) compare_.input(prefix + name);
      RecordedTask task(compare_.file(), prefix);
      const std::vector<Real> before = learner_.weights();
      curves_.curve.clear();
      learner_.learn(task, prefix);
      for (const auto& [name, values] : curves_.curve)
        compare_.check(prefix + "loss." + name, prefix + "loss." + name, std::span<const double>(values),
                       limits_.trajectory_loss, Measure::Scaled);
      parameters(prefix + "end", prefix + "end.", learner_.weights(), before);
      if (queues_.image != nullptr) states(prefix, before);
      if constexpr (Strategy::Penalty::active) importances(prefix, before);
    }
    return compare_.print();
  }

 private:
  static constexpr bool is_double = std::is_same_v<Real, double>;

  const ctp::Layout& layout() const { return learner_.model().layout(); }

  /// True if the gradient of element `i` is zero in exact arithmetic; AdamW's update is rounding noise then.
  static bool is_noise(const ctp::ParameterInfo& p, std::size_t i) {
    if (p.name.ends_with(".self.key.bias") || p.name.ends_with("_proj.sigma")) return true;
    const auto third = static_cast<std::size_t>(p.size()) / 3;
    return p.name.ends_with(".attn.qkv.bias") && i >= third && i < 2 * third;
  }

  /// Compares a parameter vector: elementwise in double, the whole change since `before` in single precision.
  void parameters(const std::string& quantity, const std::string& prefix, const std::vector<Real>& found,
                  const std::vector<Real>& before) {
    double worst = 0, squares = 0, size = 0;
    std::string where;
    for (const ctp::ParameterInfo& p : layout().parameters()) {
      compare_.input(prefix + p.name);
      const std::vector<double> expected = compare_.file().at(prefix + p.name).as_doubles();
      for (std::size_t i = 0; i < expected.size(); ++i) {
        if (is_noise(p, i)) continue;
        const std::size_t at = static_cast<std::size_t>(p.offset) + i;
        const double error = std::abs(static_cast<double>(found[at]) - expected[i]);
        const double change = expected[i] - static_cast<double>(before[at]);
        if (!(error <= worst)) {
          worst = error;
          where = prefix + p.name;
        }
        squares += error * error;
        size += change * change;
      }
    }
    if constexpr (is_double)
      compare_.record(quantity, where, worst, limits_.trajectory_change);
    else
      compare_.record(quantity + " (change, in norm)", where, std::sqrt(squares / size), limits_.trajectory_change);
  }

  void states(const std::string& prefix, const std::vector<Real>& before) {
    std::vector<Real> momentum(static_cast<std::size_t>(layout().size()));
    B::download(std::as_const(learner_).thetas().momentum(), layout().size(), momentum.data());
    parameters(prefix + "momentum", prefix + "momentum.", momentum, before);
    const auto& c = learner_.model().config();
    const auto q = static_cast<std::size_t>(c.queue), e = static_cast<std::size_t>(c.embed);
    const double limit = limits_.trajectory_queue;
    const auto image = transposed(queues_.image->to_host(), q, e), text = transposed(queues_.text->to_host(), q, e);
    compare_.check(prefix + "queue", prefix + "queue.image", std::span<const Real>(image), limit, Measure::Absolute);
    compare_.check(prefix + "queue", prefix + "queue.text", std::span<const Real>(text), limit, Measure::Absolute);
  }

  /// Compares the members of a penalty's state that the record holds, under the record's names.
  void importances(const std::string& prefix, const std::vector<Real>& before) {
    Vectors<B> vectors;
    learner_.penalty_state().visit(vectors);
    const std::vector<Real> zero(before.size());
    for (const auto& [theirs, ours] : std::multimap<std::string, std::string>{{"fisher", "fisher"},
                                                                              {"fisher", "importance"},
                                                                              {"importance", "importance"},
                                                                              {"score", "score"},
                                                                              {"forward_fisher", "forward_importance"},
                                                                              {"forward_params", "forward"}}) {
      const bool recorded = compare_.file().find(prefix + theirs + "." + layout().parameters().front().name) != nullptr;
      if (!recorded || !vectors.found.contains(ours)) continue;
      if (theirs == "fisher" && ours == "importance" && vectors.found.contains("fisher")) continue;
      parameters(prefix + theirs, prefix + theirs + ".", vectors.found.at(ours)->to_host(),
                 theirs == "forward_params" ? before : zero);
    }
  }

  Limits limits_;
  Comparison compare_;
  Run run_;
  ctp::Learner<Strategy, Model<B, Projection>> learner_;
  Queues<B> queues_;
  Curves curves_;
};

}  // namespace conformance
