// A data race: two threads write one variable. The gate 'thread sanitizer' of .ci/run must see it reported.
#include <thread>

int main() {
  int count = 0;
  std::thread other([&count] { ++count; });
  ++count;
  other.join();
  return count == 0 ? 1 : 0;
}
