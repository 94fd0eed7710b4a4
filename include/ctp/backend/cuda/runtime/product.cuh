/// @file   ctp/backend/cuda/runtime/product.cuh
/// @brief  Matrix products by cuBLASLt, with bias and residual in its epilogue.
/// @layer  backend
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <cuda_bf16.h>

#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/cuda/kernel/matrix_product.hpp>
#include <ctp/backend/cuda/runtime/algorithm_cache.hpp>
#include <ctp/backend/cuda/runtime/context.cuh>
#include <ctp/backend/cuda/runtime/device_thread.cuh>
#include <ctp/backend/precision.hpp>
#include <ctp/core/error.hpp>

namespace ctp::backend::cuda {

namespace detail {

template <auto Destroy>
struct Destroyer {
  template <class T>
  void operator()(T* p) const {
    static_cast<void>(Destroy(p));
  }
};
template <class Handle, auto Destroy>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Destroyer<Destroy>>;
using Description = Owned<cublasLtMatmulDesc_t, &cublasLtMatmulDescDestroy>;
using MatrixLayout = Owned<cublasLtMatrixLayout_t, &cublasLtMatrixLayoutDestroy>;
using Preference = Owned<cublasLtMatmulPreference_t, &cublasLtMatmulPreferenceDestroy>;

/// A row-major matrix is the transpose of a column-major matrix; `rows` and `columns` are the extents of the
/// column-major matrix.
inline MatrixLayout make_layout(cudaDataType_t type, Index rows, Index columns, Index stride) {
  cublasLtMatrixLayout_t layout = nullptr;
  check(cublasLtMatrixLayoutCreate(&layout, type, static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns),
                                   stride),
        "cublasLtMatrixLayoutCreate");
  return MatrixLayout(layout);
}

/// to[row, column] = from[row * stride + column], rounded to bfloat16.
struct RoundRows {
  Index columns, stride;
  const float* from;
  __nv_bfloat16* to;
  CTP_HD void operator()(Index i) const {
#if defined(__CUDA_ARCH__)
    to[i] = __float2bfloat16_rn(from[i / columns * stride + i % columns]);
#else
    static_cast<void>(i);
#endif
  }
};

/// d = beta c + bias: a product with k = 0.
struct WithoutTerms {
  Index n;
  float beta;
  const float *c, *bias;
  float* d;
  CTP_HD void operator()(Index i) const {
    d[i] = (beta != 0 ? beta * c[i] : 0.F) + (bias != nullptr ? bias[i % n] : 0.F);
  }
};

/// d[i, column] += bias[column]: for a product that cuBLASLt cannot compute with the bias.
struct AddBias {
  Index n;
  const float* bias;
  kernel::Stored<float> d;
  CTP_HD void operator()(Index i) const { d.set(i, d[i] + bias[i % n]); }
};

}  // namespace detail

/// @brief cuBLASLt descriptions of a product of one shape. Created once for each shape.
template <class Precision>
class ProductPlan {
 public:
  static constexpr bool rounds = std::is_same_v<Precision, precision::Bf16>;
  static constexpr cudaDataType_t operand_type = rounds ? CUDA_R_16BF : CUDA_R_32F;
  static constexpr cublasComputeType_t compute_type =
      std::is_same_v<Precision, precision::Tf32> ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;

  /// The arguments of a product that its plan depends on.
  using Key = std::tuple<bool, bool, Index, Index, Index, Index, Index, bool, bool, bool, std::uint32_t>;
  static Key key(const MatrixProduct<float>& p, const void* a, const void* b) {
    return {p.transpose_a,         p.transpose_b,     p.m, p.n, p.k, p.lda, p.ldb, p.bias != nullptr, p.beta != 0,
            p.packed_d != nullptr, alignment(p, a, b)};
  }
  /// Common alignment of all operands: 16 bytes, which every algorithm can use, or the size of a number.
  static std::uint32_t alignment(const MatrixProduct<float>& p, const void* a, const void* b) {
    std::uintptr_t all = 0;
    const void* const operands[] = {a, b, p.c, memory_of_result(p), p.bias};
    for (const void* operand : operands) all |= reinterpret_cast<std::uintptr_t>(operand);
    return all % 16 == 0 ? 16 : rounds ? 2 : 4;
  }

  static void* memory_of_result(const MatrixProduct<float>& p) {
    return p.packed_d != nullptr ? static_cast<void*>(p.packed_d) : p.d;
  }

  /// cuBLASLt computes d^T [n,m] = op(b)^T op(a)^T, all column-major.
  explicit ProductPlan(const MatrixProduct<float>& p)
      : left_(detail::make_layout(operand_type, p.transpose_b ? p.k : p.n, p.transpose_b ? p.n : p.k, p.ldb)),
        right_(detail::make_layout(operand_type, p.transpose_a ? p.m : p.k, p.transpose_a ? p.k : p.m, p.lda)),
        result_(detail::make_layout(p.packed_d != nullptr ? operand_type : CUDA_R_32F, p.n, p.m, p.n)) {
    cublasLtMatmulDesc_t description = nullptr;
    check(cublasLtMatmulDescCreate(&description, compute_type, CUDA_R_32F), "cublasLtMatmulDescCreate");
    description_.reset(description);
    set(CUBLASLT_MATMUL_DESC_TRANSA, p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
    if (p.bias != nullptr) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
      set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, p.packed_d != nullptr ? operand_type : CUDA_R_32F);
    }
  }

  /// cuBLASLt's ranking of algorithms for this shape, best first; empty if cuBLASLt has none. The ranking depends on
  /// the bias and on the alignment.
  [[nodiscard]] std::vector<cublasLtMatmulAlgo_t> candidates(const Context& context, const MatrixProduct<float>& p,
                                                             const void* a, const void* b) {
    if (p.bias != nullptr) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
    cublasLtMatmulPreference_t made = nullptr;
    check(cublasLtMatmulPreferenceCreate(&made), "cublasLtMatmulPreferenceCreate");
    const detail::Preference preference(made);
    const std::size_t bytes = Context::workspace_bytes;
    check(cublasLtMatmulPreferenceSetAttribute(made, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof bytes),
          "cublasLtMatmulPreferenceSetAttribute");
    const std::uint32_t aligned = alignment(p, a, b);
    for (const auto which : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                             CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
      check(cublasLtMatmulPreferenceSetAttribute(made, which, &aligned, sizeof aligned),
            "cublasLtMatmulPreferenceSetAttribute");
    std::array<cublasLtMatmulHeuristicResult_t, 8> found{};
    int count = 0;
    const cublasStatus_t status =
        cublasLtMatmulAlgoGetHeuristic(context.blas(), description_.get(), left_.get(), right_.get(), result_.get(),
                                       result_.get(), made, static_cast<int>(found.size()), found.data(), &count);
    if (status == CUBLAS_STATUS_NOT_SUPPORTED) return {};
    check(status, "cublasLtMatmulAlgoGetHeuristic");
    std::vector<cublasLtMatmulAlgo_t> algorithms;
    for (int i = 0; i < count; ++i)
      if (found[static_cast<std::size_t>(i)].state == CUBLAS_STATUS_SUCCESS)
        algorithms.push_back(found[static_cast<std::size_t>(i)].algo);
    return algorithms;
  }

  void run(Context& context, const MatrixProduct<float>& p, const void* a, const void* b, void* d,
           const cublasLtMatmulAlgo_t& algorithm) {
    if (p.bias != nullptr) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
    check(cublasLtMatmul(context.blas(), description_.get(), &p.alpha, b, left_.get(), a, right_.get(), &p.beta,
                         p.c != nullptr ? p.c : d, result_.get(), d, result_.get(), &algorithm, context.workspace(),
                         Context::workspace_bytes, context.stream()),
          "cublasLtMatmul");
  }

 private:
  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    check(cublasLtMatmulDescSetAttribute(description_.get(), attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }

  detail::Description description_;
  detail::MatrixLayout left_, right_, result_;
};

/// @brief Matrix product d = alpha op(a) op(b) + beta c + bias on the current context, operands rounded to Precision.
/// The bias is part of cuBLASLt's product if cuBLASLt has an algorithm for that, else a launch of its own.
/// **Errors.** Error (internal) that names the shape if cuBLASLt has no algorithm.
template <class Precision>
class Product {
 public:
  template <class Runtime>
  static void run(const MatrixProduct<float>& p) {
    Context& context = Context::current();
    if (p.k == 0) {  // cuBLASLt needs at least one term
      launch_each<Runtime>(p.m * p.n, detail::WithoutTerms{p.n, p.beta, p.c, p.bias, p.d});
      return;
    }
    const void *a = p.a.data, *b = p.b.data;
    MatrixProduct<float> q = p;
    if constexpr (ProductPlan<Precision>::rounds) round<Runtime>(context, p, q, a, b);
    if (multiplied(context, q, a, b)) return;
    q.bias = nullptr;
    if (p.bias == nullptr || !multiplied(context, q, a, b)) throw no_algorithm(q);
    const auto d = p.packed_d != nullptr ? kernel::Stored<float>(p.packed_d, true) : kernel::Stored<float>(p.d);
    launch_each<Runtime>(q.m * q.n, detail::AddBias{q.n, p.bias, d});
  }
  /// The algorithms chosen so far; set `measure` to choose by time.
  static AlgorithmCache<typename ProductPlan<Precision>::Key, cublasLtMatmulAlgo_t>& algorithms() {
    static AlgorithmCache<typename ProductPlan<Precision>::Key, cublasLtMatmulAlgo_t> cache;
    return cache;
  }

 private:
  using Plans = std::map<typename ProductPlan<Precision>::Key, ProductPlan<Precision>>;
  static Plans& plans() {
    static Plans all;
    return all;
  }

  /// Multiplies. Returns false, having done nothing, if cuBLASLt has no algorithm.
  static bool multiplied(Context& context, const MatrixProduct<float>& q, const void* a, const void* b) {
    const auto key = ProductPlan<Precision>::key(q, a, b);
    auto plan = plans().find(key);
    if (plan == plans().end()) plan = plans().emplace(key, q).first;
    const cublasLtMatmulAlgo_t* const algorithm = algorithms().find(
        key, [&] { return plan->second.candidates(context, q, a, b); },
        [&](const cublasLtMatmulAlgo_t& candidate) { return seconds(context, plan->second, q, a, b, candidate); });
    if (algorithm != nullptr)
      plan->second.run(context, q, a, b, ProductPlan<Precision>::memory_of_result(q), *algorithm);
    return algorithm != nullptr;
  }
  static Error no_algorithm(const MatrixProduct<float>& q) {
    const auto extents = [](Index rows, Index columns, bool transposed, Index stride) {
      return "[" + std::to_string(rows) + "," + std::to_string(columns) + "]" + (transposed ? ", transposed" : "") +
             ", rows " + std::to_string(stride) + " apart";
    };
    return {ErrorCode::Internal, "matrix product: expected an algorithm of cuBLASLt for " +
                                     extents(q.m, q.k, q.transpose_a, q.lda) + ", times " +
                                     extents(q.k, q.n, q.transpose_b, q.ldb) + ", found none"};
  }

  /// Replaces operands that are not packed, and the bias of a result that is, by rounded copies without gaps.
  template <class Runtime>
  static void round(Context& context, const MatrixProduct<float>& p, MatrixProduct<float>& q, const void*& a,
                    const void*& b) {
    const Index a_rows = p.transpose_a ? p.k : p.m, a_columns = p.transpose_a ? p.m : p.k;
    const Index b_rows = p.transpose_b ? p.n : p.k, b_columns = p.transpose_b ? p.k : p.n;
    const Index a_size = p.a.packed ? 0 : (a_rows * a_columns + 127) / 128 * 128;  // keeps b aligned, too
    const Index b_size = p.b.packed ? 0 : (b_rows * b_columns + 127) / 128 * 128;
    const void* bias = p.packed_bias;  // the bias has the type of the result
    const bool rounds_bias = p.bias != nullptr && p.packed_d != nullptr && bias == nullptr;
    const Index size = a_size + b_size + (rounds_bias ? p.n : 0);
    if (bias != nullptr) q.bias = static_cast<const float*>(bias);  // only its address is used
    if (size == 0) return;
    auto* memory =
        static_cast<__nv_bfloat16*>(context.converted(static_cast<std::size_t>(size) * sizeof(__nv_bfloat16)));
    if (!p.a.packed) {
      launch_each<Runtime>(a_rows * a_columns, detail::RoundRows{a_columns, p.lda, p.a.plain(), memory});
      a = memory;
      q.lda = a_columns;
    }
    if (!p.b.packed) {
      launch_each<Runtime>(b_rows * b_columns, detail::RoundRows{b_columns, p.ldb, p.b.plain(), memory + a_size});
      b = memory + a_size;
      q.ldb = b_columns;
    }
    if (rounds_bias) {
      auto* const to = memory + a_size + b_size;
      launch_each<Runtime>(p.n, detail::RoundRows{p.n, p.n, p.bias, to});
      q.bias = reinterpret_cast<const float*>(to);
    }
  }

  /// Time of one algorithm, the best of three runs, with a temporary result.
  static double seconds(Context& context, ProductPlan<Precision>& plan, const MatrixProduct<float>& p, const void* a,
                        const void* b, const cublasLtMatmulAlgo_t& algorithm) {
    const DeviceMemory result = allocate_device(static_cast<std::size_t>(p.m * p.n) * sizeof(float));
    auto* d = reinterpret_cast<float*>(result.get());
    cudaEvent_t begin = nullptr, end = nullptr;
    check(cudaEventCreate(&begin), "cudaEventCreate");
    check(cudaEventCreate(&end), "cudaEventCreate");
    float least = std::numeric_limits<float>::infinity();
    for (int i = 0; i < 4; ++i) {
      check(cudaEventRecord(begin, context.stream()), "cudaEventRecord");
      plan.run(context, p, a, b, d, algorithm);
      check(cudaEventRecord(end, context.stream()), "cudaEventRecord");
      check(cudaEventSynchronize(end), "cudaEventSynchronize");
      float milliseconds = 0;
      check(cudaEventElapsedTime(&milliseconds, begin, end), "cudaEventElapsedTime");
      if (i > 0 && milliseconds < least) least = milliseconds;  // the first run warms up
    }
    static_cast<void>(cudaEventDestroy(begin));
    static_cast<void>(cudaEventDestroy(end));
    return static_cast<double>(least) * 1e-3;
  }
};

/// The product in the current context's precision.
template <>
class Product<precision::AtRunTime> {
 public:
  template <class Runtime>
  static void run(const MatrixProduct<float>& p) {
    switch (Context::current().precision) {
      case precision::Choice::Fp32:
        return Product<precision::Fp32>::run<Runtime>(p);
      case precision::Choice::Tf32:
        return Product<precision::Tf32>::run<Runtime>(p);
      case precision::Choice::Bf16:
        return Product<precision::Bf16>::run<Runtime>(p);
    }
  }
};

}  // namespace ctp::backend::cuda
