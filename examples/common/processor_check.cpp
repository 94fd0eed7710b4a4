// Ends a program with a line and exit code 2 if the processor lacks instructions that the program was built with. The
// check runs before all other constructors, and this file is compiled for any x86-64 processor: otherwise the first
// instruction that the processor lacks would end the program by a signal.
#include "processor.hpp"

#if defined(__x86_64__)
#include <errno.h>
#include <unistd.h>

extern "C" const unsigned long long ctp_processor_needs;

namespace {

#if !defined(CTP_PROCESSOR_PRETENDED)
#define CTP_PROCESSOR_PRETENDED ~0ULL  // a test pretends that the processor has no more than these groups
#endif

[[gnu::constructor(101)]] void check_processor() {
  const auto line = processor::complaint(program_invocation_short_name, ctp_processor_needs,
                                         processor::supported() & (CTP_PROCESSOR_PRETENDED));
  if (line.length == 0) return;
  if (write(STDERR_FILENO, line.text, line.length) < 0) _exit(2);
  _exit(2);
}

}  // namespace
#endif
