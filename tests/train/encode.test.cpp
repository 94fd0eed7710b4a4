#include <ctp/train/encode.hpp>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/data/text/tokenizer.hpp>

#include "training_fixture.hpp"

namespace {

/// Pairs in memory, as pictures, captions and as a task. 67 pairs: a full batch of 64 and a short one.
struct Pairs {
  std::vector<ctp::data::Image> pictures;
  std::vector<std::string> captions;
  std::vector<ctp::TextIds> ids;
  ctp::data::Tokenizer tokenizer;
  ctp::data::Task task;

  Pairs() : tokenizer(make_captions()) {
    const auto source = std::make_shared<ctp::data::MemorySource>();
    task = {"pairs", source, {}};
    for (std::size_t i = 0; i < captions.size(); ++i) {
      ctp::data::Image picture(11, 7);
      for (std::size_t k = 0; k < picture.rgb.size(); ++k)
        picture.rgb[k] = static_cast<std::uint8_t>((31 * i + 7 * k * k) % 256);
      pictures.push_back(picture);
      ids.push_back(tokenizer.encode_caption(captions[i], 7, 7));
      task.members.push_back(source->add(picture, ids.back()));
    }
  }

 private:
  ctp::data::Vocabulary make_captions() {
    const char* const words[] = {"Red", "blue.", "small", "LARGE"};
    for (std::size_t i = 0; i < 67; ++i)
      captions.push_back(std::string(words[i % 4]) + "  " + words[i / 4 % 4] + (i % 3 == 0 ? " red" : ""));
    std::vector<std::string> clean;
    for (const std::string& caption : captions) clean.push_back(ctp::data::clean_caption(caption, 7));
    return ctp::data::build_vocabulary(clean);
  }
};

test::SeqF learner_for(const Pairs& pairs) {
  return test::SeqF(test::Model<float>(test::micro.for_tokenizer(pairs.tokenizer)),
                    {.max_tokens = 7, .loading = {.workers = 0}, .seed = 3});
}

}  // namespace

TEST_CASE("encode: pictures and texts alone have the bits of the features of pairs, row by row") {
  const Pairs pairs;
  const test::SeqF learner = learner_for(pairs);
  const ctp::ExtractedFeatures both = learner.features(pairs.task);

  const ctp::EncodedRows images = learner.encode_images(std::span<const ctp::data::Image>(pairs.pictures)),
                         of_task = learner.encode_images(pairs.task),
                         texts = learner.encode_texts(pairs.captions, pairs.tokenizer),
                         of_ids = learner.encode_texts(std::span<const ctp::TextIds>(pairs.ids));

  CHECK(images.rows == 67);
  CHECK(images.width == 6);
  CHECK(images.values == both.image);
  CHECK(of_task.values == both.image);
  CHECK(texts.values == both.text);
  CHECK(of_ids.values == both.text);
  CHECK(images[66].data() == images.values.data() + 66 * 6);
  double squares = 0;
  for (const float x : texts[5]) squares += static_cast<double>(x) * x;
  CHECK(squares == doctest::Approx(1));
  CHECK(std::vector<float>(texts[0].begin(), texts[0].end()) != std::vector<float>(texts[1].begin(), texts[1].end()));
}

TEST_CASE("encode: nothing to encode, an empty picture, a foreign tokenizer and long texts are refused") {
  const Pairs pairs;
  const test::SeqF learner = learner_for(pairs);
  const ctp::data::Tokenizer foreign(ctp::data::build_vocabulary(std::vector<std::string>{"green"}));
  const auto message = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const ctp::UsageError& error) {
      return error.what();
    }
    return "";
  };
  const std::vector<std::string> none;
  const std::vector<ctp::data::Image> empty{pairs.pictures[0], {}};
  const std::vector<ctp::TextIds> longer{{2, 5, 6, 7, 8, 5, 6, 7, 3}};

  CHECK(message([&] { (void)learner.encode_texts(none, pairs.tokenizer); }).find("has no pairs") != std::string::npos);
  CHECK(message([&] {
          (void)learner.encode_images(std::span<const ctp::data::Image>(empty));
        }).find("encode_images: picture 1: image: expected width * height * 3 bytes") != std::string::npos);
  CHECK(message([&] {
          (void)learner.encode_texts(pairs.captions, foreign);
        }).find("encode_texts: model.vocab: expected " + std::to_string(foreign.vocabulary().size())) !=
        std::string::npos);
  CHECK(message([&] {
          (void)learner.encode_texts(std::span<const ctp::TextIds>(longer));
        }).find("tokens: expected at most 7, found 9") != std::string::npos);
}
