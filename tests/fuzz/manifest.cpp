// Manifests of checkpoints: with the right checksum behind any text, and as they are.
#include "target.hpp"

#include <ctp/io/checkpoint/checkpoint_folder.hpp>
#include <ctp/io/checkpoint/manifest.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body = fuzz::text_of(data, size);
  std::string text = body + ",\n\"xxh3_128\": \"" + ctp::io::checksum_of(body) + "\"\n}\n";
  if (size % 8 == 0) text = body;
  ctp::io::CheckpointManifest manifest;
  const bool fine = fuzz::allowed([&] { manifest = ctp::io::parse_manifest(text, "m"); });
  if (fine) {
    for (std::size_t i = 0; i < manifest.parts.size(); ++i)
      fuzz::require(manifest.parts[i].file.find('/') == std::string::npos, "a part leads out of the folder");
    const auto again = ctp::io::parse_manifest(ctp::io::manifest_text(manifest), "m");
    fuzz::require(again.facts == manifest.facts && again.step == manifest.step, "reads back");
  }
  fuzz::MemoryFiles files;
  files.files["c/step-000000000007/manifest.json"] = text;
  files.files["c/step-000000000007/part-000.safetensors"] = body;
  const ctp::io::UseFileSystem use(files);
  fuzz::allowed([&] { (void)ctp::io::read_checkpoint("c/step-000000000007"); });
  return 0;
}
