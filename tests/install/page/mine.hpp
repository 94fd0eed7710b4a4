// The header of docs/use_it.md.
// [header]
#pragma once

#include <ctp/autograd/operators.hpp>
#include <ctp/autograd/reductions.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/strategy/ctp.hpp>

/// How far the image features of the batch have moved from those of the model before this task.
struct Drift {
  static constexpr const char* name = "drift";                           // in reports and in keys of --set
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};  // the teacher that loss() reads

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    return mean(pass, row_lengths(pass, step.online.image().local - step.previous->image().local));
  }
};

struct Mine : ctp::strategy::Ctp {  // CTP with one more distillation
  static constexpr const char* name = "mine";
  using Distillation = ctp::All<ctp::strategy::Ctp::Distillation, Drift>;
};
// [header]
