/// @file   ctp/nn/layers.hpp
/// @brief  Layers of transformers: each names its parameters in a layout and runs one operation with them.
/// @layer  nn
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/attention.hpp>
#include <ctp/autograd/layer_norm.hpp>
#include <ctp/autograd/linear.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/autograd/scores.hpp>
#include <ctp/nn/layout.hpp>

namespace ctp::nn {

/// x w^T + b. **Shapes.** [n,in] -> [n,out].
struct Linear {
  Parameter<2> weight;
  Parameter<1> bias;

  Linear(Layout& layout, const std::string& name, Index out, Index in)
      : weight(layout.add<2>(name + ".weight", {out, in}, Start::Weight)),
        bias(layout.add<1>(name + ".bias", {out}, Start::Zeros)) {}

  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, Variable<2, B> x) const {
    return linear(pass, x, pass[weight], pass[bias]);
  }
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, Operand<B>&& x) const {
    return linear(pass, std::move(x), pass[weight], pass[bias]);
  }
  /// x w^T + b as an Operand, for one operation. `x`: a Variable, a SharedOperand, or an Operand to consume.
  template <class B, class X>
  Operand<B> operand(const Pass<B>& pass, X&& x) const {
    return linear_operand(pass, std::forward<X>(x), pass[weight], pass[bias]);
  }
  /// gelu(x w^T + b) as an Operand, for one product. `x`: as operand().
  template <class B, class X>
  Operand<B> gelu_operand(const Pass<B>& pass, X&& x) const {
    return ctp::gelu_operand(pass, std::forward<X>(x), pass[weight], pass[bias]);
  }
  template <class B>
  Variable<2, B> with_gelu(const Pass<B>& pass, Variable<2, B> x) const {
    return linear_gelu(pass, x, pass[weight], pass[bias]);
  }
  template <class B>
  Variable<2, B> with_residual(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> residual) const {
    return linear_residual(pass, x, pass[weight], pass[bias], residual);
  }
  template <class B>
  Variable<2, B> with_residual(const Pass<B>& pass, Operand<B>&& x, Variable<2, B> residual) const {
    return linear_residual(pass, std::move(x), pass[weight], pass[bias], residual);
  }
  /// residual + x w^T + b; consumes the residual, whose gradient is the sum's. `x`: a Variable, or an Operand to
  /// consume.
  template <class B, class X>
  Residual<B> with_residual(const Pass<B>& pass, X&& x, Residual<B>&& residual) const {
    return linear_residual(pass, std::forward<X>(x), pass[weight], pass[bias], std::move(residual));
  }
};

/// @brief Linear layers of one input, computed as one product: their results side by side. Names and initial weights
/// are those of as many Linear.
///
/// **Shapes.** [n,in] -> [n, layers*out].
struct JoinedLinear {
  Parameter<2> weight;  ///< [layers*out,in]
  Parameter<1> bias;

  JoinedLinear(Layout& layout, const std::vector<std::string>& names, Index out, Index in)
      : weight(layout.reserve<2>(names.at(0) + ".weight", {static_cast<Index>(names.size()) * out, in})),
        bias(layout.reserve<1>(names.front() + ".bias", {static_cast<Index>(names.size()) * out})) {
    Index first = 0;
    for (const std::string& name : names) {
      layout.add_part(name + ".weight", weight, first, out, Start::Weight);
      layout.add_part(name + ".bias", bias, first, out, Start::Zeros);
      first += out;
    }
  }

  /// The results as an Operand, for one operation. `x`: a Variable, a SharedOperand, or an Operand to consume.
  template <class B, class X>
  Operand<B> operand(const Pass<B>& pass, X&& x) const {
    return linear_operand(pass, std::forward<X>(x), pass[weight], pass[bias]);
  }
};

/// @brief Cosine classifier layer: sigma * cos(x, w_j) for each row w_j of w, with a learned scale sigma and no bias.
///
/// **Shapes.** [n,in] -> [n,out].  **Source.** Hou et al. 2019, LUCIR, CVPR, eq. 4.
struct CosineLinear {
  Parameter<2> weight;
  Parameter<1> sigma;

  CosineLinear(Layout& layout, const std::string& name, Index out, Index in)
      : weight(layout.add<2>(name + ".weight", {out, in}, Start::Weight)),
        sigma(layout.add<1>(name + ".sigma", {1}, Start::Ones)) {}

  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, Variable<2, B> x) const {
    return scale_by(pass, scores(pass, normalize(pass, x), normalize(pass, pass[weight]), 1), pass[sigma]);
  }
};

/// Layer norm over the last extent. **Shapes.** [n,d] -> [n,d].
struct LayerNorm {
  Parameter<1> gain, bias;
  double epsilon;

  LayerNorm(Layout& layout, const std::string& name, Index d, double eps)
      : gain(layout.add<1>(name + ".weight", {d}, Start::Ones)),
        bias(layout.add<1>(name + ".bias", {d}, Start::Zeros)),
        epsilon(eps) {}

  /// `x`: a Variable or a Residual.
  template <class B, class X>
  Variable<2, B> operator()(const Pass<B>& pass, const X& x) const {
    return layer_norm(pass, x, pass[gain], pass[bias], epsilon);
  }
  /// layer_norm(x) as an Operand, for one product. `x`: a Variable or a Residual.
  template <class B, class X>
  Operand<B> operand(const Pass<B>& pass, const X& x) const {
    return layer_norm_operand(pass, x, pass[gain], pass[bias], epsilon);
  }
  /// layer_norm(x + dropout(branch)). **Shapes.** x, branch [n,d], n = batch * rows_per_sample.
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> branch, std::uint32_t dropout_id,
                            Index rows_per_sample) const {
    return residual_layer_norm(pass, x, branch, pass.dropout_layer(dropout_id), rows_per_sample, pass[gain], pass[bias],
                               epsilon);
  }
};

}  // namespace ctp::nn
