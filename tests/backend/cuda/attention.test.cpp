// The tests of every backend, on the kernels of backend/cuda/attention.hpp with simulated threads.
#include <ctp/backend/cuda/attention.hpp>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/attention.test.cpp"

namespace {

/// Limits a block to `bytes` of shared memory until the end of the scope.
template <class Real>
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t bytes) { ctp::test::SimulatedRuntime<Real>::shared_bytes() = bytes; }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory() { ctp::test::SimulatedRuntime<Real>::shared_bytes() = before_; }

 private:
  std::size_t before_ = ctp::test::SimulatedRuntime<Real>::shared_bytes();
};

}  // namespace

TEST_CASE_TEMPLATE("attention: heads that do not fit in shared memory are computed in chunks", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  namespace kernel = ctp::backend::cuda::kernel;
  const SharedMemory<Real> little(sizeof(Real) * 1100);
  REQUIRE(kernel::longest_chunk(131, width, sizeof(Real), sizeof(Real) * 1100) < 40);
  check<B>({batch, heads, 3, 131, width, model, model, model}, mask(131), 0.3F);
  check<B>({batch, heads, 67, 5, width, model, model, model}, {}, 0.3F);
  const SharedMemory<Real> less(sizeof(Real) * 100);
  CHECK_THROWS_AS(check<B>({batch, heads, 3, 131, width, model, model, model}, {}, 0), ctp::UsageError);
}

TEST_CASE("attention: chunks have equal length and fit in shared memory") {
  namespace kernel = ctp::backend::cuda::kernel;
  constexpr std::size_t limit = std::size_t{99} * 1024;
  for (const ctp::Index rows : {1, 30, 197, 256, 257, 577, 1025})
    for (const ctp::Index columns : {1, 7, 32, 64, 128}) {
      CAPTURE(rows);
      CAPTURE(columns);
      const ctp::Index chunk = kernel::longest_chunk(rows, columns, sizeof(float), limit);
      CHECK(chunk >= 1);
      CHECK(chunk <= rows);
      CHECK(kernel::head_memory_bytes(chunk, columns, sizeof(float)) <= limit);
      const ctp::Index chunks = (rows + chunk - 1) / chunk;
      CHECK(chunks * chunk - rows < chunks);  // less than one unused row for each chunk
    }
  CHECK(kernel::longest_chunk(197, 64, sizeof(float), std::size_t{227} * 1024) == 197);  // the base model, sm_90
  CHECK(kernel::longest_chunk(30, 64, sizeof(float), limit) == 30);
}
