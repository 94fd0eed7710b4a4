/// @file   benchmarks/cuda/parts.cuh
/// @brief  The parts of bench_cuda and their options.
#pragma once

#include <string>
#include <vector>

#include <ctp/backend/cuda/backend.cuh>
#include <ctp/tensor/buffer.hpp>

#include "measure.cuh"

namespace bench {

using ctp::Index;
using ctp::Shape;
using ctp::precision::Choice;
using B = ctp::BasicCuda<ctp::precision::AtRunTime>;
using Vector = ctp::Buffer<float, B>;

struct Options {
  int batch = 128, turns = 20;
  std::vector<Choice> precisions = {Choice::Bf16, Choice::Tf32, Choice::Fp32};
  std::vector<std::string> parts;
};

inline const char* name_of(Choice precision) {
  return precision == Choice::Bf16 ? "bf16" : precision == Choice::Tf32 ? "tf32" : "fp32";
}
inline void use(Choice precision) { Context::current().precision = precision; }

void steps(const Options& o);
void recorded_steps(const Options& o);
void strategies(const Options& o);
void encoder(const Options& o);
void attention(const Options& o);
void products(const Options& o);
void optimizer(const Options& o);
void words(const Options& o);
void contrast(const Options& o);
void retrieval(const Options& o);
void tiny_step(const Options& o);
void upload(const Options& o);
void input(const Options& o);

}  // namespace bench
