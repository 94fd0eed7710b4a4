#include <ctp/report/metrics_log.hpp>

#include <limits>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <io/scratch.hpp>

TEST_CASE("metrics_log: every line is in the file at once and is valid JSON") {
  const Scratch scratch;
  ctp::report::MetricsLog log(scratch / "metrics.jsonl");
  ctp::JsonLine line;
  line.add("kind", "step")
      .add("loss", std::numeric_limits<double>::quiet_NaN())
      .add("parts", ctp::JsonLine().add("a", 0.25));
  log.write(line);
  CHECK(get(scratch / "metrics.jsonl") == "{\"kind\":\"step\",\"loss\":null,\"parts\":{\"a\":0.25}}\n");
  CHECK(nlohmann::json::parse(get(scratch / "metrics.jsonl"))["parts"]["a"] == 0.25);
  CHECK(log.size() == get(scratch / "metrics.jsonl").size());
}

TEST_CASE("metrics_log: a resumed run truncates the log to its checkpoint") {
  const Scratch scratch;
  std::uint64_t stored = 0;
  {
    ctp::report::MetricsLog log(scratch / "m");
    log.write(ctp::JsonLine().add("step", 1));
    stored = log.size();
    log.write(ctp::JsonLine().add("step", 2));
    log.sync();
  }
  ctp::report::MetricsLog log(scratch / "m", stored);
  log.write(ctp::JsonLine().add("step", 3));
  CHECK(get(scratch / "m") == "{\"step\":1}\n{\"step\":3}\n");
}
