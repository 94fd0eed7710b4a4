// The tensors of tests/golden/torch, which the safetensors package wrote from PyTorch.
#pragma once

#include <string>

#include <doctest/doctest.h>

#include <ctp/io/weights/safetensors.hpp>

inline const std::string torch_golden = std::string(CTP_GOLDEN_DIR) + "/torch/";

/// Checks that a file has these tensors, bit by bit.
inline void check_as_golden(const ctp::TensorFile& file) {
  const ctp::TensorFile expected = ctp::io::read_safetensors(torch_golden + "expected.safetensors");
  CHECK(file.tensors.size() == 31);
  REQUIRE(file.tensors.size() == expected.tensors.size());
  for (const ctp::NamedTensor& tensor : expected.tensors) {
    CAPTURE(tensor.name);
    const ctp::NamedTensor& found = file.at(tensor.name);
    CHECK(found.dtype == tensor.dtype);
    CHECK(found.shape == tensor.shape);
    CHECK(found.bytes == tensor.bytes);
  }
}
