// The main function of the test programs. Adds two things to doctest's own:
// - Idle OpenMP threads sleep unless the environment says otherwise: spinning threads make the tests of small models
// ten
//   times slower where other work runs. libgomp reads OMP_WAIT_POLICY before main(), so the program starts itself
//   again.
// - A filter that matches no test case is an error, so that a CTest entry of a file cannot pass without a test.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

unsigned matched = 0;  // test cases that passed the filters of the command line

/// Reads the counts of a finished run. All other events are ignored.
class Counter final : public doctest::IReporter {
 public:
  explicit Counter(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& run) override { matched = run.numTestCasesPassingFilters; }
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};
DOCTEST_REGISTER_LISTENER("counter", 1, Counter);

void start_again_with_sleeping_threads([[maybe_unused]] char** words) {
#ifdef _OPENMP
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || ::setenv("OMP_WAIT_POLICY", "passive", 1) != 0) return;
  ::execv("/proc/self/exe", words);  // returns only if it failed; the tests then run as they are
#endif
}

}  // namespace

int main(int count, char** words) {
  start_again_with_sleeping_threads(words);
  doctest::Context context(count, words);
  const int code = context.run();
  if (context.shouldExit()) return code;  // --help or a list of the tests
  if (matched == 0) {
    std::fprintf(stderr, "%s: no test case matches the filters\n", words[0]);
    return 1;
  }
  return code;
}
