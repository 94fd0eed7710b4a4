/// @file   notes.hpp
/// @brief  Notes of a run: what was taken from its inputs.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include <ctp/core/printable.hpp>

namespace pretrain {

/// Prints notes, one line each. `json`: standard output is for the lines of metrics.jsonl, so notes go to standard
/// error.
inline void say_notes(const std::vector<std::string>& notes, bool json) {
  for (const std::string& note : notes)
    std::fprintf(json ? stderr : stdout, json ? "continual_pretrain: note: %s\n" : "%s\n",
                 ctp::printable(note).c_str());
}

}  // namespace pretrain
