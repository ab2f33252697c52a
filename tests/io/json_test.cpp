// JSON in and out.
#include "hcnn/io/json.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "errors.hpp"
#include "temporary_folder.hpp"

using namespace hcnn;
using namespace io_test;
using testing::error_of;
using testing::names;

static std::string json_refusal(const std::string& text) {
  return error_of<FormatError>([&] { io::parse_json(text, "x.json"); });
}

TEST_CASE("keys keep the order of insertion in the file and when it is read") {
  const TemporaryFolder folder;
  io::Json value{{"z", 1}, {"a", {1.5, "two", nullptr, true}}, {"m", {{"y", -3}, {"b", io::Json::object()}}}};
  io::write_json(folder / "x.json", value);
  CHECK(io::read_json(folder / "x.json") == value);
  CHECK(io::read_json(folder / "x.json").dump() == R"({"z":1,"a":[1.5,"two",null,true],"m":{"y":-3,"b":{}}})");
  CHECK(content(folder / "x.json").back() == '\n');
}

TEST_CASE("numbers survive the file bit for bit, and those JSON lacks become null") {
  const io::Json value{0.1, 1e-300, 123456789012345678, std::numeric_limits<double>::infinity(), std::nan("")};
  const io::Json back = io::parse_json(io::to_text(value), "x");
  CHECK(back[0].get<double>() == 0.1);
  CHECK(back[1].get<double>() == 1e-300);
  CHECK(back[2].get<std::int64_t>() == 123456789012345678);
  CHECK(back[3].is_null());
  CHECK(back[4].is_null());
}

TEST_CASE("control characters are escaped, those that JSON lets stand too, and come back") {
  const std::string name =
      "\x1b[31m\x7f\xc2\x9b"
      "31m\xc2\xa0\xc3\xa9";
  const std::string text = io::to_text(io::Json{{name, name}});
  CHECK(names(text.substr(0, text.size() - 3).substr(2), R"("\u001b[31m\u007f\u009b31m)"
                                                         "\xc2\xa0\xc3\xa9\""));
  CHECK(io::parse_json(text, "x") == io::Json{{name, name}});
}

TEST_CASE("text that is not UTF-8 JSON is refused and named") {
  for (const std::string text : {"", "{", "[1,]", "nul", "{} {}", "[1e999]", "\"\xff\"", "{'a':1}", "[1] // note"})
    CHECK_MESSAGE(names(json_refusal(text), "x.json: not JSON"), text);
  CHECK(names(json_refusal(std::string("{}\0{", 4)), "a NUL at byte 2"));
}

TEST_CASE("a key that comes twice in one object is refused, in different objects it is not") {
  CHECK(names(json_refusal(R"({"a":1,"b":{"a":2},"a":3})"), "key 'a' comes twice"));
  CHECK(json_refusal(R"([{"a":1},{"a":{"a":2}}])") == "no error");
}

TEST_CASE("nesting 64 deep is read and 100,000 deep refused") {
  CHECK(json_refusal(std::string(64, '[') + std::string(64, ']')) == "no error");
  CHECK(names(json_refusal(std::string(65, '[') + std::string(65, ']')), "nested too deeply"));
  CHECK(names(json_refusal(std::string(100'000, '[')), "nested too deeply"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK(names(json_refusal(objects), "nested too deeply"));
}

TEST_CASE("texts beyond 64 KiB and more values than 32 MiB hold are refused") {
  const auto refusal = [](const std::string& text) {
    return error_of<FormatError>([&] { io::parse_json(text, "x.json"); });
  };
  const std::string longest(65'536, 'x');
  CHECK(refusal("[\"" + longest + "\"]") == "no error");
  CHECK(names(refusal("[\"" + longest + "x\"]"), "x.json: a text of 65537 bytes"));
  CHECK(names(refusal("[\"" + longest + "\\\"\"]"), "a text of 65538 bytes"));
  CHECK(names(refusal("{\"" + longest + "x\": 1}"), "a text of 65537 bytes"));
  CHECK(names(refusal(std::string(65'537, '1')), "a text of 65537 bytes"));
  CHECK(names(refusal("\"" + longest + "x"), "a text of 65537 bytes"));
  std::string many = "[";
  for (int i = 0; i < 300'000; ++i) many += "[],";
  CHECK(names(refusal(many + "0]"), "x.json: too many values; at most 33554432 bytes of them are held"));
  CHECK(names(error_of<FormatError>([] { io::parse_json("[0,1,2]", "x", 200); }), "at most 200 bytes"));
  CHECK(io::parse_json("[0,1,2]", "x", 400).size() == 3);
}

TEST_CASE("a missing file is named") {
  CHECK(names(error_of<FormatError>([] { io::read_json("/no/such.json"); }), "/no/such.json"));
}

TEST_CASE("a byte string, which only binary forms of JSON have, is no value") {
  io::JsonBuilder builder("x", io::kJsonBytes);
  const std::vector<std::uint8_t> cbor{0x81, 0x41, 0x00};  // an array of a string of one byte
  CHECK_FALSE(io::Json::sax_parse(cbor, &builder, io::Json::input_format_t::cbor));
}
