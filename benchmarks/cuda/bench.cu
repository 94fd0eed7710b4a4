/// @file   benchmarks/cuda/bench.cu
/// @brief  Benchmarks of the CUDA backend, in JSON lines: whole steps, and their operations at the shapes of `base`.
///
/// bench_cuda --help lists the parts.
/// compare_torch_cuda.py does the same work in PyTorch; keep the sizes equal.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <ctp/backend/cuda/runtime/device.cuh>

#include "parts.cuh"

namespace bench {
namespace {

struct Part {
  const char* name;
  void (*run)(const Options&);
  const char* what;
};
constexpr Part all_parts[] = {
    {"steps", steps, "ctp steps of base, replayed (recorded); in the first precision also launched (G1 to G3, G13)"},
    {"recorded_steps", recorded_steps, "the replayed steps alone; only if named"},
    {"strategies", strategies, "seqf, ewc, si and lwf steps, EWC's pass over a task, in the first precision (G4)"},
    {"encoder", encoder, "ViT forward as in a teacher, four times the pairs (G5)"},
    {"attention", attention, "forward and backward at three shapes (G6)"},
    {"products", products, "products of base with their epilogues, cuBLASLt's first and fastest algorithm (G7)"},
    {"optimizer", optimizer, "AdamW, momentum and zeroing beside a copy (G8)"},
    {"words", words, "masked-word scores with both losses (G9)"},
    {"contrast", contrast, "contrast, queue and topology losses (G10)"},
    {"retrieval", retrieval, "ten best of a gallery, recall in both directions (G12)"},
    {"tiny", tiny_step, "a step 64 wide with two pairs (G11)"},
    {"upload", upload, "a batch from host memory to the device"},
    {"input", input, "training on one batch, and fed by a loader (G14 without files)"},
};

void help() {
  std::printf(
      "usage: bench_cuda [--batch N (128)] [--turns N (20)] [--precision P,... (bf16,tf32,fp32)] [--only PART,...]\n"
      "Prints a line of JSON for each measurement. A step includes the upload of its batch; a batch that does not fit "
      "is\n"
      "halved. Exit code: 0 done, 1 a part failed, 2 wrong usage, 77 no device.\n");
  for (const Part& part : all_parts) std::printf("  %-15s %s\n", part.name, part.what);
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> items;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    items.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return items;
}

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr, "bench_cuda: %s; see bench_cuda --help\n", what.c_str());
  std::exit(2);
}

int number(const std::string& option, const std::string& text) {
  const int value = std::atoi(text.c_str());
  if (value < 1) refuse(option + ": expected a number from 1, found '" + text + "'");
  return value;
}

Options read(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--help") {
      help();
      std::exit(0);
    }
    if (i + 1 == argc) refuse(option + ": expected a value");
    const std::string value = argv[i + 1];
    if (option == "--batch") {
      o.batch = number(option, value);
    } else if (option == "--turns") {
      o.turns = number(option, value);
    } else if (option == "--precision") {
      o.precisions.clear();
      for (const std::string& one : split(value)) {
        if (one != "bf16" && one != "tf32" && one != "fp32")
          refuse("--precision: expected bf16, tf32 or fp32, found '" + one + "'");
        o.precisions.push_back(one == "bf16" ? Choice::Bf16 : one == "tf32" ? Choice::Tf32 : Choice::Fp32);
      }
    } else if (option == "--only") {
      o.parts = split(value);
      for (const std::string& one : o.parts)
        if (std::none_of(std::begin(all_parts), std::end(all_parts), [&](const Part& p) { return one == p.name; }))
          refuse("--only: there is no part '" + one + "'");
    } else {
      refuse("unknown option " + option);
    }
  }
  return o;
}

int run(int argc, char** argv) {
  const Options options = read(argc, argv);
  const auto found = ctp::backend::cuda::describe_device();
  if (!found.usable) {
    std::printf("SKIPPED: %s\n", found.text.c_str());
    return 77;
  }
  Line("device").with("text", found.text).print();
  bool failed = false;
  for (const Part& part : all_parts) {
    const bool named = std::find(options.parts.begin(), options.parts.end(), part.name) != options.parts.end();
    if (options.parts.empty() ? part.run == recorded_steps : !named) continue;
    try {
      part.run(options);
    } catch (const std::exception& error) {
      Line("failed").with("part", std::string(part.name)).with("found", std::string(error.what())).print();
      failed = true;
    }
  }
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run(argc, argv); }
