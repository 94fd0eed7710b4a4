/// @file   program.hpp
/// @brief  What both programs do: compare keep_largest() with a plain computation, and train two tasks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <ctp/core/philox.hpp>
#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/strategy/seqf.hpp>
#include <ctp/train/learner.hpp>

#include "sparse_ewc.cuh"

struct Mine : ctp::strategy::SeqF {
  static constexpr const char* name = "mine";
  using Penalty = SparseEwc;
};

/// A model of a few thousand weights.
inline ctp::ModelConfig small_sizes() {
  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vision_width = sizes.text_width = 12;
  sizes.intermediate = 24;
  sizes.vision_depth = sizes.text_layers = 2;
  sizes.fusion_layer = 1;
  sizes.vocab = 16;
  sizes.positions = 4;
  sizes.embed = 8;
  return sizes;
}

template <class B>
std::vector<typename B::Real> kept(const std::vector<typename B::Real>& x, double share) {
  auto buffer = ctp::uploaded<B>(std::span<const typename B::Real>(x));
  keep_largest(buffer, share);
  return buffer.to_host();
}

/// keep_largest() without Thrust: sorts on the host and adds in double.
template <class Real>
std::vector<Real> kept_plainly(std::vector<Real> x, double share) {
  std::vector<Real> falling = x;
  std::sort(falling.begin(), falling.end(), std::greater<>());
  double total = 0, sum = 0;
  for (const Real v : falling) total += static_cast<double>(v);
  Real least = 0;
  for (std::size_t i = 0; i < falling.size() && sum < share * total; ++i) {
    least = falling[i];
    sum += static_cast<double>(least);
  }
  for (Real& v : x) v = v < least ? Real(0) : v;
  return x;
}

/// Squares of normal numbers, as a Fisher diagonal has.
template <class Real>
std::vector<Real> squares(std::size_t n) {
  ctp::RandomSubstream random(ctp::RandomStream(7, "squares"), {});
  std::vector<Real> x(n);
  for (Real& v : x) v = static_cast<Real>(std::pow(random.normal(), 2));
  return x;
}

template <class B>
bool selects_rightly() {
  using Real = typename B::Real;
  using List = std::vector<Real>;
  const bool by_hand = kept<B>({1, 0, 5, 1, 3}, 0.75) == List{0, 0, 5, 0, 3}     // 8 of 10
                       && kept<B>({1, 0, 5, 1, 3}, 0.85) == List{1, 0, 5, 1, 3}  // both ones
                       && kept<B>({1, 0, 5, 1, 3}, 0) == List{0, 0, 5, 0, 0} && kept<B>({0, 0}, 0.5) == List{0, 0};
  bool plain = true;
  for (const std::size_t n : {1U, 7U, 1000U, 100003U}) {
    const List x = squares<Real>(n);
    for (const double share : {0.1, 0.5, 0.9, 0.99}) plain = plain && kept<B>(x, share) == kept_plainly(x, share);
  }
  std::printf("numbers by hand: %s; beside a plain sort: %s\n", by_hand ? "right" : "WRONG", plain ? "equal" : "WRONG");
  return by_hand && plain;
}

/// Trains two tasks. Few weights hold most of the importance; they, and no others, are held.
template <class B>
bool trains() {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B>;
  ctp::Learner<Mine, Model> learner(
      Model(small_sizes()), {.epochs = 4, .rate = 1e-3, .max_tokens = 4, .loading = {.batch_size = 4, .workers = 0}});
  for (const int first_word : {5, 9}) {
    const auto pairs = std::make_shared<ctp::data::MemorySource>();
    ctp::data::Task task{"greys", pairs, {}};
    for (int i = 0; i < 4; ++i)
      task.members.push_back(
          pairs->add(ctp::data::Image(16, 16, static_cast<unsigned char>(60 * i)), {2, first_word + i, 3}));
    learner.learn(task);
  }
  const auto importance = learner.penalty_state().importance.to_host();
  const auto held = importance.size() - static_cast<std::size_t>(std::count(importance.begin(), importance.end(), 0));
  std::printf("%zu of %zu weights hold 90%% of the importance of their task\n", held, importance.size());
  const bool few = held > 0 && held < importance.size() / 2;
  std::printf("the penalty holds %s\n", few ? "few weights" : "NO SMALL PART of the weights");
  return few;
}
