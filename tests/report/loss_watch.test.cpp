#include <ctp/report/loss_watch.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

using ctp::report::LossWatch;

namespace {
struct Watched {
  std::vector<std::uint64_t> said;
  std::vector<double> medians;
  LossWatch watch{[this](const ctp::StepReport& report, double median) {
    said.push_back(report.step);
    medians.push_back(median);
  }};
  void task(const std::vector<double>& losses) {
    watch.task_begins(0, "t", losses.size());
    ctp::StepReport report;
    for (const double loss : losses) {
      report.loss = loss;
      watch.step_done(report);
      ++report.step;
    }
  }
};
}  // namespace

TEST_CASE("loss_watch: a loss above ten times the median of the steps before is said once a task and counted") {
  Watched w;
  w.task({4, 3, 2, 3, 4, 29.9, 31, 3, 500, 3});  // medians before: 3, 3, ...
  CHECK(w.said == std::vector<std::uint64_t>{6});
  CHECK(w.medians == std::vector<double>{3});
  CHECK(w.watch.jumps() == 2);
  CHECK(w.watch.largest() == 500);
  w.task({2, 2, 2, 2, 2, 21});
  CHECK(w.said == std::vector<std::uint64_t>{6, 5});
  CHECK(w.watch.jumps() == 1);
}

TEST_CASE("loss_watch: the first steps of a task, a falling loss and a loss near zero are no jumps") {
  Watched w;
  w.task({0.1, 5, 50, 500, 1});
  w.task({7, 6, 5, 4, 3, 2, 1, 0.5, 0.1, 0.05, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.5});
  w.task({0, 0, 0, 0, 0, 0, 5});  // ten times nothing says nothing
  CHECK(w.said.empty());
  CHECK(w.watch.jumps() == 0);
}

TEST_CASE("loss_watch: the median is that of the last 32 steps") {
  Watched w;
  std::vector<double> losses(40, 100);
  losses.insert(losses.end(), 32, 1);
  losses.push_back(12);
  w.task(losses);
  CHECK(w.said == std::vector<std::uint64_t>{72});
  CHECK(w.medians == std::vector<double>{1});
}
