/// @file   benchmarks/cuda/retrieval.cu
/// @brief  Retrieval at the sizes of P9D's test split.
#include <cstdint>
#include <string>

#include <ctp/core/model_config.hpp>

#include "noise.cuh"

namespace bench {

/// Recall on P9D's test split in both directions, and the ten best gallery items of every query, from features on the
/// device, in single precision.
void retrieval(const Options& o) {
  constexpr Index queries = 4615, gallery = 46855;
  const auto report = [&](const char* what, Index columns, Index width, const auto& run) {
    const Times times = device_times(o.turns, run);
    Line("retrieval")
        .with("of", std::string(what))
        .with("shape", std::to_string(queries) + " x " + std::to_string(columns) + " x " + std::to_string(width))
        .with("precision", std::string("fp32"))
        .with(times)
        .with("tflops", 2e-9 * static_cast<double>(queries * columns * width) / times.median())
        .print();
  };
  const Index width = ctp::sizes::base.text_width, embed = ctp::sizes::base.embed;
  UnitRows query(queries, width), items(gallery, width), image(queries, embed), text(queries, embed);
  ctp::Buffer<std::int32_t, B> best(queries * ctp::backend::top_items), text_rank(queries), image_rank(queries);
  report("ten best", gallery, width,
         [&] { B::top_ten(queries, gallery, width, query.value.data(), items.value.data(), best.data()); });
  report("recall", queries, embed, [&] {
    B::retrieval_ranks(queries, embed, image.value.data(), text.value.data(), text_rank.data(), image_rank.data());
  });
}

}  // namespace bench
