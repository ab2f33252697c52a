// Reading and writing whole files.
#include "hcnn/io/atomic_file.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "errors.hpp"
#include "temporary_folder.hpp"

using namespace hcnn;
using namespace io_test;
using testing::error_of;
using testing::names;

TEST_CASE("a written file holds the bytes and nothing else is left in the folder") {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\nc", 5);
  io::write_file(folder / "x.bin", bytes);
  CHECK(content(folder / "x.bin") == bytes);
  CHECK(io::read_file(folder / "x.bin") == bytes);
  io::write_file(folder / "x.bin", "second");
  CHECK(content(folder / "x.bin") == "second");
  CHECK(folder.entries() == 1);
}

TEST_CASE("the old file stays until commit, and a file without commit leaves nothing") {
  const TemporaryFolder folder;
  put(folder / "x.txt", "old");
  {
    io::AtomicFile file(folder / "x.txt");
    file.write("new");
    CHECK(content(folder / "x.txt") == "old");
    CHECK(folder.entries() == 2);
  }
  CHECK(content(folder / "x.txt") == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a temporary file left by a killed process does not stop a new one") {
  const TemporaryFolder folder;
  for (int serial = 0; serial < 2000; ++serial) put(folder / concat(".x.txt.tmp", ::getpid(), '.', serial), "left");
  io::write_file(folder / "x.txt", "new");
  CHECK(content(folder / "x.txt") == "new");
}

TEST_CASE("a missing folder and a folder in the file's place are named with the reason") {
  const TemporaryFolder folder;
  const auto missing = error_of<Error>([&] { io::write_file(folder / "no/x.txt", "1"); });
  CHECK(names(missing, "no/x.txt"));
  CHECK(names(missing, "No such file or directory"));
  std::filesystem::create_directory(folder / "taken");
  CHECK(names(error_of<Error>([&] { io::write_file(folder / "taken", "1"); }), "Is a directory"));
  CHECK(folder.entries() == 1);
}

TEST_CASE("a full disk leaves the old file and no temporary one") {
  const TemporaryFolder folder;
  put(folder / "x.txt", "old");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1000, before.rlim_max};  // write() then puts 1000 bytes and fails with EFBIG after them
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const auto text = error_of<Error>([&] { io::write_file(folder / "x.txt", std::string(2000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(names(text, "File too large"));
  CHECK(content(folder / "x.txt") == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("missing files, folders, pipes and files beyond the limit are refused with path and reason") {
  const TemporaryFolder folder;
  const auto reading = [&](const std::string& name) {
    return error_of<FormatError>([&] { io::read_file(folder / name, 10); });
  };
  CHECK(names(reading("no"), "no: No such file or directory"));
  CHECK(names(reading("."), "not a regular file"));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(names(reading("pipe"), "not a regular file"));
  put(folder / "ten", "0123456789");
  CHECK(reading("ten") == "no error");
  put(folder / "eleven", "0123456789a");
  CHECK(names(reading("eleven"), "11 bytes"));
  CHECK(names(reading("line\nbreak\x1b"), "line\\x0abreak\\x1b"));
  std::filesystem::resize_file(folder / "ten", std::uintmax_t{1} << 33);
  CHECK(names(reading("ten"), "8589934592 bytes"));
}

TEST_CASE("a file that shrinks while it is read is an error") {
  const TemporaryFolder folder;
  put(folder / "x", "0123456789");
  io::InputFile file(folder / "x", 100);
  std::filesystem::resize_file(folder / "x", 4);
  char bytes[10];
  CHECK(names(error_of<FormatError>([&] { file.read(bytes, 10); }), "ended while it was read"));
}

TEST_CASE("what an earlier process of the same id left behind is removed, what this one writes stays") {
  const TemporaryFolder folder;
  put(folder / concat(".x.txt.tmp", ::getpid(), ".999999"), "left");
  io::AtomicFile file(folder / "x.txt");
  CHECK(folder.entries() == 2);
  io::remove_temporaries(folder.path());
  CHECK(folder.entries() == 1);
  file.write("new");
  file.commit();
  CHECK(content(folder / "x.txt") == "new");
}
