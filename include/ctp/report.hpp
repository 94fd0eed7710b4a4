/// @file   ctp/report.hpp
/// @brief  What a training says about itself, in one include.
#pragma once

#include <ctp/report/progress.hpp>
