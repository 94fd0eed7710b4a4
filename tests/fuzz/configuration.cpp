// Configuration files of continual_pretrain, JSON with comments or YAML, up to the checked settings.
#include "target.hpp"

#include <ctp/core/model_config.hpp>

#include "../../examples/continual_pretrain/config_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const char* const name = data[0] % 2 == 0 ? "c.json" : "c.yaml";
  fuzz::MemoryFiles files;
  files.files[name] = fuzz::text_of(data + 1, size - 1);
  const ctp::io::UseFileSystem use(files);
  std::vector<pretrain::Assignment> said;
  if (!fuzz::allowed([&] { said = pretrain::read_config_file(name); })) return 0;
  pretrain::Settings settings;
  ctp::ModelConfig model;
  for (const auto& a : said)
    fuzz::allowed([&] {
      if (pretrain::assign_option(a, settings)) return;
      ctp::ModelConfig::fields(model, [&](const std::string& field, auto& value) {
        if (a.key == "model." + field) pretrain::assign(a, value);
      });
    });
  fuzz::allowed([&] { pretrain::validate(settings, true); });
  fuzz::allowed([&] { ctp::validate(model); });
  return 0;
}
