#include <ctp/report/progress.hpp>

#include <array>

#include <doctest/doctest.h>

using ctp::report::duration;

TEST_CASE("duration: hours only where there are any, seconds rounded") {
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
