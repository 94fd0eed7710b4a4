/// @file   ctp/core/error.hpp
/// @brief  The exceptions `ctp` throws, and how their one-line messages are put together.
/// @layer  core
#pragma once

#include <stdexcept>
#include <string>

namespace ctp {

/// What went wrong, by kind. The value is the exit code that the programs under examples/ return for it.
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

/// Base of everything the library throws on purpose. what() is one line: file, key, expected, found, remedy.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

/// An option, configuration key or call that makes no sense.
struct UsageError : Error {
  explicit UsageError(const std::string& message) : Error(ErrorCode::Usage, message) {}
};

/// Input that is missing, malformed or contradicts itself.
struct DataError : Error {
  explicit DataError(const std::string& message) : Error(ErrorCode::Data, message) {}
};

/// A number that must be finite is not.
struct NumericError : Error {
  explicit NumericError(const std::string& message) : Error(ErrorCode::Numeric, message) {}
};

/// The disk or the memory does not suffice, or the system refuses a file operation.
struct ResourceError : Error {
  explicit ResourceError(const std::string& message) : Error(ErrorCode::Resource, message) {}
};

/// Two sizes that must agree do not. what() names the function, both operands and the rule.
struct ShapeError : Error {
  explicit ShapeError(const std::string& message) : Error(ErrorCode::Internal, message) {}
};

/// The parts of an error message, so that none of them is forgotten.
struct Complaint {
  std::string where;     ///< file, option or function
  std::string what;      ///< key, tensor, line or field within it; may be empty
  std::string expected;  ///< what would have been right
  std::string found;     ///< what was there instead
  std::string remedy;    ///< what the reader can do; may be empty

  /// "where: what: expected ..., found ...; remedy"
  [[nodiscard]] std::string text() const {
    std::string line = where;
    if (!what.empty()) line += ": " + what;
    line += ": expected " + expected + ", found " + found;
    if (!remedy.empty()) line += "; " + remedy;
    return line;
  }
};

}  // namespace ctp
