#include <ctp/report/progress.hpp>

#include <array>

#include <chrono>

#include <doctest/doctest.h>

using ctp::report::duration;

TEST_CASE("duration: hours only from one hour on, seconds rounded") {
  CHECK(duration(3723) == "1:02:03");
  CHECK(duration(244.6) == "4:05");
  CHECK(duration(7) == "0:07");
  CHECK(duration(-1) == "0:00");
}

TEST_CASE("progress: one line, counted from one") {
  const std::array<std::pair<const char*, double>, 2> parts{{{"contrast", 1.0204}, {"language", 4.1}}};
  CHECK(ctp::report::progress_text({.task = 1,
                                    .tasks = 9,
                                    .epoch = 0,
                                    .epochs = 4,
                                    .step = 11,
                                    .steps = 60,
                                    .loss = 5.12345,
                                    .parts = parts,
                                    .pairs_per_second = 320.4,
                                    .seconds_left = 130}) ==
        "task 2/9  epoch 1/4  step 12/60  loss 5.1235 (contrast 1.020, language 4.100)  320 pairs/s  left 2:10");
}

TEST_CASE("pace: steps reported together share the time of their group") {
  using Clock = ctp::report::Pace::Clock;
  ctp::report::Pace pace(1000);
  auto now = Clock::now();
  for (int burst = 0; burst < 6; ++burst) {
    now += std::chrono::milliseconds(1600);
    for (int i = 0; i < 16; ++i) pace.step(32, now += std::chrono::microseconds(1));
    CHECK(pace.pairs_per_second() == doctest::Approx(320).epsilon(0.01));  // 32 pairs in 0.1 s
  }
  CHECK(pace.seconds_left() == doctest::Approx(90.4).epsilon(0.01));
  ctp::report::Pace single(10);
  now = Clock::now();
  for (int i = 0; i < 5; ++i) single.step(32, now += std::chrono::milliseconds(100));
  CHECK(single.pairs_per_second() == doctest::Approx(320).epsilon(0.01));
}
