// inspect: what weight files hold, and what a training that starts from them would take.
//
//   inspect FILE [FILE...] [--filter PATTERN] [--model tiny|small|base] [--json]
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/weights/open_weights.hpp>
#include <ctp/io/weights/published_names.hpp>
#include <ctp/io/weights/source.hpp>

#include "../common/run.hpp"
#include "file_facts.hpp"
#include "print.hpp"
#include "start_facts.hpp"

namespace {

/// The sizes of a model by its name. **Errors.** UsageError.
ctp::ModelConfig sizes_of(const std::string& model) {
  if (model == "tiny") return ctp::sizes::tiny;
  if (model == "small") return ctp::sizes::small;
  if (model == "base") return ctp::sizes::base;
  throw ctp::UsageError(ctp::Complaint{"--model", "", "tiny, small or base", ctp::quoted(model), ""}.text());
}

int run_program(int argc, char** argv) {
  CLI::App app("Lists what weight files hold, and what a training that starts from them would take.", "inspect");
  std::vector<std::string> files;
  std::string pattern, model = "tiny";
  bool json = false;
  app.add_option("files", files, "safetensors, an index of several such files, or files of PyTorch")->required();
  app.add_option("--filter", pattern,
                 "list the tensors whose name, in the file or in this project, matches; * stands for any text");
  app.add_option("--model", model, "tiny, small or base: sizes that no file tells (default: tiny)");
  app.add_flag("--json", json, "print one JSON object");
  if (const auto code = examples::parse(app, argc, argv)) return *code;
  const ctp::ModelConfig sizes = sizes_of(model);
  std::vector<ctp::io::WeightSource> sources;
  std::vector<inspect::FileFacts> facts;
  for (const std::string& file : files) {  // all of them are good before anything is printed
    sources.push_back(ctp::io::open_weights(file));
    facts.push_back(inspect::facts_of(sources.back()));
  }
  const inspect::StartFacts start = inspect::start_of(std::move(sources), sizes);
  if (!json) {
    for (const inspect::FileFacts& file : facts) inspect::print_file(file, pattern);
    inspect::print_start(start, model);
    return 0;
  }
  inspect::Json list = inspect::Json::array(), layouts = inspect::Json::array();
  for (const inspect::FileFacts& file : facts) list.push_back(inspect::json_of(file, pattern));
  for (const ctp::io::NameLayout& layout : ctp::io::name_layouts) layouts.push_back(std::string(layout.name));
  inspect::print_json({{"files", list}, {"known_layouts", layouts}, {"start", inspect::json_of(start, model)}});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("inspect", [&] { return run_program(argc, argv); });
}
