/// @file   ctp/report.hpp
/// @brief  Umbrella header of report: logs, progress, step lines, jumps of the loss.
#pragma once

#include <ctp/report/early_stop.hpp>
#include <ctp/report/loss_watch.hpp>
#include <ctp/report/patient_log.hpp>
#include <ctp/report/progress.hpp>
#include <ctp/report/step_lines.hpp>
