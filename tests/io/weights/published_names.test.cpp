#include <ctp/io/weights/published_names.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/io/weights/open_weights.hpp>

#include <io/scratch.hpp>
#include <io/weights/counting_reads.hpp>

namespace io = ctp::io;

namespace {

using Names = std::vector<std::string>;
const std::string golden = std::string(CTP_GOLDEN_DIR) + "/published/";

/// A reader that must not be asked for bytes.
struct Unread : io::TensorReader {
  [[nodiscard]] std::vector<std::byte> read(std::size_t) const override { throw ctp::DataError("a tensor was read"); }
  void require_unchanged() const override {}
};

io::WeightSource source_of(const Names& names) {
  std::vector<io::StoredTensor> tensors;
  for (const std::string& name : names) tensors.push_back({name, ctp::DType::F32, {1}});
  return {"w.bin", "format", {{"config", "{}"}}, std::move(tensors), std::make_unique<Unread>()};
}
std::string layout_of(const Names& names) { return std::string(io::name_layout_of(source_of(names)).name); }
Names own_of(const Names& names) {
  Names own;
  const io::PublishedSource published = io::with_own_names(source_of(names));
  for (const io::StoredTensor& tensor : published.source.tensors()) own.push_back(tensor.name);
  return own;
}
std::string refusal(const Names& names) {
  return message_of([&] { (void)io::with_own_names(source_of(names)); });
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string patches = "patch_embed.proj.weight", words = "embeddings.word_embeddings.weight";

}  // namespace

TEST_CASE("published_names: names alone decide which layout a file has") {
  CHECK(layout_of({patches}) == "DeiT and timm's ViT");
  CHECK(layout_of({words}) == "BERT of Hugging Face without 'bert.'");
  CHECK(layout_of({"bert." + words}) == "BERT of Hugging Face with 'bert.'");
  CHECK(layout_of({"visual_encoder." + patches}) == io::own_names.name);
  CHECK(layout_of({"text_encoder." + words}) == io::own_names.name);
  CHECK(layout_of({"module.vision_proj.weight", "x"}) == io::own_names.name);  // match_weights() names the prefix
}

TEST_CASE("published_names: no layout, or more than one, is an error that names file, layouts and first names") {
  const std::string none = refusal({"a.weight", "b.weight", "c", "d", "e"});
  for (const char* part : {"w.bin: names of tensors",
                           "this project's names; DeiT and timm's ViT; BERT of Hugging Face "
                           "with 'bert.'; BERT of Hugging Face without 'bert.'",
                           "5 tensors of none of them: a.weight, b.weight, c, d and 1 more"})
    CHECK_MESSAGE(has(none, part), none);
  CHECK(has(refusal({}), "0 tensors of none of them"));
  CHECK(has(refusal({"module." + patches}), "remove \"module.\" from the names"));
  const std::string both = refusal({patches, "cls_token", words});
  CHECK_MESSAGE(has(both, "found 2 of them: patch_embed.proj.weight, embeddings.word_embeddings.weight"), both);
  CHECK(has(refusal({words, "bert." + words}), "2 of them"));
  CHECK(has(refusal({patches, "visual_encoder." + patches}), "2 of them"));
}

TEST_CASE("published_names: each name of a layout has one in this project, or is not used") {
  const io::PublishedSource vit = io::with_own_names(
      source_of({patches, "blocks.11.attn.qkv.bias", "head.weight", "norm.bias", "head_dist.bias", "pos_embed"}));
  CHECK(own_of({patches, "blocks.11.attn.qkv.bias", "head.weight", "norm.bias", "head_dist.bias", "pos_embed"}) ==
        Names{"visual_encoder." + patches, "visual_encoder.blocks.11.attn.qkv.bias", "visual_encoder.norm.bias",
              "visual_encoder.pos_embed"});
  CHECK(vit.not_used == Names{"head.weight", "head_dist.bias"});
  CHECK(vit.source.metadata().empty());
  CHECK(vit.source.origin() == "w.bin");
  const std::string text = "text_mlm_encoder.bert.";
  for (const std::string prefix : {"", "bert."})
    CHECK(own_of({prefix + words, prefix + "embeddings.LayerNorm.gamma", prefix + "pooler.dense.bias",
                  prefix + "encoder.layer.0.attention.output.LayerNorm.beta",
                  prefix + "encoder.layer.1.crossattention.self.key.weight", prefix + "embeddings.position_ids",
                  "cls.predictions.transform.LayerNorm.gamma", "cls.predictions.decoder.weight",
                  "cls.seq_relationship.weight"}) ==
          Names{text + words, text + "embeddings.LayerNorm.weight",
                text + "encoder.layer.0.attention.output.LayerNorm.bias",
                text + "encoder.layer.1.crossattention.self.key.weight",
                "text_mlm_encoder.cls.predictions.transform.LayerNorm.weight",
                "text_mlm_encoder.cls.predictions.decoder.weight"});
}

TEST_CASE("published_names: a single name is used, not used or unknown in a layout") {
  const io::NameLayout& vit = io::name_layouts[1];
  const io::NameLayout& bert = io::name_layouts[2];
  const auto use = [](const io::NameLayout& layout, const std::string& name) { return io::own_name(layout, name).use; };
  CHECK(io::own_name(vit, "blocks.11.attn.qkv.bias").name == "visual_encoder.blocks.11.attn.qkv.bias");
  CHECK(use(vit, "blocks.11.attn.qkv.bias") == io::NameUse::Used);
  CHECK(use(vit, "head.weight") == io::NameUse::NotUsed);
  CHECK(io::own_name(vit, "head.weight").name.empty());
  CHECK(use(vit, "blocks.11.gamma") == io::NameUse::Unknown);
  CHECK(io::own_name(bert, "bert.embeddings.LayerNorm.gamma").name ==
        "text_mlm_encoder.bert.embeddings.LayerNorm.weight");
  CHECK(io::own_name(bert, "cls.predictions.bias").name == "text_mlm_encoder.cls.predictions.bias");
  CHECK(use(bert, "embeddings.LayerNorm.gamma") == io::NameUse::Unknown);  // without "bert."
  CHECK(io::own_name(io::own_names, "anything").name == "anything");
  CHECK(io::fitting_layouts(source_of({"a"})).empty());
  CHECK(io::fitting_layouts(source_of({patches, words})).size() == 2);
}

TEST_CASE("published_names: a name that the layout does not have is refused, and so is one parameter under two names") {
  for (const char* name :
       {"blocks.0.ls1.gamma", "blocks.0.attn.q_norm.weight", "blocks.x.norm1.weight", "blocks.01.norm1.weight",
        "blocks.12345.norm1.weight", "blocks..norm1.weight", "norm.weights", "norm.gamma", "norm", "cls_token.bias",
        "fc_norm.weight", "bert.norm.weight", "pooler.dense.weight", ""}) {
    const std::string text = refusal({patches, name, "further"});
    CHECK_MESSAGE(has(text, "w.bin: 2 tensors: expected names of the layout DeiT and timm's ViT"), text);
  }
  CHECK(has(refusal({"bert." + words, "encoder.layer.0.output.dense.bias"}), "1 tensor: expected names of the layout"));
  CHECK(has(refusal({words, "bert.cls.predictions.bias"}), "1 tensor"));
  const std::string twice = refusal({words, "embeddings.LayerNorm.weight", "embeddings.LayerNorm.gamma"});
  CHECK_MESSAGE(has(twice,
                    "tensor embeddings.LayerNorm.gamma: expected one tensor for each parameter, found also "
                    "embeddings.LayerNorm.weight"),
                twice);
}

TEST_CASE("published_names: a DeiT with a distillation token is refused, by its number of places") {
  const auto deit = [](std::int64_t places) {
    return io::WeightSource{"w.pth",
                            "format",
                            {},
                            {{patches, ctp::DType::F32, {1}},
                             {"dist_token", ctp::DType::F32, {1}},
                             {"pos_embed", ctp::DType::F32, {1, places, 8}}},
                            std::make_unique<Unread>()};
  };
  const std::string text = message_of([&] { (void)io::with_own_names(deit(198)); });
  CHECK_MESSAGE(has(text, "w.pth: tensor dist_token: expected a DeiT without distillation token, found one, and 198"),
                text);
  CHECK(io::with_own_names(deit(197)).not_used == Names{"dist_token"});
}

TEST_CASE("published_names: own names stay as they are, with their metadata") {
  const io::PublishedSource own = io::with_own_names(source_of({"vision_proj.weight", "anything"}));
  CHECK(own.layout == &io::own_names);
  CHECK(own.source.tensors().size() == 2);
  CHECK(own.source.metadata().contains("config"));
}

TEST_CASE("published_names: bytes are read when they are wanted, and are those of the file") {
  for (const char* name : {"deit.pth", "bert.bin", "bert.safetensors"}) {
    CAPTURE(name);
    CountingReads files;
    const io::UseFileSystem use(files);
    io::WeightSource original = io::open_weights(golden + name);
    const ctp::TensorFile expected = io::open_weights(golden + name).read_all();
    const std::uint64_t opened = files.bytes;
    const io::PublishedSource published = io::with_own_names(std::move(original));
    CHECK(files.bytes == opened);
    CHECK(published.source.tensors().size() + published.not_used.size() == expected.tensors.size());
    const ctp::TensorFile found = published.source.read_all();
    std::size_t place = 0;
    for (const ctp::NamedTensor& tensor : expected.tensors) {
      if (std::find(published.not_used.begin(), published.not_used.end(), tensor.name) != published.not_used.end())
        continue;
      const ctp::NamedTensor& renamed = found.tensors.at(place++);
      CHECK((renamed.shape == tensor.shape && renamed.bytes == tensor.bytes));
    }
  }
}
