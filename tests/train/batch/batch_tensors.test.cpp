#include <ctp/train/batch/batch_tensors.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <train/synthetic_batches.hpp>

namespace {

bool same(const ctp::data::Batch& a, const ctp::data::Batch& b) {
  return a.size == b.size && a.full == b.full && a.image_size == b.image_size && a.length == b.length &&
         a.task == b.task && a.epoch == b.epoch && a.pixels == b.pixels && a.images == b.images && a.ids == b.ids &&
         a.attend == b.attend && a.masked == b.masked && a.labels == b.labels && a.sample == b.sample;
}
ctp::data::Batch example() {
  ctp::data::Batch batch = test::synthetic_batch(test::micro, 3, 7, 1, 40);
  batch.full = 4;
  batch.task = 2;
  batch.epoch = 1;
  return batch;
}
std::string refusal(const ctp::TensorFile& file) {
  try {
    (void)ctp::batch_of(file);
  } catch (const ctp::DataError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("batch tensors: a batch comes back with all its lists, as floats or as pixels") {
  ctp::data::Batch batch = example();
  CHECK(same(ctp::batch_of(ctp::batch_tensors(batch)), batch));
  batch.images.clear();
  batch.pixels.assign(3 * 8 * 8 * 3, 7);
  batch.pixels[5] = 200;
  CHECK(same(ctp::batch_of(ctp::batch_tensors(batch)), batch));
}

TEST_CASE("batch tensors: names, types and shapes are those of the batch's documentation") {
  std::string text;
  for (const ctp::NamedTensor& tensor : ctp::batch_tensors(example()).tensors)
    text += tensor.name + " " + std::string(ctp::dtype_name(tensor.dtype)) + tensor.shape_text() + " ";
  CHECK(text == "images F32[3,3,8,8] ids I32[3,7] attend I32[3,7] masked I32[3,7] labels I32[3,7] sample U32[3] ");
}

TEST_CASE("batch tensors: a file that is no stored batch is refused with its name") {
  const ctp::TensorFile good = ctp::batch_tensors(example());
  const auto changed = [&](const auto& change) {
    ctp::TensorFile file = good;
    file.origin = "b.safetensors";
    change(file);
    return refusal(file);
  };
  CHECK(changed([](auto&) {}).empty());
  CHECK(changed([](auto& f) { f.metadata.erase("batch.task"); }) ==
        "b.safetensors: metadata batch.task: expected a number of a stored batch, found nothing");
  CHECK(changed([](auto& f) { f.metadata["batch.epoch"] = "1x"; }).find("found 1x") != std::string::npos);
  CHECK(changed([](auto& f) { f.tensors.pop_back(); }).starts_with("b.safetensors: tensor \"sample\": expected a "));
  CHECK(changed([](auto& f) { f.tensors[2].dtype = ctp::DType::U32; }) ==
        "b.safetensors: tensor attend: expected I32 [3,7], found U32 [3,7]");
  CHECK(changed([](auto& f) { f.tensors[3].shape = {7, 3}; }) ==
        "b.safetensors: tensor masked: expected I32 [3,7], found I32 [7,3]");
  CHECK(changed([](auto& f) {
          f.tensors[1].shape = {21};
        }).starts_with("b.safetensors: tensor ids: expected the shape of a batch: 2 dimensions from 1, found [21]"));
  CHECK(!changed([](auto& f) { f.tensors[0].shape = {3, 3, 8, 1 << 30}; }).empty());
  CHECK(!changed([](auto& f) { f.tensors[4].bytes.pop_back(); }).empty());
}
