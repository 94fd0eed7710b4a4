// Pairs of your own: pictures in a folder, with captions in a CSV table or in a text file beside each picture. The
// strategy is the library's Er, which keeps a few pairs of every task and trains on these pairs again. At the end the
// weights go through a file, and prompts look for pictures.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/data/codec/encode.hpp>
#include <ctp/data/pairs/folder_pairs.hpp>
#include <ctp/io/files.hpp>
#include <ctp/train/weights/weights_file.hpp>

namespace {

namespace fs = std::filesystem;

const char* const shades[] = {"dark", "dim", "light", "bright"};

/// Writes a small JPEG in one colour; `ink` is the only plane above 0: 0 red, 1 green, 2 blue.
void draw(const std::string& file, int shade, int ink) {
  ctp::data::Image picture(16, 16);
  for (std::size_t p = static_cast<std::size_t>(ink); p < picture.rgb.size(); p += 3)
    picture.rgb[p] = static_cast<std::uint8_t>(85 * shade);
  ctp::io::write_file_atomically(file, ctp::data::encode_jpeg(picture, 95));
}

/// Makes a folder with pictures and a table, and a folder with a text file for every picture. Use your own folders
/// instead.
void make_folders(const std::string& reds, const std::string& blues) {
  ctp::io::make_directories(reds);
  ctp::io::make_directories(blues);
  std::string table = "file,caption,task\n";
  for (int i = 0; i < 4; ++i) {
    const std::string name = std::to_string(i);
    draw(reds + "/" + name + ".jpg", i, 0);
    table += name + ".jpg,\"" + shades[i] + ", red\",reds\n";  // a caption with a comma stands in quotes
    draw(blues + "/" + name + ".jpg", i, 2);
    ctp::io::write_file_atomically(blues + "/" + name + ".txt", shades[i] + std::string(" blue\n"));
  }
  ctp::io::write_file_atomically(reds + "/captions.csv", table);
}

}  // namespace

using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;

int main() {
  std::string folder = (fs::temp_directory_path() / "ctp-example-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  make_folders(folder + "/reds", folder + "/blues");

  // One list of samples from all folders: all tasks then share one source, and Er can mix their pairs.
  auto samples = ctp::data::pairs_by_table(folder + "/reds", folder + "/reds/captions.csv", /*heading=*/true);
  for (auto& sample : ctp::data::pairs_by_text_files(folder + "/blues", "blues")) samples.push_back(sample);
  const ctp::data::Tokenizer tokenizer = ctp::data::tokenizer_of(samples);  // or of a vocab.txt: Vocabulary::read()
  const std::vector<ctp::data::Task> tasks = ctp::data::tasks_of(samples, tokenizer);

  // The tokenizer knows the size of the vocabulary and the ids of [CLS], [MASK] and the others.
  ctp::ModelConfig sizes = ctp::sizes::tiny.for_tokenizer(tokenizer);
  sizes.image = 16;
  const ctp::TrainOptions options{
      .epochs = 20, .rate = 1e-3, .max_tokens = 6, .loading = {.batch_size = 4, .augment = false, .workers = 0}};
  ctp::Learner<ctp::strategy::Er, Model> learner(Model(sizes), options);
  learner.rehearsal().budget = 2;  // pairs kept, of all tasks together

  for (const ctp::data::Task& task : tasks) {
    learner.learn(task);
    std::printf("learned %zu pairs of '%s', kept:", task.members.size(), task.name.c_str());
    for (const std::uint32_t pair : learner.rehearsal_state().members)
      std::printf(" '%s'", samples[pair].industry.c_str());
    std::printf("\n  recall mean on it: %.0f %%\n", ctp::eval::retrieval(learner, task).r_mean);
  }

  learner.save(folder + "/weights.safetensors", tokenizer);  // and vocab.txt beside it: the program evaluate reads both
  ctp::Learner<ctp::strategy::Er, Model> again(Model(sizes), options);
  again.load(folder + "/weights.safetensors");

  const std::vector<std::string> prompts{"bright, red", "dark, red"};
  const ctp::EncodedRows texts = again.encode_texts(prompts, tokenizer);  // unit length, one row a prompt
  const ctp::EncodedRows pictures = again.encode_images(tasks.front());   // or of decoded pictures
  for (std::size_t t = 0; t < texts.rows; ++t) {
    std::size_t best = 0;
    const auto likeness = [&](std::size_t p) {
      return std::inner_product(texts[t].begin(), texts[t].end(), pictures[p].begin(), 0.0);
    };
    for (std::size_t p = 1; p < pictures.rows; ++p)
      if (likeness(p) > likeness(best)) best = p;
    std::printf("'%s' finds the picture of '%s'\n", prompts[t].c_str(),
                samples[tasks.front().members[best]].title.c_str());
  }
  fs::remove_all(folder);
}

// prints: learned 4 pairs of 'reds', kept: 'reds' 'reds'
// prints:   recall mean on it: ... %
// prints: learned 4 pairs of 'blues', kept: ...
// prints:   recall mean on it: ... %
// prints: 'bright, red' finds the picture of '...'
// prints: 'dark, red' finds the picture of '...'
