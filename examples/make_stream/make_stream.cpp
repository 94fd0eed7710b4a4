// make_stream: writes the synthetic stream of nine industries in P9D layout.
//
//   make_stream --output DIR [--overwrite] [--train N] [--test N] [--seed S] [--set key=value]
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <ctp/core/json_line.hpp>
#include <ctp/data/synthetic/write_stream.hpp>

#include "../common/run.hpp"

namespace {

using ctp::data::Split;
using ctp::data::synthetic::Settings;

/// Settings that --set can change: integers and real numbers by name.
const std::map<std::string, int Settings::*> integer_settings = {{"query", &Settings::query},
                                                                 {"gallery", &Settings::gallery},
                                                                 {"image_size", &Settings::image_size},
                                                                 {"jpeg_quality", &Settings::jpeg_quality},
                                                                 {"kinds", &Settings::kinds},
                                                                 {"colours", &Settings::colours},
                                                                 {"patterns", &Settings::patterns},
                                                                 {"counts", &Settings::counts},
                                                                 {"held_out_every", &Settings::held_out_every}};
const std::map<std::string, double Settings::*> real_settings = {{"size_tail", &Settings::size_tail},
                                                                 {"test_tail", &Settings::test_tail},
                                                                 {"kind_tail", &Settings::kind_tail},
                                                                 {"dialect", &Settings::dialect},
                                                                 {"focus", &Settings::focus},
                                                                 {"hue_dialect", &Settings::hue_dialect},
                                                                 {"name_material", &Settings::name_material},
                                                                 {"name_size", &Settings::name_size},
                                                                 {"name_count", &Settings::name_count},
                                                                 {"noise", &Settings::noise},
                                                                 {"jitter", &Settings::jitter}};

[[noreturn]] void refuse(const std::string& key, const std::string& expected, const std::string& found) {
  throw ctp::UsageError(ctp::Complaint{"--set", key, expected, found, "see --help"}.text());
}

template <class Number>
Number number_from(const std::string& key, const std::string& text) {
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) refuse(key, "a number", ctp::quoted(text));
  return value;
}

void apply(Settings& settings, const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos) refuse("", "key=value", ctp::quoted(assignment));
  const std::string key = assignment.substr(0, equals), value = assignment.substr(equals + 1);
  if (const auto field = integer_settings.find(key); field != integer_settings.end()) {
    settings.*(field->second) = number_from<int>(key, value);
  } else if (const auto real = real_settings.find(key); real != real_settings.end()) {
    settings.*(real->second) = number_from<double>(key, value);
  } else {
    std::string known;
    for (const auto& [name, member] : integer_settings) known += (known.empty() ? "" : " ") + name;
    for (const auto& [name, member] : real_settings) known += " " + name;
    refuse(ctp::quoted(key), "one of " + known, "another key");
  }
}

/// Shows progress: one updated line on a terminal, else a line for every thousand pictures.
void show_progress(std::size_t done, std::size_t total) {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  if (terminal && (done % 50 == 0 || done == total)) {
    std::fprintf(stderr, "\rdrawn %zu of %zu%s", done, total, done == total ? "\n" : "");
  } else if (!terminal && (done % 1000 == 0 || done == total)) {
    std::fprintf(stderr, "drawn %zu of %zu\n", done, total);
  }
}

void report(const std::string& folder, const Settings& settings, bool json) {
  using namespace ctp::data::synthetic;
  const std::vector<Split> splits = {Split::Train, Split::Test, Split::Query, Split::Gallery};
  if (json) {
    ctp::JsonLine line;
    line.add("folder", folder).add("seed", settings.seed);
    for (const Split split : splits) line.add(split_name(split), split_shares(settings, split));
    std::puts(line.text().c_str());
    return;
  }
  std::printf("%s\n   train    test   query gallery   industry\n", ctp::printable(folder).c_str());
  for (std::size_t i = 0; i < industries().size(); ++i) {
    for (const Split split : splits) std::printf("%8d", split_shares(settings, split)[i]);
    std::printf("   %s\n", std::string(industries()[i].name).c_str());
  }
}

int run(int argc, char** argv) {
  CLI::App app("Writes the synthetic stream: nine industries of drawn products with Chinese titles, in P9D layout.",
               "make_stream");
  Settings settings;
  std::string folder;
  std::vector<std::string> assignments;
  bool json = false, quiet = false, overwrite = false;
  app.add_option("--output", folder, "Folder to write; must be empty or missing")->required();
  app.add_flag("--overwrite", overwrite, "Replace the data set in --output, once the new one is complete");
  app.add_option("--train", settings.train, "Training pairs, all industries together")->capture_default_str();
  app.add_option("--test", settings.test,
                 "Test pairs, all industries together; the queries are half as many, the gallery twice as many")
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "Seed of the stream")->check(CLI::NonNegativeNumber)->capture_default_str();
  app.add_option("--set", assignments, "key=value: another setting of the stream, see ctp/data/synthetic/settings.hpp");
  app.add_flag("--quiet", quiet, "Show no progress");
  app.add_flag("--json", json, "Print the summary as one JSON line");
  if (const auto code = examples::parse(app, argc, argv)) return *code;
  for (const std::string& assignment : assignments) apply(settings, assignment);
  if (!json) examples::printed_text_is_optional();
  const examples::StopSignals noted;
  const auto progress = [quiet](std::size_t done, std::size_t total) {
    examples::StopSignals::check();
    if (!quiet) show_progress(done, total);
  };
  ctp::data::write_synthetic_stream(folder, settings, progress,
                                    overwrite ? ctp::io::Overwrite::Yes : ctp::io::Overwrite::No);
  report(folder, settings, json);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("make_stream", [&] { return run(argc, argv); });
}
