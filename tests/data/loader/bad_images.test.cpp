#include <ctp/data/loader/bad_images.hpp>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

using ctp::data::BadImages;
using ctp::data::on_bad_image;
using ctp::data::OnBadImage;
using test::has;
using test::message_of;

TEST_CASE("bad images: a share at the limit passes, one picture more does not") {
  BadImages bad(2000, 0.001);
  bad.require_few("t");
  bad.add({5, "a", "a: cut short"});
  bad.add({9, "b", "b: empty"});
  bad.add({5, "a", "a: cut short"});
  CHECK(bad.list().size() == 2);
  bad.require_few("t");

  bad.add({7, "c", "c: HTML"});

  const std::string text = message_of<ctp::DataError>([&] { bad.require_few("Food"); });
  CHECK(text ==
        "task 'Food': bad images: expected at most 0.1 % of its pairs, found 3 of 2000 (a: cut short | b: empty | "
        "c: HTML); repair or remove these files, or raise the limit");
}

TEST_CASE("bad images: the message lists ten and says that there are more") {
  BadImages bad(20, 0.5);
  for (std::uint32_t i = 0; i < 11; ++i) bad.add({i, "", "r" + std::to_string(i)});
  const std::string text = message_of<ctp::DataError>([&] { bad.require_few("t"); });
  CHECK(has(text, "at most 50 %"));
  CHECK(has(text, "r9 | ...)"));
  CHECK_FALSE(has(text, "r10"));
}

TEST_CASE("bad images: a limit of 0 refuses the first bad picture, a limit of 1 none") {
  BadImages strict(10, 0.0), lax(1, 1.0);
  strict.require_few("t");
  strict.add({0, "", "r"});
  lax.add({0, "", "r"});
  CHECK_THROWS_AS(strict.require_few("t"), ctp::DataError);
  CHECK_NOTHROW(lax.require_few("t"));
}

TEST_CASE("bad images: policies have names") {
  CHECK(on_bad_image("error") == OnBadImage::Error);
  CHECK(on_bad_image("skip") == OnBadImage::Skip);
  CHECK(on_bad_image("quarantine") == OnBadImage::Quarantine);
  CHECK(has(message_of<ctp::UsageError>([] { on_bad_image("ignore"); }),
            "one of error, skip, quarantine, found 'ignore'"));
}
