#include <ctp/data/pairs/file_source.hpp>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/parallel.hpp>
#include <ctp/data/loader/loader.hpp>
#include <ctp/data/loader/ordered_batches.hpp>

#include <data/golden_alpha.hpp>
#include <data/synthetic_source.hpp>
#include <data/temporary_folder.hpp>

using ctp::data::FileSource;
using ctp::data::FileSourceOptions;
using ctp::data::P9d;
using ctp::data::Tokenizer;
using test::has;
using test::message_of;

namespace {

const std::string shop = CTP_GOLDEN_DIR "/p9d/shop";

Tokenizer tokenizer_of(const P9d& stream) {
  return Tokenizer(ctp::data::build_vocabulary(ctp::data::cleaned_titles(stream.train(), 30)));
}

/// The bytes that Pillow makes of a picture at 6 by 6.
std::vector<int> expected_pixels(const std::string& name) {
  std::ifstream in(CTP_GOLDEN_DIR "/p9d/expected_pixels.txt");
  std::vector<int> bytes;
  for (std::string found, hex; in >> found >> hex;) {
    if (found != name) continue;
    for (std::size_t i = 0; i < hex.size(); i += 2) bytes.push_back(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

void check_pixels(const FileSource& source, std::uint32_t ordinal, const std::string& name) {
  const std::vector<int> bytes = expected_pixels(name);
  REQUIRE(bytes.size() == 108);
#if defined(CTP_HAVE_LIBJPEG)
  const int tolerance = 0;
#else
  const int tolerance = 4;  // stb's inverse cosine transform rounds otherwise
#endif
  ctp::data::Batch batch;
  batch.resize(1, 6, 2, source.pictures());
  source.image(ordinal, nullptr, ctp::data::PictureRow(batch, 0));
  REQUIRE(batch.pixels.size() == 108);
  for (std::size_t i = 0; i < 108; ++i) REQUIRE(std::abs(batch.pixels[i] - bytes[i]) <= tolerance);
}

}  // namespace

TEST_CASE("file source: pictures equal those that Pillow reads and resizes") {
  const P9d stream(shop);
  const Tokenizer tokenizer = tokenizer_of(stream);
  check_pixels(FileSource(stream.train(), tokenizer), 2, "train_images/a-5.jpg");
  check_pixels(FileSource(stream.test(), tokenizer), 1, "gallery_images/t1.jpg");
}

TEST_CASE(
    "file source: transparency is dropped, or laid on a background by a setting; the largest picture is a setting") {
  const auto one = golden::alpha_cases("rgba.png").at(0);
  const test::TemporaryFolder folder;
  const std::string file = folder.path() + "/x.jpg";  // the content counts, not the name
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(one.file.data()), static_cast<std::streamsize>(one.file.size()));
  ctp::data::Sample sample;
  sample.id = "x";
  sample.title = "red shoe";
  sample.image = file;
  const std::vector<ctp::data::Sample> samples{sample};
  const Tokenizer tokenizer(ctp::data::build_vocabulary(std::vector<std::string>{"red shoe"}));
  const auto pixels = [&](const FileSourceOptions& options) {
    ctp::data::Batch batch;
    batch.resize(1, 9, 2, ctp::data::Pictures::Pixels);
    FileSource(samples, tokenizer, options).image(0, nullptr, ctp::data::PictureRow(batch, 0));
    return std::vector<std::uint8_t>(batch.pixels.begin(), batch.pixels.end());
  };
  const auto resized = [&](const ctp::data::Image& image) {
    ctp::data::Batch batch;
    batch.resize(1, 9, 2, ctp::data::Pictures::Pixels);
    ctp::data::PictureRow(batch, 0).write(ctp::data::resize_for_test(image, 9));
    return std::vector<std::uint8_t>(batch.pixels.begin(), batch.pixels.end());
  };
  CHECK(pixels({}) == resized(one.rgb));
  CHECK(pixels({.background = std::uint8_t{255}}) == resized(one.on_white));
  CHECK(pixels({.background = std::uint8_t{77}}) == resized(one.on_77));
  CHECK(pixels({}) != pixels({.background = std::uint8_t{255}}));
  CHECK_THROWS_AS(pixels({.limits = {.max_pixels = one.rgb.width * one.rgb.height - 1}}), ctp::DataError);
  CHECK_NOTHROW(pixels({.limits = {.max_pixels = one.rgb.width * one.rgb.height}}));
}

TEST_CASE("file source: pictures for training are augmented by the source's own settings") {
  const P9d stream(shop);
  const auto augmented = [&](const ctp::data::Augmentation& settings) {
    const FileSource source(stream.train(), tokenizer_of(stream), {.augmentation = settings});
    ctp::data::Batch batch;
    batch.resize(1, 8, 30, source.pictures());
    ctp::RandomSubstream random(ctp::RandomStream(1, "augment"), {});
    source.image(2, &random, ctp::data::PictureRow(batch, 0));
    return batch.pixels;
  };
  ctp::data::Augmentation plain{.min_scale = 1, .flip = 0, .operations = {.operations = 0}};
  const auto whole = augmented(plain);
  plain.flip = 1;
  ctp::data::Image mirrored(8, 8);
  mirrored.rgb = whole;
  CHECK(augmented(plain) == ctp::data::flip_horizontally(mirrored).rgb);
}

TEST_CASE("file source: captions are cleaned, cut and tokenised, the same for any number of threads") {
  const P9d stream(shop);
  const Tokenizer tokenizer = tokenizer_of(stream);
  const FileSource source(stream.train(), tokenizer);
  const auto spelt = [&](const FileSource& from, std::uint32_t ordinal) {
    std::string text;
    for (const std::int32_t id : from.tokens(ordinal)) text += tokenizer.vocabulary().token(id) + ' ';
    return text;
  };
  CHECK(source.size() == 11);
  CHECK(spelt(source, 9) == "[CLS] 儿 童 积 木 益 智 [SEP] ");
  CHECK(spelt(FileSource(stream.train(), tokenizer, {.length = 4}), 9) == "[CLS] 儿 童 [SEP] ");
  CHECK(spelt(FileSource(stream.train(), tokenizer, {.max_words = 1}), 2) == "[CLS] 坚 果 [SEP] ");
  CHECK_THROWS_AS(FileSource(stream.train(), tokenizer, {.length = 1}), ctp::UsageError);

  std::vector<ctp::data::Sample> many;
  for (std::uint32_t i = 0; i < 5000; ++i) many.push_back(stream.train()[i % 11]);
  const int before = ctp::threads();
  ctp::set_threads(3);
  const FileSource big(many, tokenizer);
  ctp::set_threads(before);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const auto a = big.tokens(i), b = source.tokens(i % 11);
    REQUIRE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
}

TEST_CASE("file source: training tasks share one source, in the order of training") {
  ctp::data::P9dOptions options;
  options.reverse = true;
  const P9d stream(shop, options);
  const auto tasks = ctp::data::training_tasks(stream, tokenizer_of(stream));

  REQUIRE(tasks.size() == 3);
  CHECK(tasks[0].name == "母婴");
  CHECK(tasks[0].members == std::vector<std::uint32_t>{7, 8, 9, 10});
  CHECK(tasks[2].members == std::vector<std::uint32_t>{0, 1, 2, 3});
  CHECK(tasks[0].source == tasks[2].source);
  CHECK(tasks[0].source->name(5) == "17");
  CHECK(tasks[0].source->name(99) == "99");
}

TEST_CASE("file source: batches from files are the same for any workers, cached or not, and in a second epoch") {
  const P9d stream(shop);
  const Tokenizer tokenizer = tokenizer_of(stream);
  ctp::data::LoaderOptions options;
  options.batch_size = 2;
  options.image_size = 8;
  options.seed = 3;
  options.masking = ctp::data::masking_over(tokenizer.vocabulary());
  std::vector<std::vector<test::Seen>> runs;
  for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20U, std::size_t{4000}}) {
    for (const int workers : {0, 1, 3}) {
      options.workers = workers;
      FileSourceOptions files;
      files.cache_bytes = cache;
      ctp::data::Loader loader(ctp::data::training_tasks(stream, tokenizer, files)[0], options);
      runs.push_back(test::epoch_of(loader, 0));
      for (test::Seen& batch : test::epoch_of(loader, 1)) runs.back().push_back(std::move(batch));
    }
  }
  REQUIRE(runs[0].size() == 4);
  CHECK((runs[0][0].pixels != runs[0][2].pixels));
  for (const auto& run : runs) CHECK((run == runs[0]));
}

TEST_CASE("file source: a missing, empty or foreign image file names the file and its pair") {
  const test::TemporaryFolder folder;
  test::write_small_p9d(folder);
  folder.write("train_images/f1.jpg", "<!DOCTYPE html><html><body>404</body></html>");
  folder.write("train_images/f0.jpg", "");
  const P9d stream(folder.path());
  const auto tasks = ctp::data::training_tasks(stream, tokenizer_of(stream));
  ctp::data::LoaderOptions options;
  options.batch_size = 1;
  options.shuffle = options.mask = false;
  const auto refused = [&](std::uint32_t ordinal) {
    ctp::data::Loader loader({"t", tasks[0].source, {ordinal}}, options);
    return message_of<ctp::DataError>([&] { test::epoch_of(loader, 0); });
  };
  CHECK(has(refused(0), "pair 'f1': "));
  CHECK(has(refused(0), "train_images/f1.jpg"));
  CHECK(has(refused(1), "train_images/f0.jpg"));
  CHECK(has(refused(2), "train_images/t1.jpg"));
}
