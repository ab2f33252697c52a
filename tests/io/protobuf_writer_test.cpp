// The wire format, against the bytes of Protocol Buffers' own documentation and of its negative numbers.
#include "hcnn/io/protobuf_writer.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace hcnn;
using namespace std::string_literals;

TEST_CASE("integers, texts and messages have the bytes of the documentation's examples") {
  io::ProtobufWriter inner;
  inner.integer(1, 150);
  CHECK(inner.bytes() == "\x08\x96\x01");
  io::ProtobufWriter text;
  text.text(2, "testing");
  CHECK(text.bytes() == "\x12\x07testing");
  io::ProtobufWriter outer;
  outer.message(3, inner);
  CHECK(outer.bytes() == "\x1a\x03\x08\x96\x01");
}

TEST_CASE("integers below 128 take one byte, negative ones ten, and a high field number two") {
  io::ProtobufWriter writer;
  writer.integer(1, 0);
  writer.integer(1, 127);
  writer.integer(1, 128);
  CHECK(writer.bytes() == "\x08\x00\x08\x7f\x08\x80\x01"s);
  io::ProtobufWriter negative;
  negative.integer(1, -1);
  CHECK(negative.bytes() == "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  io::ProtobufWriter largest;
  largest.integer(1, std::numeric_limits<std::int64_t>::max());
  CHECK(largest.bytes() == "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
  io::ProtobufWriter high;
  high.integer(20, 1);
  CHECK(high.bytes() == "\xa0\x01\x01");
}

TEST_CASE("a float is four bytes, and bytes may hold anything, at lengths beyond 127 too") {
  io::ProtobufWriter real;
  real.real(2, 1.5F);
  CHECK(real.bytes() == "\x15\x00\x00\xc0\x3f"s);
  io::ProtobufWriter bytes;
  bytes.text(9, std::string(300, '\0'));
  CHECK(bytes.bytes() == "\x4a\xac\x02" + std::string(300, '\0'));
  io::ProtobufWriter empty;
  empty.text(1, "");
  CHECK(empty.bytes() == "\x0a\x00"s);
}
