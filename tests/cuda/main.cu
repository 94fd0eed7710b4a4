// Runs the tests of operations on the device. Without a device, prints a message and exits with 77, which CTest shows
// as skipped.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include <ctp/backend/cuda/runtime/device.cuh>

int main(int argc, char** argv) {
  const auto found = ctp::backend::cuda::describe_device();
  std::printf("%s\n", found.text.c_str());
  if (!found.usable) {
    std::printf("SKIPPED: every test of the operations on a device\n");
    return 77;
  }
  return doctest::Context(argc, argv).run();
}
