/// @file   ctp/fwd.hpp
/// @brief  Names that other headers mention without needing more, and the defaults of their template arguments.
#pragma once

namespace ctp {

template <class Real = float>
struct BasicCpu;
using Cpu = BasicCpu<>;  ///< the host, in single precision

}  // namespace ctp
