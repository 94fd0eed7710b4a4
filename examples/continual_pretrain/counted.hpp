/// @file   counted.hpp
/// @brief  A backend that computes nothing and counts allocations and matrix products.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <tuple>

#include <ctp/backend/concepts.hpp>

namespace pretrain {

/// @brief Counts allocated bytes and multiplications of matrix products. A model, a policy's state or a step on this
/// backend gives its costs at any size, without computing and without using memory.
///
/// allocate() returns address space without read or write permission. Matrix products, forward and backward, dominate
/// the time of a transformer; elementwise operations are not counted.
struct Counted {
  using Real = float;
  using Index = ctp::Index;

  /// Placeholder for the packed operands of CUDA products.
  struct Packed;

  static inline bool on_device = false;           ///< counts the memory of the CUDA backend, else of the CPU
  static inline bool rounds_operands = false;     ///< on a device: operands of products are stored in bfloat16
  static inline std::size_t bytes = 0;            ///< allocated so far
  static inline std::size_t copied_weights = 0;   ///< bytes of weights rounded as whole vectors so far
  static inline std::uint64_t multiply_adds = 0;  ///< of matrix products so far

  struct Unmap {
    std::size_t size = 0;
    void operator()(std::byte* p) const { munmap(p, size); }
  };
  using Block = std::unique_ptr<std::byte, Unmap>;

  static Block allocate(std::size_t size) {
    bytes += size;
    if (size == 0) return {};
    void* p = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    return {static_cast<std::byte*>(p), Unmap{size}};
  }

  static void product(bool, bool, Index m, Index n, Index k, Real, const Real*, Index, const Real*, Index, bool,
                      Real*) {
    count(m, n, k);
  }
  template <class... A>
  static void linear(Index n, Index k, Index m, const A&...) {
    count(n, k, m);
  }
  template <class In, class Before, class Gradient, class InGradient>
  static void linear_backward(Index n, Index k, Index m, const In&, const Real*, const Before&, const Gradient&,
                              const InGradient& dx, bool, const Real* dw, const Real*) {
    if (dx != nullptr) count(n, k, m);
    if (dw != nullptr) count(n, k, m);
  }
  static bool round_weights(Index, const Real*) { return false; }
  static void forget_weights() {}
  static bool rounds_weights() { return rounds_operands; }
  static void round_weights(Index n, const Real*, std::uint16_t*) { copied_weights += packed_bytes(n); }
  static bool read_copy(Index, const Real*, const std::uint16_t*) { return false; }
  template <class Work>
  static Index write_along(Index n, const Real*, std::uint16_t*, const Work& work) {
    work();
    return n;
  }
  static std::size_t packed_bytes(Index n) {
    return static_cast<std::size_t>(n) * (rounds_operands ? sizeof(std::uint16_t) : sizeof(Real));
  }
  /// Numbers that attention keeps for its backward pass: probabilities on the CPU, one per query on a device.
  static Index attention_saved(const ctp::backend::AttentionShape& s) {
    return s.batch * s.heads * s.queries * (on_device ? 1 : s.keys);
  }
  template <class... A>
  static void attention(const ctp::backend::AttentionShape& s, const A&...) {
    count_attention(s, 2);
  }
  /// The last three arguments are the gradients of queries, keys and values.
  template <class... A>
  static void attention_backward(const ctp::backend::AttentionShape& s, const A&... arguments) {
    const auto all = std::tie(arguments...);
    constexpr std::size_t n = sizeof...(A);
    const bool q = std::get<n - 3>(all) != nullptr, k = std::get<n - 2>(all) != nullptr;
    const bool v = std::get<n - 1>(all) != nullptr;
    count_attention(s, (q || k ? 1 : 0) + (q ? 1 : 0) + (k ? 1 : 0) + (v ? 1 : 0));
  }

  // clang-format off
  template <class... A> static void zero(const A&...) {}
  template <class... A> static void copy(const A&...) {}
  template <class... A> static void upload(const A&...) {}
  template <class... A> static void download(const A&...) {}
  template <class... A> static void pack(const A&...) {}
  template <class... A> static void gather_rows(const A&...) {}
  template <class... A> static void scatter_add_rows(const A&...) {}
  template <class... A> static void take_rows(const A&...) {}
  template <class... A> static void add_taken_rows(const A&...) {}
  template <class... A> static void normalize_rows(const A&...) {}
  template <class... A> static void normalize_rows_backward(const A&...) {}
  template <class... A> static void row_lengths(const A&...) {}
  template <class... A> static void row_lengths_backward(const A&...) {}
  template <class... A> static void row_products(const A&...) {}
  template <class... A> static void add_scaled_rows(const A&...) {}
  template <class... A> static void transpose_each(const A&...) {}
  template <class... A> static void layer_norm(const A&...) {}
  template <class... A> static void layer_norm_backward(const A&...) {}
  template <class... A> static void dropout(const A&...) {}
  template <class... A> static void embed(const A&...) {}
  template <class... A> static void embed_backward(const A&...) {}
  template <class... A> static void normalize_pixels(const A&...) {}
  template <class... A> static void patches(const A&...) {}
  template <class... A> static void prepend_class_token(const A&...) {}
  template <class... A> static void prepend_class_token_backward(const A&...) {}
  template <class... A> static void cross_entropy(const A&...) {}
  template <class... A> static void cross_entropy_backward(const A&...) {}
  template <class... A> static void soft_cross_entropy(const A&...) {}
  template <class... A> static void soft_cross_entropy_backward(const A&...) {}
  template <class... A> static void dot(const A&...) {}
  template <class... A> static void fill(const A&...) {}
  template <class... A> static void add_scaled(const A&...) {}
  template <class... A> static void add_scaled_by(const A&...) {}
  template <class... A> static void multiply(const A&...) {}
  template <class... A> static void set_diagonal(const A&...) {}
  template <class... A> static void ramp(const A&...) {}
  template <class... A> static void padding_bias(const A&...) {}
  template <class... A> static void adamw(const A&...) {}
  template <class... A> static void average(const A&...) {}
  template <class... A> static void average_of_two(const A&...) {}
  template <class... A> static void add_squares(const A&...) {}
  template <class... A> static void add_magnitudes(const A&...) {}
  template <class... A> static double sum_terms(const A&...) { return 0; }
  template <class... A> static void for_each(const A&...) {}
  template <class... A> static bool all_finite(const A&...) { return true; }
  // clang-format on

 private:
  static void count_attention(const ctp::backend::AttentionShape& s, int products) {
    count(products * s.batch * s.heads * s.queries, s.keys, s.width);
  }
  static void count(Index a, Index b, Index c) { multiply_adds += static_cast<std::uint64_t>(a * b * c); }
};

static_assert(ctp::backend::Backend<Counted>);
static_assert(ctp::backend::KeepsWeightCopies<Counted>);

}  // namespace pretrain
