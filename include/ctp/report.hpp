/// @file   ctp/report.hpp
/// @brief  Umbrella header of report: metrics log, progress, step lines.
#pragma once

#include <ctp/report/metrics_log.hpp>
#include <ctp/report/progress.hpp>
#include <ctp/report/step_lines.hpp>
