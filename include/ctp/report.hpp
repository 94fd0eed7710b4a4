/// @file   ctp/report.hpp
/// @brief  What a training says about itself, in one include.
#pragma once

#include <ctp/report/metrics_log.hpp>
#include <ctp/report/progress.hpp>
#include <ctp/report/step_lines.hpp>
