/// @file   benchmarks/cuda/kernel_names.hpp
/// @brief  Short name of a kernel's body, and the numbers that say how much the kernel does.
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <regex>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/cuda/kernel/head_strips.hpp>
#include <ctp/backend/cuda/tensor_attention_gradient.hpp>
#include <ctp/backend/dropout.hpp>

namespace bench {

/// Name without namespaces, `<float>` and spaces, as predict.py shortens the names in machine code.
inline std::string kernel_name(const std::type_info& body) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> full(abi::__cxa_demangle(body.name(), nullptr, nullptr, &status),
                                                    &std::free);
  std::string name = status == 0 ? full.get() : body.name();
  for (const auto& [from, to] : {std::pair{"\\w+::", ""}, std::pair{" ", ""}, std::pair{"<float>", ""}})
    name = std::regex_replace(name, std::regex(from), to);
  return name;
}

/// Members of a body, and of the body, term or value within it, as JSON. Of a pointer: whether it is set.
class Numbers {
 public:
  template <class Body>
  void read(const Body& body) {
#define CTP_BENCH_READ(member) \
  if constexpr (requires { body.member; }) number(#member, body.member)
    CTP_BENCH_READ(n);
    CTP_BENCH_READ(rows);
    CTP_BENCH_READ(d);
    CTP_BENCH_READ(m);
    CTP_BENCH_READ(columns);
    CTP_BENCH_READ(rows_of_part);
    CTP_BENCH_READ(of_part);
    CTP_BENCH_READ(parts);
    CTP_BENCH_READ(log_lanes);
    CTP_BENCH_READ(chunk);
    CTP_BENCH_READ(accumulate);
    CTP_BENCH_READ(overwrite);  // whether gradients are written, not added to
    CTP_BENCH_READ(layout);
    CTP_BENCH_READ(dropout);  // whether it is active
    CTP_BENCH_READ(s);        // of attention
    CTP_BENCH_READ(strips);   // of attention on tensor cores
    CTP_BENCH_READ(to);       // of memory: the bytes of one number
    CTP_BENCH_READ(y);
    CTP_BENCH_READ(o);
    CTP_BENCH_READ(q);
    CTP_BENCH_READ(d_o);
#undef CTP_BENCH_READ
#define CTP_BENCH_READ(member) \
  if constexpr (requires { body.member == nullptr; }) number(#member, body.member != nullptr)
    CTP_BENCH_READ(h);
    CTP_BENCH_READ(before);
    CTP_BENCH_READ(key_bias);
    CTP_BENCH_READ(factor);
    CTP_BENCH_READ(log_sum);
    CTP_BENCH_READ(dx);
    CTP_BENCH_READ(dh);
    CTP_BENCH_READ(dk);
    CTP_BENCH_READ(dv);
#undef CTP_BENCH_READ
    if constexpr (requires { body.along; }) number("along", body.along.copy);  // bytes of one number of the copy
    if constexpr (requires { body.body; }) read(body.body);
    if constexpr (requires { body.term; }) read(body.term);
    if constexpr (requires { body.value; }) read(body.value);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  template <class T>
  void number(const char* name, const T& value) {
    if constexpr (std::is_integral_v<T>) {
      const std::string key = std::string("\"") + name + "\":";
      if (text_.find(key) == std::string::npos) text_ += "," + key + std::to_string(value);  // the outer one counts
    } else if constexpr (std::is_same_v<T, ctp::backend::Dropout>) {
      number(name, value.active());
    } else if constexpr (std::is_same_v<T, ctp::backend::AttentionShape>) {
      number("batch", value.batch);
      number("heads", value.heads);
      number("queries", value.queries);
      number("keys", value.keys);
      number("width", value.width);
    } else if constexpr (std::is_same_v<T, ctp::backend::cuda::kernel::HeadStrips>) {
      number("strips", value.strips);
      number("blocks_of_head", value.blocks);
      number("chunk", value.chunk);
    } else if constexpr (std::is_same_v<T, ctp::backend::cuda::kernel::GradientLayout>) {
      number("overwrite", value.overwrite);
    } else if constexpr (requires { value.number_bytes(); }) {
      if (value) number(name, value.number_bytes());
    } else if constexpr (std::is_pointer_v<T>) {
      if (value != nullptr) number(name, sizeof *value);
    }
  }

  std::string text_;
};

}  // namespace bench
