#include <ctp/backend/cpu/backend.hpp>

#include <concepts>

#include <doctest/doctest.h>

static_assert(std::same_as<ctp::Cpu, ctp::BasicCpu<float>>, "single precision by default");
static_assert(std::same_as<ctp::BasicCpu<double>::Real, double> && std::same_as<ctp::Cpu::Real, float>);
static_assert(ctp::backend::Backend<ctp::Cpu> && ctp::backend::Backend<ctp::BasicCpu<double>>);
