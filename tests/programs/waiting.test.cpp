// How the threads of the programs wait. The runtime of OpenMP prints its settings each time that a program is loaded.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "program.hpp"

namespace {

/// Sets or removes a variable of the environment, and restores it.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    had_ = std::getenv(name) != nullptr;
    value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { had_ ? ::setenv(name_, before_.c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::string before_;
  bool had_ = false;
};

int loads(const std::string& printed) {
  int count = 0;
  for (std::size_t at = 0; (at = printed.find("DISPLAY ENVIRONMENT BEGIN", at)) != std::string::npos; ++at) ++count;
  return count;
}

/// The rounds that libgomp waits before a thread sleeps, as printed at the last load. Empty for other runtimes.
std::string spins(const std::string& printed) {
  const std::string name = "GOMP_SPINCOUNT = '";
  const std::size_t at = printed.rfind(name);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size();
  return printed.substr(begin, printed.find('\'', begin) - begin);
}

#if defined(_OPENMP) && !defined(__clang__)
constexpr bool libgomp = true;  // it prints its settings while a program is loaded
#else
constexpr bool libgomp = false;
#endif

test::Finished shown(const char* name, const char* value) {
  const Variable policy("OMP_WAIT_POLICY", nullptr), spin("GOMP_SPINCOUNT", nullptr), block("KMP_BLOCKTIME", nullptr);
  const Variable display("OMP_DISPLAY_ENV", "verbose"), chosen(name, value);
  return test::run_program("evaluate", {"--data", "none", "--weights", "none", "--nothing such", ""});
}

}  // namespace

TEST_CASE("waiting: a program starts again to wait passively, unless the environment says how threads wait") {
  const test::Finished active = shown("OMP_WAIT_POLICY", "active"), spinning = shown("GOMP_SPINCOUNT", "1000"),
                       chosen = shown("UNRELATED", "1");
  const int once = loads(active.err);  // 0 where the runtime prints at the first loop
  if (libgomp) REQUIRE(once == 1);
  CHECK(loads(spinning.err) == once);
  CHECK(loads(chosen.err) == 2 * once);
  CHECK(active.err.find("OMP_WAIT_POLICY = 'PASSIVE'") == std::string::npos);
  if (once == 0 || spins(active.err).empty()) return;  // not libgomp
  CHECK(spins(chosen.err) == "0");
  CHECK(spins(spinning.err) == "1000");
  CHECK(spins(active.err) != "0");
}

TEST_CASE("waiting: the second start has the same arguments, also empty ones") {
  const test::Finished again = shown("UNRELATED", "1"), direct = shown("OMP_WAIT_POLICY", "passive");
  CHECK(again.code == 2);
  const auto message = [](const test::Finished& run) { return run.err.substr(run.err.rfind("evaluate:")); };
  CHECK(message(again) == message(direct));
  CHECK(message(again).find("--nothing such") != std::string::npos);
}
