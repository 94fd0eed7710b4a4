/// @file   ctp/core/error.hpp
/// @brief  The library's exceptions and the format of their one-line messages.
/// @layer  core
#pragma once

#include <stdexcept>
#include <string>

#include <ctp/core/printable.hpp>

namespace ctp {

/// Kind of an error. Its value is the exit code of the programs under examples/.
enum class ErrorCode : int {
  CheckFailed = 1,   ///< a comparison did not hold
  Usage = 2,         ///< an option, a configuration key, or a call that the library cannot carry out
  Data = 3,          ///< input data: images, annotations, vocabularies, weights
  Checkpoint = 4,    ///< no valid checkpoint
  Numeric = 5,       ///< a loss or a gradient is not finite
  Resource = 6,      ///< disk or memory
  Peer = 7,          ///< another process of the run was lost
  Internal = 70,     ///< a defect of the library itself
  Interrupted = 75,  ///< stopped from outside; can be resumed
};

/// @brief Base of the library's exceptions. what() is one line: file, key, expected, found, remedy.
///
/// The constructor escapes control characters by printable(), since names and texts of files stand in messages.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(printable(message, 1U << 15U)), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

/// An option, configuration key or call that is invalid.
struct UsageError : Error {
  explicit UsageError(const std::string& message) : Error(ErrorCode::Usage, message) {}
};

/// Input that is missing, malformed or contradicts itself.
struct DataError : Error {
  explicit DataError(const std::string& message) : Error(ErrorCode::Data, message) {}
};

/// A saved state of a training that is missing, damaged, or of another training.
struct CheckpointError : Error {
  explicit CheckpointError(const std::string& message) : Error(ErrorCode::Checkpoint, message) {}
};

/// A number that is not finite: a loss, a gradient, a score.
struct NumericError : Error {
  explicit NumericError(const std::string& message) : Error(ErrorCode::Numeric, message) {}
};

/// Disk or memory is exhausted, or the operating system refuses a file operation.
struct ResourceError : Error {
  explicit ResourceError(const std::string& message) : Error(ErrorCode::Resource, message) {}
};

/// Mismatch of two shapes. what() names the function, both operands and the rule.
struct ShapeError : Error {
  explicit ShapeError(const std::string& message) : Error(ErrorCode::Internal, message) {}
};

/// The parts of an error message, as fields, so that a message leaves out no part.
struct Complaint {
  std::string where;     ///< file, option or function
  std::string what;      ///< key, tensor, line or field within `where`; may be empty
  std::string expected;  ///< the valid value
  std::string found;     ///< the invalid value
  std::string remedy;    ///< advice to the user; may be empty

  /// "where: what: expected ..., found ...; remedy", each part by printable().
  [[nodiscard, gnu::cold]] std::string text() const {
    std::string line = printable(where);
    if (!what.empty()) line += ": " + printable(what);
    line += ": expected " + printable(expected) + ", found " + printable(found);
    if (!remedy.empty()) line += "; " + printable(remedy);
    return line;
  }
};

}  // namespace ctp
