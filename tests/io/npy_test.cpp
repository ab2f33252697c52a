// .npy files: what is written is read, what is no array is refused. tests/exchange/npy_files.py asks NumPy.
#include "hcnn/io/npy.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "count_allocations.hpp"
#include "errors.hpp"
#include "temporary_folder.hpp"

using namespace hcnn;
using namespace io_test;
using testing::error_of;
using testing::names;
using namespace std::string_literals;

namespace {

/// A file of this version and header, with `payload` zero bytes behind it.
std::string npy_file(const std::string& header, std::size_t payload, int version = 1) {
  std::string bytes = "\x93NUMPY"s + static_cast<char>(version) + '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 255);
  return bytes + header + std::string(payload, '\0');
}
std::string header_of(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

/// The reader's message about a file of these bytes; always one line that names the file.
std::string npy_refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  put(folder / "x.npy", bytes);
  const auto text = error_of<FormatError>([&] { io::read_npy(folder / "x.npy"); });
  CHECK((text == "no error" || names(text, "x.npy: ")));
  return text;
}
std::string shape_refusal(const std::string& shape, std::size_t payload = 0) {
  return npy_refusal(npy_file(header_of("'<f4'", "False", shape), payload));
}

std::string sample_npy() {
  const TemporaryFolder folder;
  const std::vector<float> values{1.5F, -2.0F, 0.25F, 3e38F, 1e-40F, 0.0F};
  io::write_npy<float>(folder / "x.npy", values, {2, 3});
  return content(folder / "x.npy");
}

}  // namespace

TEST_CASE_TEMPLATE("values of every type come back with their bits and extents", V, float, double, std::int8_t,
                   std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t,
                   std::uint64_t) {
  const TemporaryFolder folder;
  using Limits = std::numeric_limits<V>;
  const std::vector<V> values{Limits::lowest(), V{0}, V{1}, V{2}, V{3}, Limits::max()};
  for (const auto& dims : std::vector<std::vector<Index>>{{6}, {2, 3}, {1, 1, 6, 1}}) {
    io::write_npy<V>(folder / "x.npy", values, dims);
    const io::NpyArray array = io::read_npy(folder / "x.npy");
    CHECK(array.dims == dims);
    CHECK(array.dtype == io::npy_dtype<V>());
    std::vector<V> back(6);
    io::copy_values<V>(array, back, "x");
    CHECK(back == values);
    CHECK((content(folder / "x.npy").size() - 6 * sizeof(V)) % 64 == 0);
  }
  io::write_npy<V>(folder / "one.npy", std::vector<V>{7}, {});
  CHECK(io::read_npy(folder / "one.npy").dims.empty());
  io::write_npy<V>(folder / "none.npy", {}, {0, 4});
  CHECK(io::read_npy(folder / "none.npy").size == 0);
  CHECK(folder.entries() == 3);
}

TEST_CASE("a file has the bytes that NumPy's documentation gives") {
  const std::string bytes = sample_npy();
  CHECK(bytes.substr(0, 10) == "\x93NUMPY\x01\x00\x76\x00"s);
  CHECK(bytes.substr(10, 59) == "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
  CHECK(bytes.substr(69, 58) == std::string(58, ' '));
  CHECK(bytes[127] == '\n');
  CHECK(bytes.size() == 128 + 24);
}

TEST_CASE("batches come back as they were: images, vectors, bfloat16 as float") {
  const TemporaryFolder folder;
  Tensor<float> images(3, {4, 5, 2});
  for (Index i = 0; i < images.size(); ++i) images[i] = 0.5F * static_cast<float>(i);
  io::save_npy(folder / "images.npy", images);
  CHECK(io::read_npy(folder / "images.npy").dims == std::vector<Index>{3, 4, 5, 2});
  const Tensor<float> back = io::load_npy(folder / "images.npy");
  CHECK(back.count() == 3);
  CHECK(back.shape() == images.shape());
  CHECK(std::equal(back.begin(), back.end(), images.begin()));

  io::save_npy(folder / "vectors.npy", Tensor<bfloat16>(2, {1, 1, 3}, bfloat16(1.5F)));
  const io::NpyArray vectors = io::read_npy(folder / "vectors.npy");
  CHECK(vectors.dims == std::vector<Index>{2, 3});
  CHECK(vectors.dtype == "f4");
  const auto half = io::load_npy<bfloat16>(folder / "vectors.npy");
  CHECK(half.shape() == Shape{1, 1, 3});
  for (const bfloat16 value : half) CHECK(float(value) == 1.5F);

  io::write_npy<std::uint8_t>(folder / "bytes.npy", std::vector<std::uint8_t>{0, 7, 255, 1}, {1, 2, 2, 1});
  const Tensor<double> bytes = io::load_npy<double>(folder / "bytes.npy");
  CHECK(bytes[2] == 255.0);
  for (const auto& dims : std::vector<std::vector<Index>>{{}, {4}, {2, 2, 1}, {1, 2, 2, 1, 1}}) {
    io::write_npy<float>(folder / "x.npy", std::vector<float>(dims.empty() ? 1 : 4), dims);
    CHECK(names(error_of<FormatError>([&] { io::load_npy(folder / "x.npy"); }), "(N, H, W, C) or (N, C)"));
  }
  io::write_npy<float>(folder / "x.npy", {}, {0, 4});
  CHECK(names(error_of<FormatError>([&] { io::load_npy(folder / "x.npy"); }), "x.npy: extents (0, 4)"));
}

TEST_CASE("versions 1.0, 2.0 and 3.0, either quote, any order of keys and no space are read") {
  for (const int version : {1, 2, 3})
    CHECK(npy_refusal(npy_file(header_of("'<f4'", "False", "(2, 3)"), 24, version)) == "no error");
  CHECK(npy_refusal(npy_file("{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"|u1\"}", 2)) == "no error");
  CHECK(npy_refusal(npy_file(header_of("'|b1'", "False", "(2,)"), 2)) == "no error");
  CHECK(shape_refusal("(6,)", 24) == "no error");
  CHECK(shape_refusal("(2, 3,)", 24) == "no error");
  CHECK(shape_refusal("()", 4) == "no error");
  CHECK(shape_refusal("(0, 4611686018427387)") == "no error");
}

TEST_CASE("a file cut anywhere or with a byte behind its end is refused") {
  const std::string bytes = sample_npy();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    CHECK_MESSAGE(npy_refusal(bytes.substr(0, length)) != "no error", length);
  CHECK(names(npy_refusal(bytes + '\0'), "25 bytes of values; its header says 24"));
  CHECK(names(npy_refusal(""), "0 bytes"));
  CHECK(names(npy_refusal("\x93"), "1 bytes"));
}

TEST_CASE("a file with a flipped bit is refused, or is an array of as many bytes") {
  const std::string bytes = sample_npy();
  const TemporaryFolder folder;
  int refused = 0;
  for (std::size_t bit = 0; bit < 128 * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    put(folder / "x.npy", damaged);
    try {
      const io::NpyArray array = io::read_npy(folder / "x.npy");
      CHECK_MESSAGE(array.size * io::npy_value_bytes(array.dtype) == 24, bit);
      CHECK(std::memcmp(array.data.get(), bytes.data() + 128, 24) == 0);
    } catch (const FormatError&) {
      ++refused;
    }
  }
  CHECK(refused > 900);  // what is left: another type of the same size, and such
}

TEST_CASE("another magic text, another version and a header length that lies are refused") {
  std::string bytes = sample_npy();
  CHECK(names(npy_refusal("PK\x03\x04" + bytes), "no magic text"));
  for (const char major : {'\0', '\x04', '\x09', '\xff'}) {
    bytes[6] = major;
    CHECK(names(npy_refusal(bytes), concat("version ", static_cast<int>(static_cast<unsigned char>(major)), ".0")));
  }
  bytes = sample_npy();
  bytes[7] = 1;
  CHECK(names(npy_refusal(bytes), "version 1.1"));
  bytes = sample_npy();
  for (const int length : {0, 1, 57, 58, 117, 119, 142, 143, 65535}) {
    bytes[8] = static_cast<char>(length & 255);
    bytes[9] = static_cast<char>(length >> 8);
    CHECK_MESSAGE(npy_refusal(bytes) != "no error", length);
  }
  CHECK(names(npy_refusal(bytes), "header length 65535; at most 142 are possible"));
  std::string large = npy_file(std::string(65'537, ' '), 0, 2);
  CHECK(names(npy_refusal(large), "header length 65537; at most 65536"));
}

TEST_CASE("Fortran order, big-endian numbers, objects, texts, complex and structured types are refused by name") {
  const auto refusal = [](const std::string& descr, const std::string& order = "False") {
    return npy_refusal(npy_file(header_of(descr, order, "(1,)"), 8));
  };
  CHECK(names(refusal("'<f8'", "True"), "Fortran order"));
  CHECK(names(refusal("'<f8'", "Maybe"), "neither True nor False"));
  CHECK(names(refusal("'>f8'"), "type '>f8'; little-endian"));
  CHECK(names(refusal("'>i4'"), "type '>i4'; little-endian"));
  for (const char* descr : {"'|O'", "'<U2'", "'|S8'", "'<c8'", "'<f2'", "'<M8[s]'", "'|V8'", "'f8'", "'='", "''",
                            "'<f'", "'<f88'", "'=f8'", "'<\x1b[2Jf8'"})
    CHECK_MESSAGE(names(refusal(descr), "types are f4, f8"), descr);
  CHECK(names(refusal("[('a', '<f4'), ('b', '<f4')]"), "a structured type"));
  CHECK(refusal("'|f8'") != "no error");
}

TEST_CASE("extents that are no array's are refused before anything is allocated for them") {
  CHECK(names(shape_refusal("(-1,)"), "extent '-1,)"));
  CHECK(names(shape_refusal("(4611686018427387904, 4)"), "an extent that no array has"));
  CHECK(names(shape_refusal("(99999999999999999999999999, 4)"), "an extent that no array has"));
  CHECK(names(shape_refusal("(4000000000, 4000000000)"), "overflows"));
  CHECK(names(shape_refusal("(1000000000000,)", 4), "4 bytes of values; its header says 4000000000000"));
  for (const char* shape : {"(3)", "3", "[3]", "(3,,)", "(,)", "(3 4)", "(3.0,)", "(0x3,)", "(3,", "('3',)", "(3L,)"})
    CHECK_MESSAGE(shape_refusal(shape, 12) != "no error", shape);
  std::string many = "(";
  for (int i = 0; i < 33; ++i) many += "1, ";
  CHECK(names(shape_refusal(many + ")", 4), "more than 32 extents"));
}

TEST_CASE("headers that are not the dictionary are refused") {
  const std::string good = header_of("'<f4'", "False", "(1,)");
  for (const std::string& header :
       {""s, "\n"s, "{}"s, "None"s, good + "x", good + good, good.substr(1), "{'descr': '<f4'}"s,
        "{'descr': '<f4', 'fortran_order': False}"s, "{'descr': '<f4', 'descr': '<f4', 'shape': (1,)}"s,
        "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}"s, "{'descr': '<f4, 'fortran_order': False}"s,
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}"s, "{descr: 1}"s, good + '\0',
        "{'descr': '<f4', 'fortran_order': Falsehood, 'shape': (1,)}"s})
    CHECK_MESSAGE(npy_refusal(npy_file(header, 4)) != "no error", header);
  CHECK(npy_refusal(npy_file(good, 4)) == "no error");
}

TEST_CASE("folders, missing files and files beyond the limit are refused") {
  const TemporaryFolder folder;
  CHECK(names(error_of<FormatError>([&] { io::read_npy(folder.path()); }), "not a regular file"));
  CHECK(names(error_of<FormatError>([&] { io::read_npy(folder / "none.npy"); }), "No such file"));
  put(folder / "sparse.npy", npy_file(header_of("'|u1'", "False", "(5000000000,)"), 0));
  std::filesystem::resize_file(folder / "sparse.npy", std::uintmax_t{5'000'000'000});
  CHECK(names(error_of<FormatError>([&] { io::read_npy(folder / "sparse.npy"); }), "5000000000 bytes"));
}

TEST_CASE("reading allocates no more than twice the file and 1 MiB, whatever the header says") {
  const TemporaryFolder folder;
  const std::vector<double> values(100'000, 0.5);
  io::write_npy<double>(folder / "good.npy", values, {100, 1000});
  put(folder / "lies.npy", npy_file(header_of("'<f8'", "False", "(1000000000000,)"), 16));
  put(folder / "long.npy", "\x93NUMPY\x02\x00\xff\xff\xff\xff"s + std::string(100, ' '));
  for (const char* name : {"good.npy", "lies.npy", "long.npy"}) {
    const auto file = static_cast<long>(std::filesystem::file_size(folder / name));
    const long bytes =
        testing::bytes_allocated_in([&] { error_of<FormatError>([&] { io::read_npy(folder / name); }); });
    CHECK_MESSAGE(bytes <= 2 * file + (1 << 20), name);
  }
}

TEST_CASE("converting refuses integers of real numbers, integers out of range and another number of values") {
  const TemporaryFolder folder;
  io::write_npy<float>(folder / "real.npy", std::vector<float>{1.5F}, {1});
  io::write_npy<std::int16_t>(folder / "wide.npy", std::vector<std::int16_t>{-1}, {1});
  const io::NpyArray real = io::read_npy(folder / "real.npy"), wide = io::read_npy(folder / "wide.npy");
  std::vector<std::int32_t> integers(1);
  std::vector<std::uint8_t> bytes(1);
  std::vector<double> two(2);
  CHECK(names(error_of<FormatError>([&] { io::copy_values<std::int32_t>(real, integers, "x"); }),
              "x: type f4; integers"));
  CHECK(names(error_of<FormatError>([&] { io::copy_values<std::uint8_t>(wide, bytes, "x"); }),
              "value -1; it does not fit into u1"));
  CHECK(names(error_of<FormatError>([&] { io::copy_values<double>(wide, two, "x"); }), "x: 1 values; 2 are needed"));
  io::copy_values<std::int32_t>(wide, integers, "x");
  CHECK(integers[0] == -1);
}

TEST_CASE("what NumPy could not read is not written, and nothing is left behind") {
  const TemporaryFolder folder;
  const std::vector<float> values(6);
  const auto refusal = [&](const std::vector<Index>& dims) {
    return error_of<FormatError>([&] { io::write_npy<float>(folder / "x.npy", values, dims); });
  };
  CHECK(names(refusal({2, 4}), "x.npy: 6 values; the extents make 8"));
  CHECK(names(refusal({-2, -3}), "extent -2"));
  CHECK(names(refusal(std::vector<Index>(33, 1)), "33 extents"));
  CHECK(folder.entries() == 0);
  CHECK(names(error_of<Error>([&] { io::write_npy<float>(folder / "no/x.npy", values, {6}); }), "cannot be created"));
}
