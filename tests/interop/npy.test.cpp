#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/interop/npy.hpp>
#include <ctp/io/files.hpp>
#include <ctp/tensor/named.hpp>

#include "data/temporary_folder.hpp"

using namespace std::string_literals;

namespace {

/// A file as numpy.save() writes it (NumPy 2.4.6): magic, version 1.0, length 118, the dictionary, spaces, a line end.
std::string saved(const std::string& dictionary, const std::string& data) {
  return "\x93NUMPY\1\0v\0"s + dictionary + std::string(117 - dictionary.size(), ' ') + "\n" + data;
}

// numpy.array([[1, 2.5, -3], [0.1, 5, 6]], dtype='<f4')
const std::string matrix = saved("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                                 "\x00\x00\x80?\x00\x00 @\x00\x00@\xc0\xcd\xcc\xcc=\x00\x00\xa0@\x00\x00\xc0@"s);
// numpy.array([0.1, -2], dtype='<f8')
const std::string vector = saved("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }",
                                 "\x9a\x99\x99\x99\x99\x99\xb9?\x00\x00\x00\x00\x00\x00\x00\xc0"s);
// numpy.array(7, dtype='<i8')
const std::string scalar =
    saved("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", "\x07\x00\x00\x00\x00\x00\x00\x00"s);
// numpy.zeros((0, 3), dtype='<f4')
const std::string empty = saved("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }", "");

class Folder {
 public:
  /// The path of a new file with this content.
  std::string file(std::string_view content, const std::string& name = "array.npy") const {
    ctp::io::write_file_atomically(folder_.path(name), content);
    return folder_.path(name);
  }
  std::string path(const std::string& name) const { return folder_.path(name); }

 private:
  test::TemporaryFolder folder_;
};

std::string refusal(std::string_view content) {
  const Folder folder;
  const std::string path = folder.file(content);
  try {
    (void)ctp::interop::read_npy(path);
  } catch (const ctp::DataError& error) {
    const std::string what = error.what();
    CHECK(what.starts_with(path + ": "));
    return what.substr(path.size() + 2);
  }
  return "";
}

std::string with_dictionary(const std::string& dictionary) { return saved(dictionary, std::string(24, '\0')); }

}  // namespace

TEST_CASE("npy: files of NumPy have the values, shapes and types that NumPy gave them") {
  const Folder folder;
  const ctp::NamedTensor m = ctp::interop::read_npy(folder.file(matrix, "visual.weight.npy"));
  CHECK(m.name == "visual.weight");
  CHECK(m.dtype == ctp::DType::F32);
  CHECK(m.shape == std::vector<std::int64_t>{2, 3});
  CHECK(m.as_floats() == std::vector<float>{1, 2.5F, -3, 0.1F, 5, 6});
  const ctp::NamedTensor v = ctp::interop::read_npy(folder.file(vector));
  CHECK(v.shape == std::vector<std::int64_t>{2});
  CHECK(v.as_doubles() == std::vector<double>{0.1, -2});
  const ctp::NamedTensor s = ctp::interop::read_npy(folder.file(scalar));
  CHECK(s.shape.empty());
  CHECK(s.as_int64s() == std::vector<std::int64_t>{7});
  const ctp::NamedTensor e = ctp::interop::read_npy(folder.file(empty));
  CHECK(e.shape == std::vector<std::int64_t>{0, 3});
  CHECK(e.bytes.empty());
}

TEST_CASE("npy: what is written has the bytes that NumPy writes") {
  const Folder folder;
  const std::string path = folder.path("out.npy");
  const std::vector<float> six{1, 2.5F, -3, 0.1F, 5, 6};
  ctp::interop::write_npy(path, {2, 3}, std::span<const float>(six));
  CHECK(ctp::io::read_text(path) == matrix);
  const std::vector<double> two{0.1, -2};
  ctp::interop::write_npy(path, {2}, std::span<const double>(two));
  CHECK(ctp::io::read_text(path) == vector);
  const std::int64_t seven = 7;
  ctp::interop::write_npy(path, {}, std::span<const std::int64_t>(&seven, 1));
  CHECK(ctp::io::read_text(path) == scalar);
  ctp::interop::write_npy(path, ctp::make_named("x", {0, 3}, std::span<const float>()));
  CHECK(ctp::io::read_text(path) == empty);
}

TEST_CASE("npy: a header may have its keys in any order, other quotes and no spaces") {
  const Folder folder;
  const std::string other = saved(R"({"shape":(2,3),"fortran_order":False,"descr":"<f4"})", matrix.substr(128));
  CHECK(ctp::interop::read_npy(folder.file(other)).as_floats() == std::vector<float>{1, 2.5F, -3, 0.1F, 5, 6});
}

TEST_CASE("npy: what cannot be read is refused with key, expected and found") {
  CHECK(refusal("") ==
        "format: expected a .npy file, found another file; write it with numpy.save; a .npz file is an "
        "archive of such files");
  CHECK(refusal("PK\3\4 and more bytes").starts_with("format: expected a .npy file"));
  std::string other = matrix;
  other[6] = '\2';
  CHECK(refusal(other).starts_with("version: expected 1.0, found 2.0; "));
  CHECK(refusal(with_dictionary("{'descr': '<i4', 'fortran_order': False, 'shape': (6,), }"))
            .starts_with("descr: expected <f4, <f8 or <i8: float32, float64 or int64, little-endian, found \"<i4\"; "));
  CHECK(refusal(with_dictionary("{'descr': '>f4', 'fortran_order': False, 'shape': (6,), }")).starts_with("descr: "));
  CHECK(refusal(with_dictionary("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }")) ==
        "fortran_order: expected False, found \"True\"; save numpy.ascontiguousarray(array)");
  CHECK(refusal(with_dictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }")).starts_with("shape: "));
  CHECK(refusal(with_dictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (6, x), }")).starts_with("shape: "));
  CHECK(refusal(with_dictionary("{'descr': '<f4', 'shape': (6,), }"))
            .starts_with("header: expected the keys descr, fortran_order and shape, found "));
  CHECK(refusal(with_dictionary("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,), }"))
            .starts_with("header: expected the keys descr, fortran_order and shape, each once, found \"descr\""));
  CHECK(refusal(with_dictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), } x"))
            .starts_with("header: expected spaces behind the dictionary"));
  CHECK(refusal(with_dictionary("['descr']")).starts_with("header: expected a '{'"));
  CHECK(refusal(with_dictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }")) ==
        "shape [7]: expected 28 bytes of data, found 24 bytes; the file was cut short or extended");
  CHECK(refusal(with_dictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }"))
            .starts_with("shape [4611686018427387904,4]: expected a size below 2^64 bytes"));
}

TEST_CASE("npy: a file cut at any place is refused, and a file with a byte more") {
  for (std::size_t length = 0; length < matrix.size(); ++length) {
    CAPTURE(length);
    CHECK(!refusal(std::string_view(matrix).substr(0, length)).empty());
  }
  CHECK(refusal(matrix + "x").starts_with("shape [2,3]: expected 24 bytes of data, found 25 bytes"));
}

TEST_CASE("npy: values that do not fill the shape, and types without a name in NumPy, are refused") {
  const Folder folder;
  const std::vector<float> five(5);
  CHECK_THROWS_AS(ctp::interop::write_npy(folder.path("x.npy"), {2, 3}, std::span<const float>(five)), ctp::ShapeError);
  ctp::NamedTensor half{"half", ctp::DType::BF16, {1}, {std::byte{0}, std::byte{0}}};
  CHECK_THROWS_WITH_AS(ctp::interop::write_npy(folder.path("x.npy"), half),
                       doctest::Contains("tensor \"half\": expected one of the types F32 F64 I64, found BF16"),
                       ctp::UsageError);
  CHECK(!ctp::io::exists(folder.path("x.npy")));
}
