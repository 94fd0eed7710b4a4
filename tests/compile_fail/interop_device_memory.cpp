// expect-error: \[ctp\.interop\.host\]
#include <cstddef>

#include <ctp/backend/generic/memory.hpp>
#include <ctp/interop/span.hpp>

/// A backend; without the base its memory is a device's.
struct Backend
#ifndef CTP_EXPECT_FAIL
    : ctp::backend::generic::Memory
#endif
{
  using Real = float;
};

std::size_t elements(ctp::Tensor<float, 2, Backend> tensor) { return ctp::interop::as_span(tensor).size(); }
