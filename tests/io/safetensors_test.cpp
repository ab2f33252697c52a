// Named arrays in files: what is written is read, what is not a safetensors file is refused.
#include "hcnn/io/safetensors.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "errors.hpp"
#include "hcnn/io/safetensors_writer.hpp"
#include "temporary_folder.hpp"

using namespace hcnn;
using namespace io_test;
using testing::error_of;
using testing::names;

namespace {

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

/// A file of this header and `payload` zero bytes.
std::string safetensors_bytes(const std::string& header, std::size_t payload) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + std::string(payload, '\0');
}

/// The reader's message about a file of these bytes.
std::string safetensors_refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  put(folder / "x.safetensors", bytes);
  const auto text = error_of<FormatError>([&] { io::read_safetensors(folder / "x.safetensors"); });
  CHECK((text == "no error" || names(text, "x.safetensors")));
  return text;
}
std::string header_refusal(const std::string& header, std::size_t payload) {
  return safetensors_refusal(safetensors_bytes(header, payload));
}

/// Small file with every type; its bytes.
std::string sample_file() {
  const TemporaryFolder folder;
  const std::vector<float> weight{1.5f, -2.0f, 0.25f};
  const std::vector<std::uint8_t> blob{7, 8, 9};
  const std::vector<std::int64_t> batches{123456789012};
  io::write_safetensors(folder / "x.safetensors",
                        {{"bn.weight", "F32", {3, 1}, bytes_of(weight)},
                         {"blob", "U8", {3}, bytes_of(blob)},
                         {"bn.num_batches_tracked", "I64", {}, bytes_of(batches)}},
                        {{"format", "pt"}});
  return content(folder / "x.safetensors");
}

}  // namespace

TEST_CASE("arrays of every type, metadata and extents come back as they were written") {
  const TemporaryFolder folder;
  const std::vector<double> doubles{0.1, std::nan(""), -std::numeric_limits<double>::infinity()};
  const std::vector<float> floats{1.5f, -2.0f, 0.25f, 3e38f, 1e-40f, 0.0f};
  const std::vector<bfloat16> halves{bfloat16(1.0f), bfloat16(-0.5f)};
  const std::vector<std::int64_t> counts{123456789012};
  const std::vector<std::uint8_t> blob{1, 2, 255};
  io::write_safetensors(folder / "x.safetensors",
                        {{"blob", "U8", {3}, bytes_of(blob)},
                         {"a.weight", "F32", {2, 1, 3}, bytes_of(floats)},
                         {"none", "F32", {0, 5}, {}},
                         {"half", "BF16", {2}, bytes_of(halves)},
                         {"b \"quoted\"", "F64", {3}, bytes_of(doubles)},
                         {"count", "I64", {}, bytes_of(counts)}},
                        {{"network", "{\"x\": 1}"}, {"names", "line\nbreak <script>"}});
  const io::SafetensorsFile file = io::read_safetensors(folder / "x.safetensors");
  CHECK(file.metadata ==
        std::map<std::string, std::string>{{"names", "line\nbreak <script>"}, {"network", "{\"x\": 1}"}});
  CHECK(file.checksummed);
  REQUIRE(file.tensors.size() == 6);
  CHECK(file.find("a.weight")->dims == std::vector<Index>{2, 1, 3});
  CHECK(file.find("count")->dims.empty());
  CHECK(file.find("none")->size() == 0);
  CHECK(file.find("other") == nullptr);

  std::vector<float> floats_back(6);
  io::copy_values<float>(*file.find("a.weight"), floats_back);
  CHECK(floats_back == floats);
  std::vector<double> doubles_back(3);
  io::copy_values<double>(*file.find("b \"quoted\""), doubles_back);
  CHECK(doubles_back[0] == 0.1);
  CHECK(std::isnan(doubles_back[1]));
  CHECK(doubles_back[2] == doubles[2]);
  std::vector<float> halves_back(2), blob_back(3);
  io::copy_values<float>(*file.find("half"), halves_back);
  CHECK(halves_back == std::vector<float>{1.0f, -0.5f});
  io::copy_values<float>(*file.find("blob"), blob_back);
  CHECK(blob_back == std::vector<float>{1, 2, 255});
  std::vector<std::int64_t> count_back(1);
  io::copy_values<std::int64_t>(*file.find("count"), count_back);
  CHECK(count_back[0] == 123456789012);
  std::vector<std::int64_t> no_integers(3);
  CHECK(names(error_of<FormatError>([&] { io::copy_values<std::int64_t>(*file.find("b \"quoted\""), no_integers); }),
              "integers are needed"));
  CHECK(
      names(error_of<FormatError>([&] { io::copy_values<float>(*file.find("half"), blob_back); }), "'half': 2 values"));
}

TEST_CASE("the payload begins at a multiple of 8 and every array at a multiple of its type's size") {
  const TemporaryFolder folder;
  put(folder / "x.safetensors", sample_file());
  const std::string bytes = content(folder / "x.safetensors");
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  CHECK(header % 8 == 0);
  const io::SafetensorsFile file = io::read_safetensors(folder / "x.safetensors");
  for (const auto& tensor : file.tensors)
    CHECK((tensor.data.data() - file.payload.get()) % static_cast<Index>(io::dtype_bytes(tensor.dtype)) == 0);
  CHECK(sample_file() == bytes);
}

TEST_CASE("a file of another writer, unaligned and without checksum, is read") {
  const TemporaryFolder folder;
  const float value = 2.5f;
  std::string bytes = safetensors_bytes(R"({"a":{"shape":[1],"data_offsets":[0,1],"dtype":"U8"},)"
                                        R"("b":{"dtype":"F32","shape":[],"data_offsets":[1,5]}}  )",
                                        1);
  bytes.append(reinterpret_cast<const char*>(&value), 4);
  put(folder / "x.safetensors", bytes);
  const io::SafetensorsFile file = io::read_safetensors(folder / "x.safetensors");
  CHECK_FALSE(file.checksummed);
  float back = 0;
  io::copy_values<float>(*file.find("b"), {&back, 1});
  CHECK(back == 2.5f);
  CHECK(header_refusal("{}", 0) == "no error");
  CHECK(header_refusal(R"({"__metadata__":{}})", 0) == "no error");
}

TEST_CASE("a file cut anywhere or with a byte behind its end is refused") {
  const std::string bytes = sample_file();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    CHECK_MESSAGE(safetensors_refusal(bytes.substr(0, length)) != "no error", length);
  CHECK(names(safetensors_refusal(bytes + '\0'), "bytes behind the header"));
}

TEST_CASE("every flipped bit is noticed, or leaves the arrays as they were and the file without a checksum") {
  const std::string bytes = sample_file();
  const TemporaryFolder folder;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    put(folder / "x", damaged);
    try {
      const auto file = io::read_safetensors(folder / "x");
      CHECK_MESSAGE(!file.checksummed, bit);
      CHECK(file.tensors.size() == 3);
      CHECK(std::memcmp(file.payload.get() + 8, bytes.data() + bytes.size() - 15, 15) == 0);
    } catch (const FormatError&) {
    }
  }
}

TEST_CASE("a header length that cannot be is refused at once") {
  const std::string bytes = sample_file();
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{bytes.size() - 7},
                                     std::uint64_t{1} << 63, ~std::uint64_t{0}, std::uint64_t{100'000'001}}) {
    const std::string text =
        safetensors_refusal(std::string(reinterpret_cast<const char*>(&length), 8) + bytes.substr(8));
    CHECK(names(text, concat("header length ", length)));
  }
  const TemporaryFolder folder;
  put(folder / "sparse", safetensors_bytes("{}", 0));
  const auto reading = [&] { io::read_safetensors(folder / "sparse"); };
  std::filesystem::resize_file(folder / "sparse", std::uintmax_t{1} << 32);
  CHECK(names(error_of<FormatError>(reading), "bytes behind the header"));
  std::filesystem::resize_file(folder / "sparse", (std::uintmax_t{1} << 32) + 1);
  CHECK(names(error_of<FormatError>(reading), "4294967297 bytes"));
  std::filesystem::resize_file(folder / "sparse", 200'000'000);
  const std::uint64_t too_long = 100'000'001;
  std::fstream(folder / "sparse", std::ios::in | std::ios::out | std::ios::binary)
      .write(reinterpret_cast<const char*>(&too_long), 8);
  CHECK(names(error_of<FormatError>(reading), "header length 100000001"));
}

TEST_CASE("headers that are not UTF-8 JSON of the right form are refused") {
  const std::string good = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  for (const std::string& header : {
           std::string("[]"),
           std::string("  "),
           std::string(" {}"),
           std::string("{}x"),
           std::string("{\"a\":1}"),
           std::string("{\"a\":[]}"),
           std::string("{\"a\":null}"),
           std::string("{\"a\":\"b\"}"),
           std::string("{\"a\":{}}"),
           std::string("{}\0{", 4),
           "{\"\xff\":" + good + "}",
           "\xef\xbb\xbf{\"a\":" + good + "}",
           "[" + good + "]",
           std::string("{\"__metadata__\":{\"a\":1}}"),
           std::string("{\"__metadata__\":{\"a\":{}}}"),
           std::string("{\"__metadata__\":{\"a\":[\"b\"]}}"),
           std::string("{\"__metadata__\":[]}"),
           std::string("{\"__metadata__\":{},\"__metadata__\":{}}"),
           std::string("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}"),
           std::string("{\"a\":") + std::string(100'000, '['),
           std::string(R"({"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}})"),
           std::string(R"({"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}})"),
           std::string(R"({"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}})"),
           std::string(R"({"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})"),
           std::string(R"({"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}})"),
           std::string(R"({"a":{"dtype":["U8"],"shape":[1],"data_offsets":[0,1]}})"),
           std::string(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})"),
           std::string(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}})"),
           std::string(R"({"a":{"dtype":"U8","shape":[1]}})"),
           std::string(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})"),
           std::string(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}})"),
       })
    CHECK_MESSAGE(header_refusal(header, 1) != "no error", header.substr(0, 60));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  CHECK(names(header_refusal(deep, 2'000'000), "field 'a'"));
  CHECK(header_refusal("{\"a\":" + good + "}", 1) == "no error");
}

TEST_CASE("a byte string, which only binary forms of JSON have, is refused") {
  io::HeaderHandler handler("x");
  const std::vector<std::uint8_t> cbor{0xA1, 0x61, 'a', 0x41, 0x00};  // {"a": a string of one byte}
  const std::string error =
      error_of<FormatError>([&] { io::Json::sax_parse(cbor, &handler, io::Json::input_format_t::cbor); });
  CHECK(error == "x: binary data in the header; a safetensors header is needed");
}

TEST_CASE("offsets that are negative, reversed, overlapping, with holes or past the end are refused") {
  const auto two = [](const std::string& first, const std::string& second) {
    return header_refusal(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" + first +
                              R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + second + "}}",
                          4);
  };
  CHECK(two("[0,2]", "[2,4]") == "no error");
  CHECK(two("[2,4]", "[0,2]") == "no error");
  CHECK(names(two("[-2,0]", "[2,4]"), "number -2"));
  CHECK(names(two("[2,0]", "[2,4]"), "offsets 2 to 0"));
  CHECK(names(two("[0,2]", "[1,3]"), "'b' begins at byte 1"));
  CHECK(names(two("[0,2]", "[0,2]"), "'b' begins at byte 0"));
  CHECK(names(two("[0,2]", "[3,5]"), "'b' begins at byte 3"));
  CHECK(names(two("[1,3]", "[3,5]"), "'a' begins at byte 1"));
  CHECK(names(two("[0,2]", "[4,6]"), "'b' begins at byte 4"));
  CHECK(names(two("[0,1]", "[2,4]"), "type and extents make 2 bytes"));
  CHECK(names(two("[0,2]", "[18446744073709551615,1]"), "number 18446744073709551615"));
  CHECK(names(two("[0,2]", "[99999999999999999999,1]"), "99999999999999999999"));
}

TEST_CASE("extents that overflow, unknown types, bad names and equal names are refused") {
  const auto one = [](const std::string& name, const std::string& dtype, const std::string& shape) {
    return header_refusal(
        "{\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[0,4]}}", 4);
  };
  CHECK(one("a", "F32", "[1]") == "no error");
  CHECK(names(one("a", "F32", "[4611686018427387904,4]"), "product overflows"));
  CHECK(names(one("a", "F32", "[65536,65536,65536,65536]"), "product overflows"));
  CHECK(names(one("a", "F32", "[-1]"), "number -1"));
  CHECK(names(one("a", "F32", "[1,1,1,1,1,1,1,1,1]"), "more than 8 extents"));
  for (const std::string dtype : {"", "f32", "F16", "Q4"}) CHECK(names(one("a", dtype, "[1]"), "type '" + dtype + "'"));
  for (const std::string name : {"", "../x", "/etc/passwd", "a/../b", "a\\u0000b", "a\\n", "a\\\\b"})
    CHECK_MESSAGE(names(one(name, "F32", "[1]"), "tensor name"), name);
  CHECK(names(one(std::string(513, 'a'), "F32", "[1]"), "tensor name"));
  CHECK(names(header_refusal(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                             2),
              "'a' comes twice"));
}

TEST_CASE("more arrays or metadata than any network has are refused") {
  std::string tensors = "{", metadata = "{\"__metadata__\":{";
  for (int i = 0; i <= 65'536; ++i) {
    tensors += (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    metadata += (i ? ",\"" : "\"") + std::to_string(i) + "\":\"\"";
  }
  CHECK(names(header_refusal(tensors + "}", 16'000'000), "more than 65536 tensors"));
  CHECK(names(header_refusal(metadata + "}}", 4'000'000), "more than 4096 metadata entries"));
  std::string full = "{\"__metadata__\":{\"0\":\"\"";
  for (int i = 1; i < 4096; ++i) full += ",\"" + std::to_string(i) + "\":\"\"";
  CHECK(header_refusal(full + R"(},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0) == "no error");
}

TEST_CASE("a header beyond 192 KiB must have arrays of four times its length behind it") {
  const auto with = [](std::size_t text, std::size_t payload) {
    return header_refusal(R"({"__metadata__":{"a":")" + std::string(text, 'x') + R"("},"a":{"dtype":"U8","shape":[)" +
                              std::to_string(payload) + R"(],"data_offsets":[0,)" + std::to_string(payload) + "]}}",
                          payload);
  };
  CHECK(with(190'000, 0) == "no error");
  CHECK(names(with(197'000, 0), "bytes before 0 bytes of arrays; at most 196608 are read"));
  CHECK(names(with(300'000, 400'000), "bytes before 400000 bytes of arrays; at most 296608 are read"));
  CHECK(with(300'000, 420'000) == "no error");
}

TEST_CASE("the writer refuses what the reader would, and writes nothing then") {
  const TemporaryFolder folder;
  const std::vector<float> values{1, 2};
  const auto writing = [&](std::vector<io::TensorToWrite> tensors, std::map<std::string, std::string> metadata = {}) {
    return error_of<FormatError>([&] { io::write_safetensors(folder / "x", std::move(tensors), metadata); });
  };
  CHECK(names(writing({{"../a", "F32", {2}, bytes_of(values)}}), "tensor name"));
  CHECK(names(writing({{"a", "F16", {2}, bytes_of(values)}}), "type 'F16'"));
  CHECK(names(writing({{"a", "F32", {3}, bytes_of(values)}}), "make 12 bytes"));
  CHECK(names(writing({{"a", "F32", {-2}, bytes_of(values)}}), "number -2"));
  CHECK(names(writing({{"a", "F32", {2}, bytes_of(values)}, {"a", "F32", {2}, bytes_of(values)}}), "comes twice"));
  CHECK(names(writing({}, {{"hcnn.crc32", "0"}}), "twice"));
  CHECK(names(writing({}, {{"a", std::string(200'000, 'x')}}), "at most 196608 are read"));
  CHECK(folder.entries() == 0);
}

TEST_CASE("a header that ends within its checksum is damaged content") {
  for (const char* digits : {"", "1234567"})
    CHECK(names(header_refusal(concat(R"({"__metadata__":{"hcnn.crc32":")", digits, R"("}})"), 0), "damaged content"));
}
