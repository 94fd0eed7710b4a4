/// @file   ctp/backend/concepts.hpp
/// @brief  Concept of a backend: the operations that every backend must have. Keep the list short.
/// @layer  backend
///
/// The host version of each operation, in backend/generic/, documents its result and its shapes. Pointers point into
/// the backend's memory unless their name is `host`.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/dropout.hpp>
#include <ctp/backend/generic/parameters.hpp>
#include <ctp/backend/ranking.hpp>
#include <ctp/config.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend {

template <class B>
concept HasMemory =
    requires(std::size_t bytes, std::ptrdiff_t n, typename B::Real* x, const typename B::Real* y, float* host) {
      { B::allocate(bytes).get() } -> std::convertible_to<void*>;
      B::zero(x, n);
      B::copy(y, n, x);
      B::upload(host, n, x);
      B::download(y, n, host);
    };

template <class B>
concept HasProducts = requires(Index n, typename B::Real a, const typename B::Real* x, typename B::Real* y, bool flag) {
  B::product(flag, flag, n, n, n, a, x, n, x, n, flag, y);
  B::linear(n, n, n, x, x, x, x, y, y);
  B::linear_backward(n, n, n, x, x, x, y, y, flag, y, y);
};

template <class B>
concept HasRows = requires(Index n, typename B::Real a, const typename B::Real* x, typename B::Real* y,
                           const std::int32_t* id, bool flag) {
  B::gather_rows(n, n, x, id, y);
  B::scatter_add_rows(n, n, x, id, y);
  B::take_rows(n, n, n, x, y);
  B::add_taken_rows(n, n, n, x, y);
  B::normalize_rows(n, n, x, a, y, y);
  B::normalize_rows_backward(n, n, x, x, a, x, y);
  B::row_lengths(n, n, x, y);
  B::row_lengths_backward(n, n, x, x, x, y);
  B::row_products(n, n, x, x, y);
  B::add_scaled_rows(n, n, x, x, y);
  B::transpose_each(n, n, n, x, flag, y);
};

template <class B>
concept HasLayers =
    requires(Index n, typename B::Real a, const typename B::Real* x, typename B::Real* y, const std::int32_t* id,
             const std::uint8_t* pixel, const Dropout& dropout, const AttentionShape& shape, bool flag) {
      B::layer_norm(n, n, x, x, dropout, n, x, x, a, y, y, y, y);
      B::layer_norm_backward(n, n, x, dropout, n, x, x, x, x, y, y, y, y);
      B::dropout(n, n, x, dropout, n, flag, y);
      { B::attention_saved(shape) } -> std::same_as<Index>;
      B::attention(shape, x, x, x, x, dropout, y, y);
      B::attention_backward(shape, x, x, x, x, dropout, x, x, x, flag, y, y, y);
      B::embed(n, n, n, id, x, x, x, y);
      B::embed_backward(n, n, n, id, std::int32_t{}, x, y, y, y);
      B::normalize_pixels(n, n, pixel, y);
      B::patches(n, n, n, n, x, y);
      B::prepend_class_token(n, n, n, x, x, x, y);
      B::prepend_class_token_backward(n, n, n, x, y, y, y);
    };

template <class B>
concept HasLosses = requires(Index n, typename B::Real a, const typename B::Real* x, typename B::Real* y,
                             const std::int32_t* id, bool flag) {
  B::cross_entropy(n, n, x, id, y, y);
  B::cross_entropy_backward(n, n, x, id, x, x, x, y);
  B::soft_cross_entropy(n, n, x, x, a, flag, y, y, y);
  B::soft_cross_entropy_backward(n, n, x, x, a, x, x, x, x, y);
  B::dot(n, x, x, y);
};

template <class B>
concept HasElementwise = requires(Index n, typename B::Real a, const typename B::Real* x, typename B::Real* y,
                                  const std::int32_t* id, bool flag) {
  B::fill(n, a, y);
  B::add_scaled(n, a, x, y);
  B::add_scaled_by(n, x, x, y);
  B::multiply(n, x, x, flag, y);
  B::set_diagonal(n, a, y);
  B::ramp(n, std::int32_t{}, const_cast<std::int32_t*>(id));
  B::padding_bias(n, id, a, y);
};

namespace detail {
/// Minimal term and minimal body of a parameter pass.
template <class Real>
struct AnyTerm {
  CTP_HD double value(Index, Real) const { return 0; }
  CTP_HD Real gradient(Index, Real) const { return 0; }
  CTP_HD void moved(Index, Real, Real, Real) const {}
  CTP_HD void operator()(Index) const {}
};
}  // namespace detail

template <class B>
concept HasParameterPasses = requires(Index n, typename B::Real a, const typename B::Real* x, typename B::Real* y,
                                      AdamWStep step, detail::AnyTerm<typename B::Real> term) {
  B::adamw(n, step, y, y, y, y);
  B::adamw(n, step, y, y, y, y, term, x);
  B::average(n, a, x, y);
  B::average_of_two(n, a, x, x, y);
  B::add_squares(n, a, x, y);
  B::add_magnitudes(n, a, x, y);
  { B::sum_terms(n, x, term) } -> std::same_as<double>;
  B::for_each(n, term);
  { B::all_finite(n, x) } -> std::same_as<bool>;
};

/// @brief A set of operations on one kind of memory: a type with static functions only, never instantiated.
template <class B>
concept Backend = std::floating_point<typename B::Real> && HasMemory<B> && HasProducts<B> && HasRows<B> &&
                  HasLayers<B> && HasLosses<B> && HasElementwise<B> && HasParameterPasses<B>;

namespace detail {
struct AnyWork {
  void operator()() const {}
};
}  // namespace detail

/// @brief A backend that can capture launches and replay them with one call, as a CUDA graph. Optional for a backend.
///
/// `capture(work)` calls work() once and stores its launches without running them; work() must not allocate, upload or
/// download. `replay()` runs the captured launches after everything launched before.
template <class B>
concept CapturesWork = Backend<B> && requires(typename B::Capture& capture, detail::AnyWork work) {
  capture.capture(work);
  capture.replay();
};

/// @brief A backend whose products may change their precision between two steps. Optional for a backend.
///
/// `numbers()` returns a number for the precision of the next products. Work that was captured at another number has
/// other kernels.
template <class B>
concept ChangesPrecision = Backend<B> && requires {
  { B::numbers() } -> std::same_as<std::uint32_t>;
};

/// @brief A backend whose products round weights and can read copies that were rounded before. Optional for a backend;
/// RoundedWeights (backend/rounded_weights.hpp) calls the two functions.
///
/// `round_weights(n, theta)` returns false, having done nothing, if products need no such copy now or there is no room
/// for one more. Otherwise it rounds theta [n], and until its forget_weights() products of weights in theta read the
/// copy, whatever is written to theta. `forget_weights()` forgets the last copy that is not forgotten yet.
template <class B>
concept RoundsWeights = Backend<B> && requires(Index n, const typename B::Real* theta) {
  { B::round_weights(n, theta) } -> std::same_as<bool>;
  B::forget_weights();
};

/// @brief A backend that RoundsWeights and can keep the rounded copy of a vector from step to step. Optional for a
/// backend; KeptCopy (train/parameters/kept_copy.hpp) calls the functions.
///
/// `rounds_weights()`: whether products round weights now. `round_weights(n, theta, copy)` rounds theta [n] to copy
/// [n], memory of the caller. `read_copy(n, theta, copy)`: until its forget_weights() products of weights in theta read
/// `copy`; it returns false, having done nothing, if there is no room for one more. `write_along(n, theta, copy, work)`
/// calls work(). Where adamw(), average() and average_of_two() then change a place of theta, they write the place of
/// `copy` in the same launch, as round_weights() would. It returns how many places were changed like this.
template <class B>
concept KeepsWeightCopies =
    RoundsWeights<B> && requires(Index n, const typename B::Real* theta, std::uint16_t* copy, detail::AnyWork work) {
      { B::rounds_weights() } -> std::same_as<bool>;
      B::round_weights(n, theta, copy);
      { B::read_copy(n, theta, static_cast<const std::uint16_t*>(copy)) } -> std::same_as<bool>;
      { B::write_along(n, theta, copy, work) } -> std::same_as<Index>;
    };

/// @brief A backend that can skip work by a flag in its own memory, so that the host need not wait for the flag.
/// Optional for a backend.
///
/// `skip_if(skip_flag, work)` calls work(); a launch of work() does nothing if *skip_flag is not 0 when the launch
/// would run. `sum_terms(.., to)` and `probe_finite(.., to)` write to the backend's memory instead of returning: the
/// sum, and 0 if all numbers are finite or NaN if not.
template <class B>
concept SkipsWork =
    Backend<B> && requires(const std::int32_t* skip_flag, detail::AnyWork work, Index n, const typename B::Real* x,
                           detail::AnyTerm<typename B::Real> term, double* to) {
      B::skip_if(skip_flag, work);
      B::sum_terms(n, x, term, to);
      B::probe_finite(n, x, to);
    };

/// @brief A backend that copies input while it computes. Optional for a backend.
///
/// `prepare(bytes)` returns host memory for the next block, which the caller fills; the call waits only while that
/// memory is still being copied. `send()` starts the copy and returns the block's address in the backend's memory,
/// valid for operations launched afterwards. `release()` tells the queue that all operations on the block have been
/// launched.
template <class B>
concept CopiesAhead = Backend<B> && requires(typename B::InputQueue& queue, std::size_t bytes) {
  { queue.prepare(bytes) } -> std::same_as<std::byte*>;
  { queue.send() } -> std::same_as<const std::byte*>;
  queue.release();
};

/// @brief Ranking of rows by inner product, without a matrix of scores. Optional for a backend. Every host backend
/// inherits the operations from generic::Ranking, which satisfies this concept by itself.
///
/// Order: the greater score first; of equal scores the lower index first. A score's bits depend on its two rows only,
/// so equal rows tie.
///
/// `retrieval_ranks(n, d, left, right, left_rank, right_rank)`: left_rank[i] is the number of rows of right [n,d] that
/// come before row i, ranked for row i of left [n,d]; right_rank[i] is the same with the lists exchanged. If a score of
/// row i of left is not finite, left_rank[i] is backend::not_finite, and right_rank is unspecified.
///
/// `top_ten(q, g, d, query, gallery, item)`: item [q,10] holds the best rows of gallery [g,d] for each row of query
/// [q,d], best first, then backend::no_item. If a score of a query is not finite, all its items are
/// backend::not_finite.
///
/// `pair_scores(n, d, left, left_row, right, right_row, score)`: score[i] is the inner product of row left_row[i] of
/// left and row right_row[i] of right, with the bits that the other operations use.
///
/// `rank_counts(q, c, d, left, right, bar, above, equal)`: for row i of left [q,d], how many rows of right [c,d] score
/// above bar[i], and how many score bar[i]. If a score of row i is not finite, above[i] is backend::not_finite and
/// equal[i] is unspecified.
template <class B>
concept RanksRows = HasMemory<B> && requires(Index n, const typename B::Real* x, const std::int32_t* row,
                                             typename B::Real* score, std::int32_t* result) {
  B::retrieval_ranks(n, n, x, x, result, result);
  B::pair_scores(n, n, x, row, x, row, score);
  B::rank_counts(n, n, n, x, x, x, result, result);
  B::top_ten(n, n, n, x, x, result);
};

}  // namespace ctp::backend
