/// @file   ctp/backend/cuda/kernel/thread.hpp
/// @brief  The interface of a kernel's thread, and reductions over the threads of a warp or a block.
/// @layer  backend
///
/// A kernel body is a small struct: its members are the kernel's arguments, its call operator is the code of one
/// thread. A body uses the machine through its `Thread` argument only: DeviceThread (runtime/device_thread.cuh) on a
/// device, a simulated thread in the tests. So every body runs, and is checked with the sanitizers, on a machine
/// without a GPU. Hence bodies are in .hpp files, and only code that calls CUDA is in .cuh files.
#pragma once

#include <concepts>
#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cuda {

inline constexpr int warp_size = 32;
/// The largest number of threads in a block of any kernel.
inline constexpr int most_threads = 512;

/// @brief The largest number of threads in a block of a body's launches: the body's constant `threads` if present, else
/// most_threads. Fewer threads leave more registers to each thread.
template <class Body>
constexpr int threads_of() {
  if constexpr (requires { Body::threads; })
    return Body::threads;
  else
    return most_threads;
}

/// @brief Number of blocks that a multiprocessor must have registers for: a body's `least_blocks`, else 0, which leaves
/// the choice to the compiler. With a number, the compiler spills registers rather than fit fewer blocks.
template <class Body>
constexpr int least_blocks_of() {
  if constexpr (requires { Body::least_blocks; })
    return Body::least_blocks;
  else
    return 0;
}

/// @brief One thread of a running kernel.
///
/// `block()` of `blocks()` and `id()` of `threads()` identify the thread. `sync()` waits for the block, `sync_warp()`
/// for the warp. `shared<T>()` is the block's shared memory. `shuffle_xor(x, m)` returns the x of lane `lane ^ m` of
/// the same warp. `mma(c, a, b)` adds to c [16,8] the product of a [16,16] and b [16,8], with single-precision sums of
/// bfloat16 operands in the lanes that PTX defines for mma.m16n8k16; `mma_tf32(c, a, b)` does the same for TF32
/// operands a [16,8] and b [8,8], mma.m16n8k8. `load_matrices(row, offset, words)` reads four 8 x 8 matrices of 16-bit
/// numbers from shared memory: lane l passes row l % 8 of matrix l / 8, at row + offset and aligned to 16 bytes, and
/// gets in word m two neighbours of matrix m, row lane / 4, columns lane % 4 * 2 and the next; `load_transposed(row,
/// offset, words)` does the same for the transposed matrices (PTX's ldmatrix). All threads of a warp must reach each
/// shuffle, product and load of matrices. All threads of a block make equally many calls of sync(); the warps of a
/// block may make them at different places.
///
/// `start_copy(to, from, valid)` starts the copy of 16 bytes from global to shared memory, of zeros if not `valid`;
/// both addresses are multiples of 16 (PTX's cp.async). `commit_copies()` makes the thread's copies since the last
/// commit a group. `wait_copies<n>()` waits until all groups of the thread but the last n have arrived; other threads
/// see them after a sync().
template <class T>
concept KernelThread =
    requires(const T& t, float x, double y, int i, unsigned u, float (&c)[4], const std::uint32_t (&a)[4],
             const std::uint32_t (&b)[2], const std::uint16_t* row, std::uint32_t (&words)[4], void* to, bool valid) {
      { t.block() } -> std::same_as<Index>;
      { t.blocks() } -> std::same_as<Index>;
      { t.id() } -> std::same_as<int>;
      { t.threads() } -> std::same_as<int>;
      { t.template shared<float>() } -> std::same_as<float*>;
      t.sync();
      t.sync_warp();
      { t.shuffle_xor(x, i) } -> std::same_as<float>;
      { t.shuffle_xor(y, i) } -> std::same_as<double>;
      { t.shuffle_xor(i, i) } -> std::same_as<int>;
      { t.shuffle_xor(u, i) } -> std::same_as<unsigned>;
      t.mma(c, a, b);
      t.mma_tf32(c, a, b);
      t.load_matrices(row, i, words);
      t.load_transposed(row, i, words);
      t.start_copy(to, row, valid);
      t.commit_copies();
      t.template wait_copies<1>();
    };

/// @brief Reductions over the threads of one warp. Every lane gets the same bits.
template <class Thread>
class Warp {
 public:
  CTP_HD explicit Warp(const Thread& t) : t_(t) {}

  [[nodiscard]] CTP_HD int lane() const { return t_.id() % warp_size; }
  [[nodiscard]] CTP_HD static constexpr int size() { return warp_size; }
  /// The x of lane `lane() ^ mask`.
  template <class T>
  [[nodiscard]] CTP_HD T shuffle_xor(T x, int mask) const {
    return t_.shuffle_xor(x, mask);
  }
  template <class T>
  [[nodiscard]] CTP_HD T sum(T x) const {
    for (int m = warp_size / 2; m > 0; m /= 2) x += t_.shuffle_xor(x, m);
    return x;
  }
  template <class T>
  [[nodiscard]] CTP_HD T max(T x) const {
    for (int m = warp_size / 2; m > 0; m /= 2) {
      const T other = t_.shuffle_xor(x, m);
      x = other > x ? other : x;
    }
    return x;
  }

 private:
  const Thread& t_;
};

/// @brief Reductions over the threads of one block. Uses the first most_threads / warp_size elements of shared memory.
template <class Thread>
class Block {
 public:
  CTP_HD explicit Block(const Thread& t) : t_(t) {}

  [[nodiscard]] CTP_HD int lane() const { return t_.id(); }
  [[nodiscard]] CTP_HD int size() const { return t_.threads(); }
  template <class T>
  [[nodiscard]] CTP_HD T sum(T x) const {
    T* sums = share(Warp<Thread>(t_).sum(x));
    T total = sums[0];
    for (int w = 1; w < t_.threads() / warp_size; ++w) total += sums[w];
    t_.sync();  // all threads have read before one of them writes again
    return total;
  }
  template <class T>
  [[nodiscard]] CTP_HD T max(T x) const {
    T* maxima = share(Warp<Thread>(t_).max(x));
    T top = maxima[0];
    for (int w = 1; w < t_.threads() / warp_size; ++w) top = maxima[w] > top ? maxima[w] : top;
    t_.sync();
    return top;
  }

 private:
  template <class T>
  CTP_HD T* share(T of_warp) const {
    T* values = t_.template shared<T>();
    if (t_.id() % warp_size == 0) values[t_.id() / warp_size] = of_warp;
    t_.sync();
    return values;
  }

  const Thread& t_;
};

/// Bytes of shared memory that Block needs.
inline constexpr std::size_t block_team_bytes = sizeof(double) * (most_threads / warp_size);

}  // namespace ctp::backend::cuda
