/// @file   ctp/train/task_trainer.hpp
/// @brief  The loop over the epochs and steps of one task, with its observers and its place.
/// @layer  train
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/train/guard/guard_options.hpp>
#include <ctp/train/guard/step_fault.hpp>
#include <ctp/train/guard/step_guard.hpp>
#include <ctp/train/last_report.hpp>
#include <ctp/train/observer.hpp>
#include <ctp/train/position.hpp>
#include <ctp/train/step_engine.hpp>
#include <ctp/train/task_plan.hpp>

namespace ctp {

/// @brief Trains one task: epochs and steps of an engine, calls of the observers, the place between two steps.
///
/// Part of a Learner, which knows lists of tasks, kept pairs and vocabularies.
template <class Engine>
class TaskTrainer {
 public:
  using B = typename Engine::B;

  template <class... Arguments>
  explicit TaskTrainer(Arguments&&... arguments)
      : engine_(std::forward<Arguments>(arguments)...), guard_(engine_.options().guard) {}

  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] const Engine& engine() const { return engine_; }
  [[nodiscard]] PlaceInTasks& place() { return place_; }
  [[nodiscard]] Position position() const {
    return place_.at(engine_.tasks_seen(), engine_.task_step(), engine_.global_step());
  }
  void observe(Observer& observer) { observers_.push_back(&observer); }

  /// @brief Trains on all epochs of a task, or goes on with the task of a restored state. `print`: fingerprint_of() the
  /// task. `alone`: the task is a list of its own. **Errors.** CheckpointError for another task than the begun one; as
  /// StepEngine.
  void train(data::BatchSource& source, const std::string& name, std::uint64_t print, const TaskPlan& plan,
             bool alone) {
    using Clock = std::chrono::steady_clock;
    const std::chrono::duration<double> longest(engine_.options().read_seconds);  // slow steps are reported one by one
    const bool watched =
        std::any_of(observers_.begin(), observers_.end(), [](Observer* o) { return o->watches_steps(); });
    const GuardOptions& guard = engine_.options().guard;
    const bool waits = watched || (guard.finds_spikes() && guard.on_spike == FaultAction::Stop);
    const int read_every = backend::SkipsWork<B> && !waits ? engine_.options().read_every : 1;
    const int epochs = plan.epochs.value_or(engine_.options().epochs);
    auto last_read = Clock::now();
    begin_or_resume(source, name, print, epochs, plan, alone);
    bool ends = false;
    int epoch = static_cast<int>(position().epoch);
    for (; epoch < epochs && !ends; ++epoch) {
      const auto trained = static_cast<std::size_t>(position().batch);
      if (!position().epoch_begun) {
        engine_.begin_epoch(source, static_cast<std::uint32_t>(epoch));
        place_.begin_epoch();
        guard_.copy(engine_);
      } else if (guard_.wants_copy(engine_.task_step())) {
        guard_.copy(engine_);
      }
      source.start_at(static_cast<std::uint32_t>(epoch), trained);
      for (bool more = true; more && !ends;) {
        bool reported = false;
        try {
          const data::Batch* batch = after_pending(source, [&] { return source.next(); });
          more = batch != nullptr;
          if (more) after_pending(source, [&] { engine_.submit(*batch, &source); });
          if (more && static_cast<int>(engine_.pending()) < read_every && Clock::now() - last_read < longest &&
              !guard_.wants_copy(engine_.task_step()))
            continue;
          if (engine_.pending() > 0) synchronize(&source);
          reported = true;
        } catch (const StepError& error) {
          go_on_after(error.fault, source);
          more = true;
        }
        last_read = Clock::now();
        if (!more) break;
        if (guard_.wants_copy(engine_.task_step())) guard_.copy(engine_);
        ends = watched && reported && ends_task(last_.report(), true);
        if (!ends && position().batch < source.steps()) tell_place(&source);
      }
      ends = ends || (last_.there() && ends_task(last_.report(), false));
      last_.clear();
      place_.end_epoch(engine_.task_step());
      if (!ends && epoch + 1 < epochs) tell_place(&source);
    }
    engine_.end_task(&source, epoch);
    place_.end_task();
    guard_.clear();
  }

  /// Begins a task of `steps` steps. `print`, `alone`: as train(). **Errors.** as TaskPlan::check().
  void begin_task(std::uint64_t steps, const std::string& name, std::uint64_t print, const TaskSize& size,
                  const TaskPlan& plan, bool alone) {
    engine_.synchronize(nullptr, observers_);  // reports steps left over by an observer's error
    plan.check();
    phase_ = Phase::Works;
    engine_.begin_task(steps, plan);
    place_.begin_task(print, size, alone, engine_.tasks_seen());
    guard_.clear();
    last_.clear();
    for (Observer* observer : observers_) observer->task_begins(engine_.tasks_seen(), name, steps);
  }
  void begin_epoch(data::BatchSource& source, std::uint32_t epoch) {
    phase_ = Phase::Works;
    engine_.begin_epoch(source, epoch);
  }
  /// One step. Waits for the result.
  StepReport step(const data::Batch& batch, const data::BatchSource* source) {
    phase_ = Phase::Works;
    engine_.submit(batch, source);
    return engine_.synchronize(source, observers_);
  }
  void report_pending_steps() { engine_.synchronize(nullptr, observers_); }
  /// Ends a task that is a list of its own.
  void end_single_task(data::BatchSource* source) {
    phase_ = Phase::Works;
    engine_.end_task(source);
    place_.end_task();
    place_.end_list(engine_.tasks_seen());
  }

  /// Calls Observer::between_steps(). `source`: of the begun task, or null.
  void tell_place(const data::BatchSource* source = nullptr) {
    if (observers_.empty()) return;
    if (source != nullptr) place_.bad_pairs = source->bad_pairs();
    const Phase before = std::exchange(phase_, Phase::Tells);
    try {
      for (Observer* observer : observers_) observer->between_steps(position());
    } catch (...) {
      phase_ = Phase::Rests;  // the training ends here, with nothing half done
      throw;
    }
    phase_ = before;
  }
  /// Calls archive("name", member) for each member.
  template <class Archive>
  void visit(Archive& archive) {
    place_.visit(archive);
    last_.visit(archive);
    guard_.visit(archive);
  }

  /// Calls job(), a part of a training. From its first change of the state until it returns, and after an error from
  /// there on, there is no state to be saved.
  template <class Job>
  void work(const Job& job) {
    job();
    phase_ = Phase::Rests;
  }
  /// **Errors.** UsageError within a step, and after an error of a training, which leaves a step or a task half done.
  void require_state(const char* who = "Learner::state") const {
    require(phase_ != Phase::Works, who,
            "expected a call between two steps, found one within a step or after an error; call it in "
            "Observer::between_steps(), and keep the state of the last call");
  }
  /// Takes note of a restored state. **Errors.** UsageError from within a training.
  template <class Restore>
  void restore(const Restore& work) {
    require(phase_ != Phase::Tells, "Learner::restore",
            "expected a call outside of a training, found one in Observer::between_steps()");
    work();
    engine_.discard_pending();
    place_.restored();
    phase_ = Phase::Rests;
  }

 private:
  /// Whether a state may be saved: at rest and between two steps, while the observers are told.
  enum class Phase : std::uint8_t { Rests, Works, Tells };

  void begin_or_resume(data::BatchSource& source, const std::string& name, std::uint64_t print, int epochs,
                       const TaskPlan& plan, bool alone) {
    const TaskSize size{static_cast<std::uint64_t>(epochs), source.steps()};
    const std::uint64_t steps = size.epochs * size.steps;
    if (!place_.resumes_task()) {
      begin_task(steps, name, print, size, plan, alone);
      if (const std::size_t left = source.dropped(); left > 0)
        for (Observer* observer : observers_) observer->pairs_dropped(engine_.tasks_seen(), name, left);
      return;
    }
    place_.require_begun(name, print, size, engine_.task_step());
    engine_.resume_task(plan);
    phase_ = Phase::Works;
    place_.resume_task();
    guard_.resume();
    source.set_bad_pairs(place_.bad_pairs);
    for (Observer* observer : observers_) observer->task_resumes(engine_.tasks_seen(), name, steps);
  }
  /// Reports the steps. **Errors.** StepError for a step that is not finite, or that spikes and does not count.
  void synchronize(data::BatchSource* source) {
    std::optional<StepFault> spike;
    engine_.synchronize(source, observers_, [&](const StepReport& report) {
      last_.note(report);
      spike = guard_.judge(report);
      if (!spike || spike->action != FaultAction::Report) return !spike;
      for (Observer* observer : observers_) observer->step_failed(*spike, nullptr);
      spike.reset();
      return true;
    });
    if (spike) throw StepError(*std::move(spike));
  }
  /// @brief Leaves a step out or rolls it back, and tells the observers. The next batch of `source` is the one behind
  /// the step's. **Errors.** StepError if the training ends: its state is one between two steps.
  void go_on_after(StepFault fault, data::BatchSource& source) {
    guard_.decide(fault);
    const bool stops = fault.action == FaultAction::Stop;
    const bool applied = fault.kind != FaultKind::NonFinite;
    place_.bad_pairs = source.bad_pairs();
    if (fault.action == FaultAction::Rollback || fault.rolled_back) {
      guard_.roll_back(engine_);
      engine_.discard_pending();
    }
    if (!stops || fault.rolled_back || applied) engine_.pass_over(fault);
    const data::Batch* batch = nullptr;
    try {
      const auto place = place_.at(engine_.tasks_seen(), fault.step, fault.global_step);
      source.start_at(place.epoch, static_cast<std::size_t>(place.batch));
      batch = source.next();
    } catch (...) {
      if (!stops) throw;
    }
    for (Observer* observer : observers_) observer->step_failed(fault, batch);
    if (!stops) return;
    phase_ = Phase::Rests;
    throw StepError(std::move(fault));
  }
  /// Whether an observer ends the task after the step `last`. Asks the observers that watch steps, or the others.
  [[nodiscard]] bool ends_task(const StepReport& last, bool watching_steps) {
    bool ends = false;
    for (Observer* observer : observers_)
      if (observer->watches_steps() == watching_steps) ends = observer->ends_task(last) || ends;
    return ends;
  }
  /// Calls work(). If work() throws, the pending steps are reported before the error is rethrown; the error of a
  /// pending step takes precedence.
  template <class Work>
  auto after_pending(data::BatchSource& source, const Work& work) {
    try {
      return work();
    } catch (...) {
      synchronize(&source);
      throw;
    }
  }

  Engine engine_;
  PlaceInTasks place_;
  StepGuard guard_;
  LastReport last_;
  std::vector<Observer*> observers_;
  Phase phase_ = Phase::Rests;
};

}  // namespace ctp
