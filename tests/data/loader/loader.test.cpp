#include <ctp/data/loader/loader.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

namespace {
thread_local long allocations = 0;  // of this thread
}

// Replaces the global allocation functions of the whole test program, only to count. Not inlined, because g++ would
// then take malloc and delete, or new and free, for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* p = std::malloc(bytes == 0 ? 1 : bytes)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return ::operator new(bytes); }
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

using ctp::data::Loader;
using ctp::data::LoaderOptions;
using ctp::data::OnBadImage;
using test::epoch_of;
using test::has;
using test::message_of;
using test::Seen;
using test::small_options;
using test::SyntheticSource;
using test::whole_task;

TEST_CASE("loader: batches are the same with 0, 1 and 3 workers, and in a second run") {
  const auto source = std::make_shared<const SyntheticSource>(30);
  Loader plain(whole_task(source), small_options(0));
  const std::vector<Seen> first = epoch_of(plain, 0), second = epoch_of(plain, 1);
  REQUIRE(first.size() == 7);
  REQUIRE(plain.steps() == 7);
  REQUIRE(first != second);

  for (const int workers : {0, 1, 3}) {
    CAPTURE(workers);
    Loader loader(whole_task(source), small_options(workers));
    CHECK((epoch_of(loader, 1) == second));  // an epoch does not depend on earlier epochs
    CHECK((epoch_of(loader, 0) == first));
    CHECK((epoch_of(loader, 1) == second));
  }
}

TEST_CASE("loader: an epoch has every pair at most once and drops the incomplete last batch") {
  const auto source = std::make_shared<const SyntheticSource>(30);
  Loader loader(whole_task(source), small_options(2));
  std::set<std::uint32_t> seen;

  for (const Seen& batch : epoch_of(loader, 3)) seen.insert(batch.sample.begin(), batch.sample.end());

  CHECK(seen.size() == 28);
}

TEST_CASE("loader: a row holds its pair's picture, tokens and padding") {
  const auto source = std::make_shared<const SyntheticSource>(12);
  Loader loader(whole_task(source), small_options(0));

  for (const Seen& batch : epoch_of(loader, 0)) {
    for (std::size_t row = 0; row < 4; ++row) {
      const std::uint32_t ordinal = batch.sample[row];
      const auto tokens = source->tokens(ordinal);
      CHECK(batch.pixels[row * 12] == ordinal);
      for (std::size_t i = 0; i < 8; ++i) {
        const bool inside = i < tokens.size();
        CHECK(batch.ids[row * 8 + i] == (inside ? tokens[i] : 0));
        CHECK(batch.attend[row * 8 + i] == (inside ? 1 : 0));
        const std::int32_t label = batch.labels[row * 8 + i];
        CHECK((label == ctp::data::ignore_label || label == batch.ids[row * 8 + i]));
        if (label == ctp::data::ignore_label) CHECK(batch.masked[row * 8 + i] == batch.ids[row * 8 + i]);
      }
    }
  }
}

TEST_CASE("loader: augmentation and masking of a pair do not depend on its place or on the other members") {
  const auto source = std::make_shared<const SyntheticSource>(30);
  ctp::data::Task half = whole_task(source);
  half.members.resize(12);
  Loader all(whole_task(source), small_options(0)), some(half, small_options(0));
  std::vector<Seen> rows(30);
  const auto row_of = [](const Seen& b, std::size_t r) {
    Seen row;
    row.pixels.assign(b.pixels.begin() + static_cast<std::ptrdiff_t>(r * 12),
                      b.pixels.begin() + static_cast<std::ptrdiff_t>(r * 12 + 12));
    row.masked.assign(b.masked.begin() + static_cast<std::ptrdiff_t>(r * 8),
                      b.masked.begin() + static_cast<std::ptrdiff_t>(r * 8 + 8));
    return row;
  };
  for (const Seen& b : epoch_of(all, 0)) {
    for (std::size_t r = 0; r < 4; ++r) rows[b.sample[r]] = row_of(b, r);
  }

  int compared = 0;
  for (const Seen& b : epoch_of(some, 0)) {
    for (std::size_t r = 0; r < 4; ++r) {
      if (rows[b.sample[r]].pixels.empty()) continue;  // was in the dropped batch
      CHECK((row_of(b, r) == rows[b.sample[r]]));
      ++compared;
    }
  }
  CHECK(compared >= 10);
}

TEST_CASE("loader: without shuffling, augmentation and masking the batches are the pairs in the order given") {
  LoaderOptions options = small_options(2);
  options.shuffle = options.augment = options.mask = false;
  options.last_batch = ctp::data::LastBatch::Keep;
  ctp::data::Task task = whole_task(std::make_shared<const SyntheticSource>(9));
  std::reverse(task.members.begin(), task.members.end());
  Loader loader(task, options);

  const std::vector<Seen> batches = epoch_of(loader, 0);

  REQUIRE(batches.size() == 3);
  CHECK(batches[0].sample == std::vector<std::uint32_t>{8, 7, 6, 5});
  CHECK(batches[2].sample == std::vector<std::uint32_t>{0});
  CHECK(loader.dropped() == 0);
  CHECK(batches[2].size == 1);
  CHECK(batches[2].ids.size() == 8);
  CHECK(batches[0].masked == batches[0].ids);
  CHECK(batches[0].labels == std::vector<std::int32_t>(32, ctp::data::ignore_label));
  CHECK(batches[0].pixels[1] == 128);
  CHECK((epoch_of(loader, 5)[0].pixels == batches[0].pixels));
}

TEST_CASE("loader: dropped() is the number of pairs that an epoch leaves out, and a kept batch names the full size") {
  const auto source = std::make_shared<const SyntheticSource>(10);
  LoaderOptions options = small_options(0);
  Loader drops(whole_task(source), options);
  options.last_batch = ctp::data::LastBatch::Keep;
  Loader keeps(whole_task(source), options);
  options.least_pairs = 3;
  Loader too_few(whole_task(source), options);

  CHECK(drops.dropped() == 2);
  CHECK(epoch_of(drops, 0).size() == 2);
  CHECK(keeps.dropped() == 0);
  CHECK(too_few.dropped() == 2);
  CHECK((epoch_of(too_few, 1) == epoch_of(drops, 1)));
  const std::vector<Seen> kept = epoch_of(keeps, 0), whole = epoch_of(drops, 0);
  CHECK((kept[1] == whole[1]));
  CHECK(kept[2].size == 2);
  std::vector<std::uint32_t> all;
  for (const Seen& batch : kept) all.insert(all.end(), batch.sample.begin(), batch.sample.end());
  std::sort(all.begin(), all.end());
  CHECK(all == whole_task(source).members);
  keeps.start(0);
  CHECK(keeps.next()->full == 4);
  drops.start(0);
  CHECK(drops.next()->full == 0);
}

TEST_CASE("loader: with workers, next() allocates nothing on the calling thread") {
  const auto source = std::make_shared<const SyntheticSource>(64);
  Loader loader(whole_task(source), small_options(2));
  loader.start(0);
  loader.next();

  const long before = allocations;
  int batches = 0;
  while (loader.next() != nullptr) ++batches;
  loader.start(1);
  while (loader.next() != nullptr) ++batches;

  CHECK(allocations == before);
  CHECK(batches == 31);
}

TEST_CASE("loader: the counter of allocations counts") {
  const long before = allocations;
  void* one = ::operator new(1);  // called by name: a compiler may remove an unused new expression
  CHECK(allocations == before + 1);
  ::operator delete(one);
}

TEST_CASE("loader: a batch stays unchanged until the next call while the workers prefetch") {
  const auto source = std::make_shared<const SyntheticSource>(40);
  LoaderOptions options = small_options(3);
  options.prefetch = 1;
  Loader loader(whole_task(source), options);
  loader.start(0);
  while (const ctp::data::Batch* batch = loader.next()) {
    const std::vector<std::uint8_t> pixels = batch->pixels;
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    REQUIRE(pixels == batch->pixels);
  }
}

TEST_CASE(
    "loader: next() throws the exception of a worker with the pair's name; the epoch ends, the loader stays usable") {
  for (const int workers : {0, 1, 3}) {
    CAPTURE(workers);
    const auto source = std::make_shared<SyntheticSource>(20);
    std::atomic<bool> broken{true};
    source->before_image = [&broken](std::uint32_t ordinal) {
      if (ordinal == 5 && broken) throw std::runtime_error("the cable is out");
    };
    Loader loader(whole_task(source), small_options(workers));

    for (int attempt = 0; attempt < 2; ++attempt) {
      loader.start(0);
      std::string text;
      for (int i = 0; i < 10 && text.empty(); ++i) text = message_of<ctp::Error>([&] { loader.next(); });
      CHECK(text == "task 'made', pair 'pair-5': the cable is out");
      CHECK_THROWS_AS(loader.next(), ctp::Error);  // again, until start()
    }
    broken = false;
    CHECK(epoch_of(loader, 1).size() == 5);
  }
}

TEST_CASE("loader: an error keeps its type on its way from a worker to next()") {
  const auto code_for = [](auto throws) {
    const auto source = std::make_shared<SyntheticSource>(8);
    source->before_image = [throws](std::uint32_t) { throws(); };
    Loader loader(whole_task(source), small_options(2));
    loader.start(0);
    try {
      loader.next();
    } catch (const ctp::Error& error) {
      return error.code();
    }
    return ctp::ErrorCode::CheckFailed;
  };
  CHECK(code_for([] { throw ctp::DataError("x"); }) == ctp::ErrorCode::Data);
  CHECK(code_for([] { throw ctp::ResourceError("x"); }) == ctp::ErrorCode::Resource);
  CHECK(code_for([] { throw ctp::UsageError("x"); }) == ctp::ErrorCode::Usage);
  CHECK(code_for([] { throw std::logic_error("x"); }) == ctp::ErrorCode::Internal);
}

TEST_CASE("loader: an allocation failure in a worker is a ResourceError with the pair's name") {
  const auto source = std::make_shared<SyntheticSource>(8);
  source->before_image = [](std::uint32_t) { throw std::bad_alloc(); };
  Loader loader(whole_task(source), small_options(2));
  loader.start(0);

  const std::string text = message_of<ctp::ResourceError>([&] { loader.next(); });

  CHECK(has(text, "pair 'pair-"));
  CHECK(has(text, "memory"));
}

TEST_CASE("loader: a bad picture stops training by default") {
  for (const int workers : {0, 2}) {
    const auto source = std::make_shared<SyntheticSource>(20);
    source->before_image = [](std::uint32_t ordinal) {
      if (ordinal == 7) throw ctp::DataError("p7.jpg: expected an image, found HTML");
    };
    Loader loader(whole_task(source), small_options(workers));
    const std::string text = message_of<ctp::DataError>([&] { epoch_of(loader, 0); });
    CHECK(text == "task 'made', pair 'pair-7': p7.jpg: expected an image, found HTML");
  }
}

TEST_CASE("loader: a skipped pair is replaced by another, the same for any workers, and no other row changes") {
  const auto good = std::make_shared<const SyntheticSource>(40);
  Loader reference(whole_task(good), small_options(0));
  const std::vector<Seen> whole = epoch_of(reference, 0);
  std::vector<Seen> first;
  for (const int workers : {0, 1, 3}) {
    CAPTURE(workers);
    const auto source = std::make_shared<SyntheticSource>(40);
    source->before_image = [](std::uint32_t ordinal) {
      if (ordinal == 3 || ordinal == 22) throw ctp::DataError("cut short");
    };
    LoaderOptions options = small_options(workers);
    options.on_bad_image = OnBadImage::Skip;
    options.bad_image_limit = 0.05;
    Loader loader(whole_task(source), options);
    const std::vector<Seen> batches = epoch_of(loader, 0);
    REQUIRE(batches.size() == whole.size());
    if (first.empty()) first = batches;
    CHECK((batches == first));

    int replaced = 0;
    for (std::size_t b = 0; b < batches.size(); ++b) {
      for (std::size_t row = 0; row < 4; ++row) {
        const bool same_pair = batches[b].sample[row] == whole[b].sample[row];
        replaced += same_pair ? 0 : 1;
        CHECK(batches[b].sample[row] != 3);
        CHECK(batches[b].sample[row] != 22);
        for (std::size_t i = 0; i < 12 && same_pair; ++i) {
          CHECK(batches[b].pixels[row * 12 + i] == whole[b].pixels[row * 12 + i]);
        }
      }
      CHECK(std::set(batches[b].sample.begin(), batches[b].sample.end()).size() == 4);
    }
    CHECK(replaced == 2);
    REQUIRE(loader.bad_images().size() == 2);
    CHECK(has(loader.bad_images()[0].reason, "cut short"));
  }
}

TEST_CASE(
    "loader: more bad pictures than the limit stop training with their names, at the same batch for any workers") {
  std::vector<std::size_t> stopped_at;
  for (const int workers : {0, 1, 3}) {
    const auto source = std::make_shared<SyntheticSource>(1000);
    source->before_image = [](std::uint32_t ordinal) {
      if (ordinal == 400 || ordinal == 900) throw ctp::DataError("empty file");
    };
    LoaderOptions options = small_options(workers);
    options.on_bad_image = OnBadImage::Skip;
    Loader loader(whole_task(source), options);  // limit 0.1 %: one bad picture of a thousand is permitted, two are not
    loader.start(0);
    std::size_t batches = 0;
    const std::string text = message_of<ctp::DataError>([&] {
      while (loader.next() != nullptr) ++batches;
    });
    CHECK(has(text, "at most 0.1 % of its pairs, found 2 of 1000"));
    CHECK(has(text, "pair-400"));
    CHECK(has(text, "pair-900"));
    stopped_at.push_back(batches);
  }
  CHECK(stopped_at[0] == stopped_at[1]);
  CHECK(stopped_at[0] == stopped_at[2]);
}

TEST_CASE("loader: half the limit of bad pictures goes on with a count") {
  const auto source = std::make_shared<SyntheticSource>(2000);
  source->before_image = [](std::uint32_t ordinal) {
    if (ordinal == 1000) throw ctp::DataError("empty file");
  };
  LoaderOptions options = small_options(2);
  options.on_bad_image = OnBadImage::Skip;
  Loader loader(whole_task(source), options);

  CHECK(epoch_of(loader, 0).size() == 500);
  CHECK(loader.bad_images().size() == 1);
}

TEST_CASE("loader: beyond the limit of bad pictures every later batch is refused, also without another bad picture") {
  const auto source = std::make_shared<SyntheticSource>(8);
  source->before_image = [](std::uint32_t ordinal) {
    if (ordinal == 1) throw ctp::DataError("empty file");
  };
  LoaderOptions options = small_options(0);
  options.on_bad_image = OnBadImage::Quarantine;
  options.bad_image_limit = 0.1;
  options.shuffle = false;
  Loader loader(whole_task(source), options);
  loader.start(0);
  CHECK_THROWS_AS(loader.next(), ctp::DataError);
  loader.start_at(0, 1);  // the next batch: its pictures are sound
  CHECK_THROWS_AS(loader.next(), ctp::DataError);
}

TEST_CASE("loader: a quarantined picture is not opened again, and the batches equal the batches of skipping") {
  std::vector<Seen> by_policy[2];
  for (const OnBadImage policy : {OnBadImage::Skip, OnBadImage::Quarantine}) {
    const auto opened_bad = std::make_shared<std::atomic<int>>(0);
    const auto source = std::make_shared<SyntheticSource>(40);
    source->before_image = [opened_bad](std::uint32_t ordinal) {
      if (ordinal != 3) return;
      ++*opened_bad;
      throw ctp::DataError("cut short");
    };
    LoaderOptions options = small_options(1);
    options.on_bad_image = policy;
    options.bad_image_limit = 0.05;
    Loader loader(whole_task(source), options);
    std::vector<Seen>& all = by_policy[policy == OnBadImage::Skip ? 0 : 1];
    for (std::uint32_t epoch = 0; epoch < 3; ++epoch) {
      for (Seen& batch : epoch_of(loader, epoch)) all.push_back(std::move(batch));
    }
    CHECK(loader.bad_images().size() == 1);
    CHECK(*opened_bad == (policy == OnBadImage::Skip ? 3 : 1));
  }
  CHECK((by_policy[0] == by_policy[1]));
}

TEST_CASE("loader: an epoch that begins at a later batch has the batches from there on, for any workers") {
  for (const auto last : {ctp::data::LastBatch::Drop, ctp::data::LastBatch::Keep}) {
    for (const int workers : {0, 1, 3}) {
      CAPTURE(workers);
      const auto source = std::make_shared<const SyntheticSource>(30);
      LoaderOptions options = small_options(workers);
      options.last_batch = last;
      Loader loader(whole_task(source), options);
      const std::vector<Seen> whole = epoch_of(loader, 1);
      REQUIRE(whole.size() == loader.steps());
      for (std::size_t first = 0; first <= whole.size(); ++first) {
        CAPTURE(first);
        const int opened = source->opened;
        CHECK((epoch_of(loader, 1, first) ==
               std::vector(whole.begin() + static_cast<std::ptrdiff_t>(first), whole.end())));
        CHECK(source->opened - opened == static_cast<int>(std::min<std::size_t>(first * 4 >= 30 ? 0 : 30 - first * 4,
                                                                                (whole.size() - first) * 4)));
      }
      CHECK((epoch_of(loader, 1) == whole));
      CHECK(message_of<ctp::UsageError>([&] { loader.start_at(1, whole.size() + 1); }) ==
            "Loader::start_at: first: expected at most " + std::to_string(whole.size()) + " batches, found " +
                std::to_string(whole.size() + 1));
    }
  }
}

TEST_CASE("loader: bad pairs of an interrupted training count as found, are not opened, and are not reported again") {
  const auto source = std::make_shared<SyntheticSource>(40);
  auto opened = std::make_shared<std::atomic<int>>(0);
  source->before_image = [opened](std::uint32_t ordinal) {
    if (ordinal % 20 != 3) return;
    ++*opened;
    throw ctp::DataError("cut short");
  };
  LoaderOptions options = small_options(1);
  options.on_bad_image = OnBadImage::Quarantine;
  options.bad_image_limit = 0.05;  // two of forty
  int reported = 0;
  options.report_bad_image = [&](const std::string&, const ctp::data::BadImage&) { ++reported; };
  Loader whole(whole_task(source), options);
  for (std::uint32_t epoch = 0; epoch < 2; ++epoch) epoch_of(whole, epoch);
  std::vector<std::uint32_t> found = whole.bad_pairs();
  std::sort(found.begin(), found.end());
  CHECK(found == std::vector<std::uint32_t>{3, 23});
  CHECK(reported == 2);
  *opened = reported = 0;
  const std::vector<Seen> third = epoch_of(whole, 2);
  const int opened_in_third = *opened;  // as a replacement of the other one, if at all

  *opened = 0;
  Loader rest(whole_task(source), options);
  rest.set_bad_pairs(whole.bad_pairs());
  CHECK((epoch_of(rest, 2) == third));
  CHECK(*opened == opened_in_third);
  CHECK(reported == 0);
  CHECK(rest.bad_pairs() == whole.bad_pairs());

  source->before_image = [](std::uint32_t ordinal) {
    if (ordinal % 20 == 3 || ordinal == 7) throw ctp::DataError("cut short");
  };
  Loader more(whole_task(source), options);  // a third bad picture is above the limit
  more.set_bad_pairs(found);
  CHECK(has(message_of<ctp::DataError>([&] { epoch_of(more, 0); }),
            "found 3 of 40 ('pair-3', found before the interruption | "));
}

TEST_CASE("loader: each bad picture is reported once, with its task, on the thread that calls next()") {
  for (const OnBadImage policy : {OnBadImage::Skip, OnBadImage::Quarantine}) {
    const auto source = std::make_shared<SyntheticSource>(40);
    source->before_image = [](std::uint32_t ordinal) {
      if (ordinal == 3 || ordinal == 22) throw ctp::DataError("cut short");
    };
    LoaderOptions options = small_options(2);
    options.on_bad_image = policy;
    options.bad_image_limit = 0.05;
    std::vector<std::string> reports;
    options.report_bad_image = [&, caller = std::this_thread::get_id()](const std::string& task,
                                                                        const ctp::data::BadImage& bad) {
      CHECK(std::this_thread::get_id() == caller);
      CHECK(has(bad.reason, "cut short"));
      reports.push_back(task + ' ' + bad.name);
    };
    Loader loader(whole_task(source), options);
    for (std::uint32_t epoch = 0; epoch < 3; ++epoch) epoch_of(loader, epoch);

    std::sort(reports.begin(), reports.end());
    CHECK(reports == std::vector<std::string>{"made pair-22", "made pair-3"});
  }
}

TEST_CASE("loader: a task with bad pictures only ends with an error, not with an endless search") {
  const auto source = std::make_shared<SyntheticSource>(8);
  source->before_image = [](std::uint32_t) { throw ctp::DataError("nothing there"); };
  LoaderOptions options = small_options(2);
  options.on_bad_image = OnBadImage::Skip;
  options.bad_image_limit = 1.0;
  Loader loader(whole_task(source), options);
  loader.start(0);
  CHECK(has(message_of<ctp::DataError>([&] { loader.next(); }), "found none that can be read"));
}

TEST_CASE("loader: destruction and restart are safe at any moment") {
  const auto source = std::make_shared<SyntheticSource>(64);
  source->before_image = [](std::uint32_t) { std::this_thread::sleep_for(std::chrono::microseconds(50)); };
  for (int round = 0; round < 60; ++round) {
    Loader loader(whole_task(source), small_options(3));
    if (round % 4 == 0) continue;
    loader.start(0);
    for (int i = 0; i < round % 5; ++i) loader.next();
    if (round % 3 == 0) {
      loader.start(1);
      const ctp::data::Batch* batch = loader.next();
      REQUIRE(batch != nullptr);
      REQUIRE(batch->epoch == 1);
    }
  }
}

TEST_CASE("loader: a stalled worker is reported by name") {
  const auto source = std::make_shared<SyntheticSource>(4);
  std::atomic<bool> go{false};
  source->before_image = [&go](std::uint32_t ordinal) {
    while (ordinal == 2 && !go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  LoaderOptions options = small_options(2);
  options.patience_seconds = 1;
  Loader loader(whole_task(source), options);
  loader.start(0);

  const std::string text = message_of<ctp::ResourceError>([&] { loader.next(); });
  go = true;

  CHECK(has(text, "within 1 s"));
  CHECK(has(text, "workers still at 'pair-2'"));
  CHECK(loader.next() != nullptr);  // the loader goes on as soon as the worker does
}

TEST_CASE("loader: settings out of range are refused by name") {
  const auto source = std::make_shared<const SyntheticSource>(4);
  const auto refused = [&](auto change) {
    LoaderOptions options = small_options(0);
    change(options);
    return message_of<ctp::UsageError>([&] { Loader(whole_task(source), options); });
  };
  CHECK(has(refused([](LoaderOptions& o) { o.batch_size = 5; }), "expected at most its 4 pairs, found 5"));
  CHECK(has(refused([](LoaderOptions& o) { o.batch_size = 0; }), "batch_size"));
  CHECK(has(refused([](LoaderOptions& o) { o.workers = -1; }), "workers"));
  CHECK(has(refused([](LoaderOptions& o) { o.workers = 2000; }), "workers: expected a whole number from 0 to 1024"));
  CHECK(has(refused([](LoaderOptions& o) { o.prefetch = 0; }), "prefetch"));
  CHECK(has(refused([](LoaderOptions& o) { o.image_size = 0; }), "image_size"));
  CHECK(has(refused([](LoaderOptions& o) { o.length = 1; }), "length"));
  CHECK(has(refused([](LoaderOptions& o) { o.task = 65536; }), "task"));
  CHECK(has(refused([](LoaderOptions& o) { o.patience_seconds = 0; }), "patience_seconds"));
  CHECK(has(refused([](LoaderOptions& o) { o.masking.mask = 100; }), "masking.mask"));
  CHECK(has(refused([](LoaderOptions& o) { o.masking.vocabulary = 0; }), "masking.vocabulary"));
  CHECK(has(refused([](LoaderOptions& o) { o.bad_image_limit = 1.5; }), "bad_image_limit"));
  CHECK(has(message_of<ctp::UsageError>([&] { Loader({"t", nullptr, {0}}, small_options()); }), "source"));
  CHECK(has(message_of<ctp::UsageError>([&] { Loader({"t", source, {0, 1, 2, 9}}, small_options()); }),
            "below 4, found 9"));
  Loader loader(whole_task(source), small_options(0));
  CHECK(has(message_of<ctp::UsageError>([&] { loader.next(); }), "start"));
  CHECK(has(message_of<ctp::UsageError>([&] { loader.start(65536); }), "epoch"));
}

TEST_CASE("loader: a caption longer than the batch names the pair") {
  LoaderOptions options = small_options(1);
  options.length = 4;
  Loader loader(whole_task(std::make_shared<const SyntheticSource>(4)), options);
  loader.start(0);
  const std::string text = message_of<ctp::UsageError>([&] { loader.next(); });
  CHECK(has(text, "pair 'pair-"));
  CHECK(has(text, "at most 4, found"));
}

TEST_CASE("loader: a pair is called by its source's name") {
  Loader loader(whole_task(std::make_shared<const SyntheticSource>(4)), small_options());
  CHECK(loader.sample_name(3) == "pair-3");
}
