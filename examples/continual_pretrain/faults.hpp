/// @file   faults.hpp
/// @brief  Observer that keeps the batches of faulty steps, and writes what was done about the steps.
#pragma once

#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/run_folder.hpp>
#include <ctp/tensor/named.hpp>
#include <ctp/train/batch/batch_tensors.hpp>
#include <ctp/train/guard/step_fault.hpp>
#include <ctp/train/observer.hpp>

namespace pretrain {

/// How to go on from the checkpoint of a training that ended for `fault`; continues "the same command with --resume".
inline std::string advice_after(const ctp::StepFault& fault, const std::string& batch) {
  std::string text;
  if (!fault.note.empty())  // the limit
    text = " and a larger --fault-limit, with --allow fault_limit, goes on";
  else if (fault.kind == ctp::FaultKind::NonFinite)
    text = " --on-nonfinite skip --allow on_nonfinite leaves the step out";
  else
    text = " goes on behind the step";
  if (!batch.empty()) text += ", and with --resume --replay " + batch + " shows its losses and gradients";
  return text;
}

/// @brief For each faulty step: its batch in faults/step-*.safetensors, a line of kind "fault" in metrics.jsonl, and,
/// unless the training ends, a sentence on standard error. A batch that cannot be written does not end the training.
class Faults final : public ctp::Observer {
 public:
  /// `output`: the run's folder. `write_line`: to metrics.jsonl. `save`: makes the folder of a file, and writes
  /// tensors.
  Faults(std::string output, std::function<void(const ctp::JsonLine&)> write_line,
         std::function<void(const std::string& path, ctp::TensorFile)> save)
      : output_(std::move(output)), write_line_(std::move(write_line)), save_(std::move(save)) {}

  void step_failed(const ctp::StepFault& fault, const ctp::data::Batch* batch) override {
    last_.clear();
    std::string problem;
    if (batch != nullptr) {
      char name[64];
      std::snprintf(name, sizeof(name), "faults/step-%012llu.safetensors",
                    static_cast<unsigned long long>(fault.global_step));
      try {
        ctp::TensorFile file = ctp::batch_tensors(*batch);
        file.metadata["fault.step"] = std::to_string(fault.global_step);
        file.metadata["fault.text"] = fault.text();
        save_(output_ + "/" + name, std::move(file));
        last_ = name;
      } catch (const ctp::Error& error) {
        problem = std::string("; its batch could not be kept: ") + error.what();
      }
    }
    ctp::JsonLine line;
    line.add("kind", "fault").add("task", fault.task).add("epoch", fault.epoch).add("step", fault.step);
    line.add("global_step", fault.global_step).add("what", what(fault.kind)).add("action", name_of(fault.action));
    line.add("found", fault.found);
    if (std::isfinite(fault.z)) line.add("z", fault.z);
    if (fault.action == ctp::FaultAction::Rollback || fault.rolled_back) line.add("back_to", fault.back_to);
    if (!last_.empty()) line.add("batch", last_);
    write_line_(line);
    if (fault.action == ctp::FaultAction::Stop && problem.empty()) return;  // the error of the training says it
    std::fprintf(stderr, "continual_pretrain: %s%s%s\n", ctp::printable(fault.text(), 1U << 15U).c_str(),
                 last_.empty() ? "" : ("; its batch is in " + output_ + "/" + last_).c_str(),
                 ctp::printable(problem, 1U << 15U).c_str());
  }
  /// Removes what a killed run left half written in the folder of batches.
  static void tidy(const std::string& output) {
    const std::string folder = output + "/faults";
    if (!ctp::io::is_directory(folder)) return;
    for (const std::string& name : ctp::io::list_directory(folder))
      if (ctp::io::RunFolder::is_temporary(name)) ctp::io::remove_file(folder + "/" + name);
  }
  /// Path of the batch of the last faulty step; empty if there is none.
  [[nodiscard]] std::string last() const { return last_.empty() ? "" : output_ + "/" + last_; }

 private:
  static const char* what(ctp::FaultKind kind) {
    switch (kind) {
      case ctp::FaultKind::NonFinite:
        return "not finite";
      case ctp::FaultKind::LossSpike:
        return "spike of the loss";
      case ctp::FaultKind::GradientSpike:
        return "spike of the gradient norm";
    }
    return "";
  }

  std::string output_, last_;
  std::function<void(const ctp::JsonLine&)> write_line_;
  std::function<void(const std::string& path, ctp::TensorFile)> save_;
};

}  // namespace pretrain
