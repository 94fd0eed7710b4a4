/// The kernels of the CUDA backend on simulated threads of the host. Each thread of a block is a fiber, so sync(),
/// sync_warp() and shuffles behave as on a device. Threads run in ascending order, or in descending order if
/// ctp::threads() is even. Copies to shared memory are made in ascending order when a thread waits for them, in
/// descending order when it starts them. The simulation detects wrong results, reads out of bounds (under the address
/// sanitizer), barriers that not all threads reach, copies that the thread which started them does not wait for, and
/// results that depend on the order of threads. The simulation does not cover a device's compiler, memory or timing.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <ctp/backend/concepts.hpp>
#include <ctp/backend/cuda/kernel/skip_flag.hpp>
#include <ctp/backend/cuda/kernel/weight_copies.hpp>
#include <ctp/backend/cuda/operations.hpp>
#include <ctp/backend/generic/memory.hpp>
#include <ctp/core/parallel.hpp>

#include "sanitizers.hpp"
#include "simulated_streams.hpp"

#if CTP_TEST_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace ctp::test {

/// Scheduler of one block: runs its threads one at a time, from barrier to barrier.
class SimulatedBlock {
 public:
  SimulatedBlock(Index block, Index blocks, int threads, std::size_t shared_bytes)
      : block_(block), blocks_(blocks), threads_(threads), shared_(shared_bytes, std::byte{0xFF}) {
    if (threads < 1 || threads > backend::cuda::most_threads || threads % backend::cuda::warp_size != 0)
      throw std::logic_error("simulated launch: a block has whole warps and at most most_threads");
    while (fibers().size() < static_cast<std::size_t>(threads)) fibers().push_back(std::make_unique<Fiber>());
  }

  template <class Body>
  void run(const Body& body);

  [[nodiscard]] Index block() const { return block_; }
  [[nodiscard]] Index blocks() const { return blocks_; }
  [[nodiscard]] int threads() const { return threads_; }
  [[nodiscard]] std::byte* shared() { return shared_.data(); }

  void wait(int id, bool for_block) {
    Fiber& fiber = *fibers()[static_cast<std::size_t>(id)];
    fiber.at = for_block ? Place::BlockBarrier : Place::WarpBarrier;
    leave(fiber);
  }
  /// Publishes 8 bytes to the threads of the warp and returns the 8 bytes of thread `other`.
  std::uint64_t exchange(int id, int other, std::uint64_t bits) {
    Fiber& fiber = *fibers()[static_cast<std::size_t>(id)];
    const unsigned turn = fiber.exchanges++ % 2;  // a thread is at most one exchange ahead of another
    fiber.slot[turn] = bits;
    wait(id, false);
    return fibers()[static_cast<std::size_t>(other)]->slot[turn];
  }
  /// Publishes six words to the threads of the warp and calls use(lane, words) for the words of each lane.
  template <class Use>
  void gather(int id, const std::array<std::uint32_t, 6>& words, const Use& use) {
    Fiber& fiber = *fibers()[static_cast<std::size_t>(id)];
    const unsigned turn = fiber.exchanges++ % 2;
    fiber.words[turn] = words;
    wait(id, false);
    const int first = id / backend::cuda::warp_size * backend::cuda::warp_size;
    for (int lane = 0; lane < backend::cuda::warp_size; ++lane)
      use(lane, fibers()[static_cast<std::size_t>(first + lane)]->words[turn]);
  }

  /// Starts a copy of 16 bytes by thread `id`; `from`: null for zeros.
  void start_copy(int id, void* to, const void* from) {
    Fiber& fiber = *fibers()[static_cast<std::size_t>(id)];
    if (reinterpret_cast<std::uintptr_t>(to) % 16 != 0 || reinterpret_cast<std::uintptr_t>(from) % 16 != 0)
      throw std::logic_error("simulated kernel: a copy is not aligned to 16 bytes");
    fiber.open.push_back({to, from});
    if (descending_) make(fiber.open.back());
  }
  void commit_copies(int id) {
    Fiber& fiber = *fibers()[static_cast<std::size_t>(id)];
    fiber.groups.push_back(std::exchange(fiber.open, {}));
  }
  void wait_copies(int id, std::size_t behind) {
    Fiber& fiber = *fibers()[static_cast<std::size_t>(id)];
    for (; fiber.groups.size() > behind; fiber.groups.pop_front())
      for (const Copy& copy : fiber.groups.front())
        if (!descending_) make(copy);
  }

 private:
  enum class Place { Ready, BlockBarrier, WarpBarrier, Done };
  struct Copy {
    void* to;
    const void* from;
  };
  struct Fiber {
    ucontext_t context{};
    std::vector<std::byte> stack = std::vector<std::byte>(std::size_t{64} * 1024);
    Place at = Place::Ready;
    unsigned exchanges = 0;
    std::array<std::uint64_t, 2> slot{};
    std::array<std::array<std::uint32_t, 6>, 2> words{};
    std::vector<Copy> open;                // copies since the last commit
    std::deque<std::vector<Copy>> groups;  // that the thread has not waited for
#if CTP_TEST_ASAN
    void* asan_stack = nullptr;
#else
    std::jmp_buf place{};
    bool started = false;
#endif
  };

  static std::vector<std::unique_ptr<Fiber>>& fibers() {
    thread_local std::vector<std::unique_ptr<Fiber>> all;
    return all;
  }
  static SimulatedBlock*& running() {
    thread_local SimulatedBlock* block = nullptr;
    return block;
  }

  static void make(const Copy& copy) {
    if (copy.from != nullptr)
      std::memcpy(copy.to, copy.from, 16);
    else
      std::memset(copy.to, 0, 16);
  }
  static void prepare(Fiber& fiber) {
    fiber.at = Place::Ready;
    fiber.exchanges = 0;
    fiber.open.clear();
    fiber.groups.clear();
#if !CTP_TEST_ASAN
    fiber.started = false;
#endif
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.data();
    fiber.context.uc_stack.ss_size = fiber.stack.size();
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, &SimulatedBlock::begin, 0);
  }
#if CTP_TEST_ASAN
  // The sanitizer must be notified of every change of stacks.
  void enter(Fiber& fiber) {
    __sanitizer_start_switch_fiber(&own_asan_stack_, fiber.stack.data(), fiber.stack.size());
    swapcontext(&scheduler_, &fiber.context);
    __sanitizer_finish_switch_fiber(own_asan_stack_, nullptr, nullptr);
  }
  void leave(Fiber& fiber) {
    __sanitizer_start_switch_fiber(fiber.at == Place::Done ? nullptr : &fiber.asan_stack, scheduler_stack_,
                                   scheduler_stack_size_);
    swapcontext(&fiber.context, &scheduler_);
    __sanitizer_finish_switch_fiber(fiber.asan_stack, &scheduler_stack_, &scheduler_stack_size_);
  }
#else
  // swapcontext() changes the signal mask by a system call every time; only the first entry needs swapcontext().
  void enter(Fiber& fiber) {
    if (_setjmp(scheduler_) != 0) return;
    if (std::exchange(fiber.started, true)) _longjmp(fiber.place, 1);
    setcontext(&fiber.context);
  }
  void leave(Fiber& fiber) {
    if (_setjmp(fiber.place) == 0) _longjmp(scheduler_, 1);
  }
#endif
  static void begin() {
    SimulatedBlock& self = *running();
    const int id = self.current_;
    Fiber& fiber = *fibers()[static_cast<std::size_t>(id)];
#if CTP_TEST_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &self.scheduler_stack_, &self.scheduler_stack_size_);
#endif
    try {
      self.call_(self.body_, self, id);
      if (!fiber.open.empty() || !fiber.groups.empty())
        throw std::logic_error("simulated kernel: a thread that ends before it has waited for its copies");
    } catch (...) {
      self.failure_ = std::current_exception();
    }
    fiber.at = Place::Done;
    self.leave(fiber);
  }

  /// Number of threads at `place` among the n threads from `first` on.
  static int count(int first, int n, Place place) {
    int result = 0;
    for (int i = first; i < first + n; ++i) result += fibers()[static_cast<std::size_t>(i)]->at == place ? 1 : 0;
    return result;
  }
  static void free(int first, int n) {
    for (int i = first; i < first + n; ++i) fibers()[static_cast<std::size_t>(i)]->at = Place::Ready;
  }
  /// Runs a warp alone until each of its threads waits for the block or has ended: as far ahead of other warps as
  /// barriers allow.
  void run_warp(int first) {
    constexpr int n = backend::cuda::warp_size;
    while (count(first, n, Place::BlockBarrier) + count(first, n, Place::Done) < n) {
      for (int turn = 0; turn < n; ++turn) {
        current_ = first + (descending_ ? n - 1 - turn : turn);
        Fiber& fiber = *fibers()[static_cast<std::size_t>(current_)];
        if (fiber.at != Place::Ready) continue;
        running() = this;
        enter(fiber);
        if (failure_) std::rethrow_exception(failure_);
      }
      if (count(first, n, Place::WarpBarrier) == n)
        free(first, n);
      else if (count(first, n, Place::WarpBarrier) > 0)
        throw std::logic_error("simulated kernel: a warp's barrier or shuffle that not all of its threads reach");
    }
  }

  Index block_, blocks_;
  int threads_;
  bool descending_ = ctp::threads() % 2 == 0;
  std::vector<std::byte> shared_;
#if CTP_TEST_ASAN
  ucontext_t scheduler_{};
  void* own_asan_stack_ = nullptr;
  const void* scheduler_stack_ = nullptr;
  std::size_t scheduler_stack_size_ = 0;
#else
  std::jmp_buf scheduler_{};
#endif
  int current_ = 0;
  const void* body_ = nullptr;
  void (*call_)(const void*, SimulatedBlock&, int) = nullptr;
  std::exception_ptr failure_;
};

/// A KernelThread of a simulated block.
class SimulatedThread {
 public:
  SimulatedThread(SimulatedBlock& block, int id) : block_(&block), id_(id) {}

  [[nodiscard]] Index block() const { return block_->block(); }
  [[nodiscard]] Index blocks() const { return block_->blocks(); }
  [[nodiscard]] int id() const { return id_; }
  [[nodiscard]] int threads() const { return block_->threads(); }
  template <class T>
  [[nodiscard]] T* shared() const {
    return reinterpret_cast<T*>(block_->shared());
  }
  void sync() const { block_->wait(id_, true); }
  void sync_warp() const { block_->wait(id_, false); }
  template <class T>
  [[nodiscard]] T shuffle_xor(T x, int mask) const {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &x, sizeof x);
    bits = block_->exchange(id_, id_ ^ mask, bits);
    std::memcpy(&x, &bits, sizeof x);
    return x;
  }
  void mma(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) const {
    float left[16][16], right[16][8];
    block_->gather(id_, {a[0], a[1], a[2], a[3], b[0], b[1]}, [&](int lane, const std::array<std::uint32_t, 6>& words) {
      const int group = lane / 4, pair = lane % 4;
      for (int which = 0; which < 2; ++which)
        for (int part = 0; part < 4; ++part) {
          const auto value = [&](int at) {
            const std::uint32_t word = words[static_cast<std::size_t>(at)];
            return number(which == 0 ? word << 16U : word & 0xFFFF0000U);
          };
          left[group + part % 2 * 8][pair * 2 + part / 2 * 8 + which] = value(part);
          if (part < 2) right[pair * 2 + part * 8 + which][group] = value(4 + part);
        }
    });
    add_product<16>(c, left, right);
  }
  void mma_tf32(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) const {
    float left[16][8], right[8][8];
    block_->gather(id_, {a[0], a[1], a[2], a[3], b[0], b[1]}, [&](int lane, const std::array<std::uint32_t, 6>& words) {
      const int group = lane / 4, pair = lane % 4;
      const auto value = [&](int at) {
        return number(words[static_cast<std::size_t>(at)] & ~0x1FFFU);  // a device ignores the low 13 bits
      };
      for (int part = 0; part < 4; ++part) {
        left[group + part % 2 * 8][pair + part / 2 * 4] = value(part);
        if (part < 2) right[pair + part * 4][group] = value(4 + part);
      }
    });
    add_product<8>(c, left, right);
  }
  void load_matrices(const std::uint16_t* row, int offset, std::uint32_t (&words)[4]) const {
    const auto rows = rows_of_lanes(row + offset);
    const std::size_t group = at(lane() / 4), pair = at(lane() % 4 * 2);
    for (std::size_t m = 0; m < 4; ++m) {
      const std::uint16_t* numbers = rows[8 * m + group];
      words[m] = static_cast<std::uint32_t>(numbers[pair]) | static_cast<std::uint32_t>(numbers[pair + 1]) << 16U;
    }
  }
  void load_transposed(const std::uint16_t* row, int offset, std::uint32_t (&words)[4]) const {
    const auto rows = rows_of_lanes(row + offset);
    const std::size_t group = at(lane() / 4), pair = at(lane() % 4 * 2);
    for (std::size_t m = 0; m < 4; ++m)
      words[m] = static_cast<std::uint32_t>(rows[8 * m + pair][group]) |
                 static_cast<std::uint32_t>(rows[8 * m + pair + 1][group]) << 16U;
  }
  void start_copy(void* to, const void* from, bool valid) const { block_->start_copy(id_, to, valid ? from : nullptr); }
  void commit_copies() const { block_->commit_copies(id_); }
  template <int Behind>
  void wait_copies() const {
    block_->wait_copies(id_, std::size_t{Behind});
  }

 private:
  [[nodiscard]] int lane() const { return id_ % backend::cuda::warp_size; }
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  /// The row that each lane passes to a load of matrices. No lane may write to a row before all lanes have read.
  std::array<const std::uint16_t*, backend::cuda::warp_size> rows_of_lanes(const std::uint16_t* row) const {
    const auto address = reinterpret_cast<std::uintptr_t>(row);
    if (address % 16 != 0) throw std::logic_error("simulated kernel: a row of a matrix is not aligned to 16 bytes");
    std::array<const std::uint16_t*, backend::cuda::warp_size> rows{};
    block_->gather(id_, {static_cast<std::uint32_t>(address), static_cast<std::uint32_t>(address >> 32U)},
                   [&](int of_lane, const std::array<std::uint32_t, 6>& words) {
                     rows[at(of_lane)] = reinterpret_cast<const std::uint16_t*>(
                         static_cast<std::uintptr_t>(words[0]) | static_cast<std::uintptr_t>(words[1]) << 32U);
                   });
    return rows;
  }

  static float number(std::uint32_t bits) {
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  /// Adds the product of whole operands, assembled from the lanes' words.
  template <int Depth>
  void add_product(float (&c)[4], const float (&left)[16][Depth], const float (&right)[Depth][8]) const {
    const int group = lane() / 4, pair = id_ % 4;
    for (int e = 0; e < 4; ++e) {
      double sum = static_cast<double>(c[e]);
      for (int k = 0; k < Depth; ++k)
        sum += static_cast<double>(left[group + e / 2 * 8][k]) * static_cast<double>(right[k][pair * 2 + e % 2]);
      c[e] = static_cast<float>(sum);
    }
  }

  SimulatedBlock* block_;
  int id_;
};
static_assert(backend::cuda::KernelThread<SimulatedThread>);

template <class Body>
void SimulatedBlock::run(const Body& body) {
  body_ = &body;
  call_ = [](const void* b, SimulatedBlock& self, int id) {
    (*static_cast<const Body*>(b))(SimulatedThread(self, id));
  };
  for (int i = 0; i < threads_; ++i) prepare(*fibers()[static_cast<std::size_t>(i)]);
  while (count(0, threads_, Place::Done) < threads_) {
    const int warps = threads_ / backend::cuda::warp_size;
    for (int turn = 0; turn < warps; ++turn)
      run_warp((descending_ ? warps - 1 - turn : turn) * backend::cuda::warp_size);
    if (count(0, threads_, Place::BlockBarrier) == threads_)
      free(0, threads_);
    else if (count(0, threads_, Place::Done) < threads_)
      throw std::logic_error("simulated kernel: a barrier that not all threads of the block reach");
  }
}

/// x with its mantissa rounded to `Bits` bits, ties to even, like the operands of tensor cores: 10 is TF32, 7 is
/// bfloat16. With 0, x itself.
template <int Bits, class Real>
Real rounded(Real x) {
  if constexpr (Bits > 0) {
    const auto single = static_cast<float>(x);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &single, sizeof bits);
    constexpr unsigned dropped = 23U - static_cast<unsigned>(Bits);
    bits += (1U << (dropped - 1)) - 1 + (bits >> dropped & 1U);
    bits &= ~((1U << dropped) - 1);
    float result = 0;
    std::memcpy(&result, &bits, sizeof bits);
    return result;
  }
  return x;
}

/// Kernel runtime on the host. New memory is filled with NaN bit patterns, so that reads before the first write show.
/// Operands of products are rounded to `Bits` bits of mantissa if Bits is not 0.
template <class RealType, int Bits = 0>
struct SimulatedRuntime : backend::generic::Memory {
  using InputQueue = backend::cuda::InputQueue<SimulatedStreams>;

  static Block allocate(std::size_t bytes) {
    refuse("allocate");
    Block block = backend::generic::Memory::allocate(bytes);
    if (bytes > 0) std::memset(block.get(), 0xFF, bytes);
    return block;
  }
  /// Outside a capture, a call invalidates the memory of the previous call. A capture keeps the memory of all its calls
  /// and fills it with NaN bit patterns again at each replay.
  static void* scratch(std::size_t bytes) { return temporary<0>(bytes); }
  static void* packed_scratch(std::size_t bytes) { return temporary<1>(bytes); }

  /// Memory that grows is kept: captured launches go on using its address.
  static void* weight_copy(std::size_t number, std::size_t bytes) {
    using Copies = std::array<std::vector<std::vector<std::byte>>, backend::cuda::WeightCopies::most>;
    static Copies copies;
    auto& memory = copies.at(number);
    if (memory.empty() || memory.back().size() < bytes) {
      refuse("allocate a copy of weights");
      memory.emplace_back(bytes, std::byte{0xFF});
    }
    return memory.back().data();
  }

  /// Captured launches, like a CUDA graph. Operations that CUDA forbids during a capture throw std::logic_error.
  class Capture {
   public:
    template <class Work>
    void capture(const Work& work) {
      work_.clear();
      ++captures();
      current_capture() = this;
      try {
        work();
      } catch (...) {
        current_capture() = nullptr;
        throw;
      }
      current_capture() = nullptr;
    }
    void replay() {
      ++replays();
      for (const auto& launch : work_) launch();
    }
    static int& captures() {
      static int count = 0;
      return count;
    }
    static int& replays() {
      static int count = 0;
      return count;
    }

   private:
    friend SimulatedRuntime;
    std::vector<std::function<void()>> work_;
  };

  template <class T>
  static void zero(T* p, std::ptrdiff_t n) {
    if (backend::cuda::SkipFlag::flag() != nullptr)
      backend::cuda::launch_each<SimulatedRuntime>(n, backend::cuda::kernel::ZeroEach<T>{p});
    else
      run([=] { backend::generic::Memory::zero(p, n); });
  }
  template <class T>
  static void copy(const T* from, std::ptrdiff_t n, T* to) {
    if (backend::cuda::SkipFlag::flag() != nullptr)
      backend::cuda::launch_each<SimulatedRuntime>(n, backend::cuda::kernel::CopyEach<T>{from, to});
    else
      run([=] { backend::generic::Memory::copy(from, n, to); });
  }
  template <class From, class To>
  static void upload(const From* from, std::ptrdiff_t n, To* to) {
    refuse("upload");
    backend::cuda::SkipFlag::require_open("upload");
    backend::generic::Memory::upload(from, n, to);
  }
  template <class From, class To>
  static void download(const From* from, std::ptrdiff_t n, To* to) {
    refuse("download");
    backend::cuda::SkipFlag::require_open("download");
    ++downloads();
    backend::generic::Memory::download(from, n, to);
  }
  /// Number of downloads, at which the host waits for the device.
  static int& downloads() {
    static int count = 0;
    return count;
  }
  /// Limit of a block's shared memory; tests may lower it.
  static std::size_t& shared_bytes() {
    static std::size_t limit = std::size_t{99} * 1024;
    return limit;
  }
  static std::size_t shared_limit() { return shared_bytes(); }
  static bool rounds_operands() { return Bits == 7; }
  static bool multiplies_in_tf32() { return Bits == 10; }

  template <class Body>
  static void launch(Index blocks, int threads, std::size_t shared, const Body& body) {
    if (shared > shared_limit()) throw std::logic_error("simulated launch: more shared memory than there is");
    if (threads > backend::cuda::threads_of<Body>())
      throw std::logic_error("simulated launch: more threads than the body's bound");
    run([=, skip_flag = backend::cuda::SkipFlag::flag()] {
      if (skip_flag != nullptr && *skip_flag != 0) return;
      const bool descending = ctp::threads() % 2 == 0;
      for (Index turn = 0; turn < blocks; ++turn) {
        SimulatedBlock block(descending ? blocks - 1 - turn : turn, blocks, threads, shared);
        if constexpr (Body::cooperative)
          block.run(body);
        else
          for (int id = 0; id < threads; ++id) body(SimulatedThread(block, id));
      }
    });
  }

  static void matrix_product(const backend::cuda::MatrixProduct<RealType>& asked) {
    const auto p = backend::cuda::with_weight_copies<SimulatedRuntime>(asked);
    if (rounds_operands() && !p.single) roundings() += (p.a.packed ? 0 : 1) + (p.b.packed ? 0 : 1);
    run([p, skip_flag = backend::cuda::SkipFlag::flag()] {
      if (skip_flag == nullptr || *skip_flag == 0) multiply_out(p);
    });
  }
  /// Number of operands so far that a device's product would round in a launch of its own.
  static long& roundings() {
    static long count = 0;
    return count;
  }
  template <class Work>
  static void skip_if(const std::int32_t* skip_flag, const Work& work) {
    backend::cuda::SkipFlag::skip_if(skip_flag, work);
  }

 private:
  template <int Which>
  static void* temporary(std::size_t bytes) {
    static std::size_t most = 0;  // largest request so far: a larger one allocates
    if (bytes > most) refuse("allocate scratch memory");
    most = std::max(most, bytes);
    if (Capture* capture = current_capture()) {
      auto memory = std::make_shared<std::vector<std::byte>>(bytes);
      capture->work_.push_back([memory] { std::fill(memory->begin(), memory->end(), std::byte{0xFF}); });
      return memory->data();
    }
    thread_local std::vector<std::byte> memory;
    memory = std::vector<std::byte>(bytes, std::byte{0xFF});
    return memory.data();
  }
  static Capture*& current_capture() {
    static Capture* capture = nullptr;
    return capture;
  }
  template <class Work>
  static void run(const Work& work) {
    if (Capture* capture = current_capture())
      capture->work_.push_back(work);
    else
      work();
  }
  static void refuse(const char* what) {
    if (current_capture() != nullptr) throw std::logic_error(std::string("simulated capture: work must not ") + what);
  }
  /// Element i of an operand, rounded as a product rounds it, or not rounded if `single` is set.
  static RealType element(const typename backend::cuda::MatrixProduct<RealType>::Operand& x, bool single, Index i) {
    using Stored = backend::cuda::kernel::Stored<RealType>;
    if (single && x.packed) throw std::logic_error("simulated product: packed operands of a product that keeps Real");
    if (single) return x.plain()[i];
    if (!x.packed) return rounded<Bits>(x.plain()[i]);
    auto* memory = static_cast<backend::cuda::Packed*>(const_cast<void*>(x.data));
    return rounded<Bits>(Stored(memory, rounds_operands())[i]);
  }
  static void multiply_out(const backend::cuda::MatrixProduct<RealType>& p) {
    for (Index i = 0; i < p.m; ++i)
      for (Index j = 0; j < p.n; ++j) {
        RealType sum = 0;
        for (Index l = 0; l < p.k; ++l)
          sum += element(p.a, p.single, p.transpose_a ? l * p.lda + i : i * p.lda + l) *
                 element(p.b, p.single, p.transpose_b ? j * p.ldb + l : l * p.ldb + j);
        sum *= p.alpha;
        if (p.beta != 0) sum += p.beta * p.c[i * p.n + j];
        if (p.packed_d != nullptr) {  // the bias has the result's type
          using Stored = backend::cuda::kernel::Stored<RealType>;
          auto* const bias = const_cast<backend::cuda::Packed*>(p.packed_bias);
          if (p.bias != nullptr) sum += bias != nullptr ? Stored(bias, rounds_operands())[j] : rounded<Bits>(p.bias[j]);
          Stored(p.packed_d, rounds_operands()).set(i * p.n + j, sum);
          continue;
        }
        if (p.bias != nullptr) sum += p.bias[j];
        p.d[i * p.n + j] = sum;
      }
  }
};

/// The operations of the CUDA backend on simulated threads.
template <class RealType, int Bits = 0>
struct SimulatedCuda : SimulatedRuntime<RealType, Bits>,
                       backend::cuda::Operations<SimulatedRuntime<RealType, Bits>, RealType> {};

static_assert(backend::Backend<SimulatedCuda<float>>);
static_assert(backend::Backend<SimulatedCuda<double>>);
static_assert(backend::CapturesWork<SimulatedCuda<float>>);
static_assert(backend::CopiesAhead<SimulatedCuda<float>>);
static_assert(backend::RoundsWeights<SimulatedCuda<float>>);
static_assert(backend::RanksRows<SimulatedCuda<float>>);

}  // namespace ctp::test
