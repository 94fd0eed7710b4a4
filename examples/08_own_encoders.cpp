// Encoders of your own. An encoder is structure without weights: its constructor registers named parameters in a
// layout, and its calls run operations on these parameters. Features, fusion, losses and teachers are computed from the
// tokens in the same way for every encoder, so CTP trains these two encoders as it trains Vit and Bert.
//
// The library has Vit and Convolutional for images, Bert and BagOfWords for texts; this example writes a third encoder
// of each kind.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/testing/encoder.hpp>

// 1. An image encoder: images [B,3,H,W] -> tokens [B*N,D], the first token of each image is its class token.

/// @brief Two convolutions on patches of two by two pixels, the second with stride two.
///
/// **Shapes.** images [B,3,H,W] -> [B*N,D], N = 1 + (H/4)^2.
class TwoConvolutions {
 public:
  TwoConvolutions(const ctp::ModelConfig& c, ctp::Layout& layout)
      : side_(c.image / 2),
        width_(c.vision_width),
        first_(layout, "visual_encoder.first", width_ / 2, 3 * 2 * 2),
        second_(layout, "visual_encoder.second", width_, width_ / 2, 2),
        norm_(layout, "visual_encoder.norm", width_, 1e-6) {}

  [[nodiscard]] ctp::Index tokens() const { return 1 + (side_ / 2) * (side_ / 2); }
  [[nodiscard]] ctp::Index width() const { return width_; }

  template <class B>
  ctp::Variable<2, B> operator()(const ctp::Pass<B>& pass, ctp::Tensor<const typename B::Real, 4, B> images) const {
    const ctp::Index batch = images.shape[0];
    // Pixels have no gradient, so the backend's operation is called directly; all other operations go on the tape.
    ctp::Variable<2, B> pieces{pass.scratch(ctp::Shape<2>{batch * side_ * side_, 3 * 2 * 2}), {}};
    B::patches(batch, 3, 2 * side_, 2, images.data, pieces.value.data);
    const auto cells = second_.with_gelu(pass, first_.with_gelu(pass, pieces, batch, side_), batch, side_);
    return norm_(pass, ctp::nn::mean_before(pass, cells, batch));
  }

 private:
  ctp::Index side_, width_;
  ctp::nn::Convolution first_, second_;
  ctp::nn::LayerNorm norm_;
};

// 2. A text encoder: ids [B,L] -> tokens [B*L,D], the same fused with an image, and word scores at given tokens.

/// row[2 i] = i and row[2 i + 1] = the previous token of the same text; the first token of a text is its own
/// predecessor.
struct WithTheOneBefore {
  ctp::Index length;
  std::int32_t* row;

  CTP_HD void operator()(ctp::Index i) const {
    row[2 * i] = static_cast<std::int32_t>(i);
    row[2 * i + 1] = static_cast<std::int32_t>(i % length == 0 ? i : i - 1);
  }
};

/// @brief A bag of bigrams: every word with its predecessor; the bigrams carry the word order.
///
/// A token is gelu(linear([word, previous word])) plus the mean of these vectors over its text. With an image,
/// cross-attention to the image's tokens follows.
class PairsOfWords {
 public:
  PairsOfWords(const ctp::ModelConfig& c, ctp::Layout& layout)
      : width_(c.text_width),
        words_(layout.add<2>("text_encoder.words", {c.vocab, width_}, ctp::Start::Table)),
        pair_(layout, "text_encoder.pair", width_, 2 * width_),
        norm_(layout, "text_encoder.norm", width_, 1e-12),
        look_(layout, "text_encoder.look", width_, c.vision_width, c.text_heads),
        bias_(layout.add<1>("text_encoder.bias", {c.vocab}, ctp::Start::Zeros)) {}

  [[nodiscard]] ctp::Index width() const { return width_; }

  template <class B>
  ctp::Variable<2, B> operator()(const ctp::Pass<B>& pass, const ctp::encoder::TextInput<B>& text) const {
    const ctp::Index length = text.ids.shape[1], tokens = text.ids.shape[0] * length;
    const auto x = gather_rows(pass, pass[words_], text.ids.reshaped(ctp::Shape<1>{tokens}));
    const auto row = pass.tape->template make<std::int32_t>(ctp::Shape<1>{2 * tokens});
    B::for_each(tokens, WithTheOneBefore{length, row.data});
    auto pairs = gather_rows(pass, x, row);  // the same memory as one row of double width per token
    const ctp::Shape<2> wide{tokens, 2 * width_};
    pairs = {pairs.value.reshaped(wide), pairs.grad ? pairs.grad.reshaped(wide) : pairs.grad};
    const auto h = pair_.with_gelu(pass, pairs);
    const auto mixed = add(pass, h, ctp::nn::mean_of_each(pass, h, text.key_bias));
    return dropout(pass, norm_(pass, mixed), pass.dropout_layer(text.dropout_id(0)), length);
  }

  template <class B>
  ctp::Variable<2, B> fuse(const ctp::Pass<B>& pass, const ctp::encoder::TextInput<B>& text,
                           ctp::Variable<2, B> image_tokens) const {
    const auto x = (*this)(pass, text);
    return look_(pass, x, image_tokens, {}, text.ids.shape[0], text.dropout_id(1));
  }

  template <class B>
  ctp::Variable<2, B> word_scores(const ctp::Pass<B>& pass, ctp::Variable<2, B> rows) const {
    return linear(pass, rows, pass[words_], pass[bias_]);
  }

 private:
  ctp::Index width_;
  ctp::Parameter<2> words_;
  ctp::nn::Linear pair_;
  ctp::nn::LayerNorm norm_;
  ctp::nn::BertAttention look_;
  ctp::Parameter<1> bias_;
};

template <class Backend>
using ModelOn = ctp::VisionLanguageModel<TwoConvolutions, PairsOfWords, Backend>;
using Model = ModelOn<ctp::Cpu>;

/// Sixteen pictures of one colour each, with texts of two words that name the shades of red and green.
ctp::data::Task colours(const char* name, int blue) {
  const auto pairs = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{name, pairs, {}};
  for (int i = 0; i < 16; ++i) {
    ctp::data::Image picture(16, 16);
    for (std::size_t p = 0; p < picture.rgb.size(); p += 3) {
      picture.rgb[p] = static_cast<std::uint8_t>(80 * (i % 4));
      picture.rgb[p + 1] = static_cast<std::uint8_t>(80 * (i / 4));
      picture.rgb[p + 2] = static_cast<std::uint8_t>(blue);
    }
    task.members.push_back(pairs->add(picture, {2, 5 + i % 4, 9 + i / 4, 3}, name));
  }
  return task;
}

int main() {
  // 3. The check, in double precision: shapes, gradients of every weight, independence of pairs, no effect of padding.
  ctp::ModelConfig few = ctp::testing::micro;
  few.image = 8;  // micro's four pixels would give these convolutions a single cell
  const auto report = ctp::testing::check_encoders(ModelOn<ctp::BasicCpu<double>>(few));
  std::printf("the encoders are %s\n%s", report.ok ? "sound" : "not sound:", report.log.c_str());

  // 4. A model of these encoders. Weights are initialised, saved and read under their names in the layout.
  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 16;
  const Model model(sizes);
  std::printf("%zu parameters, the first is %s\n", model.layout().parameters().size(),
              model.layout().parameters().front().name.c_str());

  // 5. Training, with CTP and its three models.
  ctp::TrainOptions options{
      .epochs = 60, .rate = 1e-3, .max_tokens = 4, .loading = {.batch_size = 16, .augment = false, .workers = 0}};
  ctp::Learner<ctp::strategy::Ctp, Model> learner(model, options);
  const std::vector<ctp::data::Task> tasks{colours("dark", 0), colours("blue", 200)};
  for (const auto& task : tasks) {
    learner.learn(task);
    std::printf("after task '%s': recall mean %.0f %%\n", task.name.c_str(),
                ctp::eval::retrieval(learner, task).r_mean);
  }
}

// prints: the encoders are sound
// prints: 26 parameters, the first is visual_encoder.first.weight
// prints: after task 'dark': recall mean 100 %
// prints: after task 'blue': recall mean 100 %
