/// @file   ctp/backend/cuda/kernel/launch.hpp
/// @brief  Launch of kernels: one call for each element, or a warp or a block for each row.
/// @layer  backend
#pragma once

#include <algorithm>

#include <ctp/backend/cuda/kernel/read_ahead.hpp>
#include <ctp/backend/cuda/kernel/thread.hpp>

namespace ctp::backend::cuda {

/// @brief A runtime that launches kernels.
///
/// `launch(blocks, threads, shared_bytes, body)` runs body(thread) for each thread of each block, after everything
/// launched before. A body with `cooperative` uses sync() or shuffle_xor(). Optional constants of a body: `threads`,
/// the largest number of threads of a launch; `least_blocks`, the number of blocks that a multiprocessor must have
/// registers for.
///
/// `scratch(bytes)` returns device memory for intermediate results of one operation, valid until the next call;
/// `packed_scratch(bytes)` does the same for operands of the operation's products. `weight_copy(number, bytes)` returns
/// the memory of one of WeightCopies, which stays until it is asked for more. `shared_limit()` is the limit of a
/// block's shared memory. `rounds_operands()`: operands of products are rounded to bfloat16. `multiplies_in_tf32()`:
/// tensor cores round operands to TF32.
template <class Runtime>
concept KernelRuntime = requires(std::size_t bytes) {
  { Runtime::scratch(bytes) } -> std::convertible_to<void*>;
  { Runtime::packed_scratch(bytes) } -> std::convertible_to<void*>;
  { Runtime::weight_copy(bytes, bytes) } -> std::convertible_to<void*>;
  { Runtime::shared_limit() } -> std::same_as<std::size_t>;
  { Runtime::rounds_operands() } -> std::same_as<bool>;
  { Runtime::multiplies_in_tf32() } -> std::same_as<bool>;
};

namespace detail {

/// Calls body(i) for each i in [0, n). A thread reads four elements of a body that ReadsAhead before it uses one.
template <class Body>
struct ForEachKernel {
  static constexpr bool cooperative = false;
  static constexpr int threads = 256, elements_ahead = 4;
  Index n;
  Body body;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const Index step = t.blocks() * t.threads();
    const Index first = t.block() * t.threads() + t.id();
    if constexpr (kernel::ReadsAhead<Body, Index>) {
      const Index turns = first < n ? (n - first + step - 1) / step : 0;
      kernel::read_ahead<elements_ahead>(
          0, turns, [&](Index turn) { return body.read(first + turn * step); },
          [&](const auto& loaded, Index turn) { body.use(loaded, first + turn * step); });
    } else {
      for (Index i = first; i < n; i += step) body(i);
    }
  }
};

/// Calls body(team, row) for each row, with a warp as the team.
template <class Body>
struct EachRowByWarp {
  static constexpr bool cooperative = true;
  static constexpr int warps = 4, threads = warps * warp_size, least_blocks = least_blocks_of<Body>();
  Index rows;
  Body body;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const Index row = t.block() * (t.threads() / warp_size) + t.id() / warp_size;
    if (row < rows) body(Warp<Thread>(t), row);
  }
};

/// Calls body(team, row) for each row, with a block as the team.
template <class Body>
struct EachRowByBlock {
  static constexpr bool cooperative = true;
  Body body;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    body(Block<Thread>(t), t.block());
  }
};

}  // namespace detail

/// Calls body(i), or body.use(body.read(i), i) if the body is kernel::ReadsAhead, for each i in [0, n). The body is
/// callable on host and device and is passed by value.
template <class Runtime, class Body>
void launch_each(Index n, const Body& body) {
  using Launched = detail::ForEachKernel<Body>;
  constexpr Index threads = Launched::threads;
  constexpr Index most_blocks = 132 * 16;  // fills the largest devices; beyond that each thread takes several i
  if (n <= 0) return;
  Runtime::launch(std::min((n + threads - 1) / threads, most_blocks), Launched::threads, 0, Launched{n, body});
}

/// Calls body(warp, row) for each row. A body may have `least_blocks`.
template <class Runtime, class Body>
void launch_rows_by_warp(Index rows, const Body& body) {
  using Launched = detail::EachRowByWarp<Body>;
  if (rows <= 0) return;
  Runtime::launch((rows + Launched::warps - 1) / Launched::warps, Launched::threads, 0, Launched{rows, body});
}

/// Calls body(team, row) for each row of `width` elements. The team is a warp for short rows, else a block.
template <class Runtime, class Body>
void launch_rows(Index rows, Index width, const Body& body) {
  constexpr Index longest_for_a_warp = 2048;
  if (width <= longest_for_a_warp)
    launch_rows_by_warp<Runtime>(rows, body);
  else if (rows > 0)
    Runtime::launch(rows, most_threads, block_team_bytes, detail::EachRowByBlock<Body>{body});
}

}  // namespace ctp::backend::cuda
