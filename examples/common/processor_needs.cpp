// The instructions that the program is built with. This file has the flags of the program and no code.
#include "processor.hpp"

extern "C" {
extern const unsigned long long ctp_processor_needs;
const unsigned long long ctp_processor_needs = processor::compiled_for();
}
