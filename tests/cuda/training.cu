// Trainings on the device: two give the same bits, and one follows the host's losses. Without a device, prints a
// message and exits with 77, which CTest shows as skipped.
#include <ctp/cuda.cuh>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <type_traits>

#include <test_backend.hpp>

#include "toy.hpp"

// The types of docs/cuda.md.
// [types]
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cuda>;
using Learner = ctp::Learner<ctp::strategy::Ctp, Model>;
// [types]
static_assert(std::is_same_v<Learner::B, ctp::Cuda>);

/// Greatest difference of two trainings' losses, relative to losses above 1.
double apart(const toy::Result& a, const toy::Result& b) {
  double most = 0;
  for (std::size_t i = 0; i < b.loss.size(); ++i)
    most = std::max(most, std::abs(a.loss[i] - b.loss[i]) / std::max(1.0, std::abs(b.loss[i])));
  return most;
}

/// A training multiplies rounding errors by what depends on the strategy. So the limit of a training on the device
/// comes from the host: how far its training in single precision is from its training in double precision.
template <class Strategy>
bool holds() {
  constexpr int steps = 50;  // on each of two tasks
  const toy::Result device = toy::train<Strategy, ctp::Cuda>(steps), again = toy::train<Strategy, ctp::Cuda>(steps);
  const toy::Result exact = toy::train<Strategy, ctp::test::TestBackend<double>>(steps);
  const bool same = device.loss == again.loss && device.weights == again.weights;
  const double off = apart(device, exact);
  const double limit = 1e-5 + 4 * apart(toy::train<Strategy, ctp::test::TestBackend<float>>(steps), exact);
  const bool ok = same && off <= limit;
  std::printf("%-6s two runs: %s; loss beside the host's: off by at most %.2e (limit %.1e)  %s\n", Strategy::name,
              same ? "the same bits" : "DIFFERENT BITS", off, limit, ok ? "ok" : "FAIL");
  return ok;
}

/// Reading losses every step or deferred gives the same reports, weights and error.
template <class Strategy>
bool reads_alike(bool bad) {
  const toy::Learned each = toy::learn<Strategy, ctp::Cuda>(20, 1, bad);
  bool same = each.error.empty() != bad;
  for (const int every : {3, 16}) {
    const toy::Learned some = toy::learn<Strategy, ctp::Cuda>(20, every, bad);
    same = same && some.loss == each.loss && some.weights == each.weights && some.error == each.error;
  }
  std::printf("%-6s losses read every 1, 3, 16 steps%s: %s\n", Strategy::name, bad ? ", one not finite" : "",
              same ? "the same  ok" : "DIFFERENT  FAIL");
  return same;
}

int main() {
  const auto found = ctp::backend::cuda::describe_device();
  std::printf("%s\n", found.text.c_str());
  if (!found.usable) {
    std::printf("SKIPPED: trainings on a device\n");
    return 77;
  }
  using namespace ctp::strategy;
  const bool all[] = {holds<SeqF>(),          holds<Si>(),          holds<Lwf>(), holds<Ctp>(), reads_alike<Ctp>(false),
                      reads_alike<Ctp>(true), reads_alike<Si>(true)};
  return std::all_of(std::begin(all), std::end(all), [](bool ok) { return ok; }) ? 0 : 1;
}
