// Run folders: fresh ones only, numbered names, and file names that stay inside.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "errors.hpp"
#include "hcnn/run/run_folder.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using io_test::TemporaryFolder;
using run::RunFolder;
using testing::error_of;
using testing::names;

TEST_CASE("a folder that is asked for is made with those above it") {
  const TemporaryFolder temporary;
  const RunFolder folder = RunFolder::create(temporary / "a/b/c", "program");
  CHECK(std::filesystem::is_directory(temporary / "a/b/c"));
  CHECK(folder.history() == temporary / "a/b/c/history.csv");
  CHECK(RunFolder::create(temporary / "slash/", "program").path() == temporary / "slash/");
  CHECK(std::filesystem::is_directory(temporary / "slash"));
  CHECK(RunFolder::make(temporary / "other/"));
  CHECK_FALSE(RunFolder::make(temporary / "other"));
}

TEST_CASE("an empty folder is taken; anything else that is there is refused and left alone") {
  const TemporaryFolder temporary;
  std::filesystem::create_directory(temporary / "empty");
  CHECK_NOTHROW(RunFolder::create(temporary / "empty", "program"));
  io_test::put(temporary / "empty" / "x", "kept");
  io_test::put(temporary / "file", "kept");
  std::filesystem::create_symlink("nowhere", temporary / "link");
  for (const char* name : {"empty", "empty/", "file", "link"}) {
    const std::string error = error_of<Error>([&] { RunFolder::create(temporary / name, "program"); });
    CHECK(names(error, "it is there already; a new folder is needed"));
  }
  CHECK(io_test::content(temporary / "file") == "kept");
  CHECK(names(error_of<Error>([&] { RunFolder::create(temporary / "file/below", "program"); }), "Not a directory"));
}

TEST_CASE("a folder in which a killed program left nothing but a temporary file is taken, and the file removed") {
  const TemporaryFolder temporary;
  std::filesystem::create_directory(temporary / "run");
  io_test::put(temporary / "run" / ".config.json.tmp2147483647.0", "half of it");  // no process has this number
  CHECK_NOTHROW(RunFolder::create(temporary / "run", "program"));
  CHECK(std::filesystem::is_empty(temporary / "run"));
  const unsigned number = io::AtomicFile::next_number().fetch_add(1);  // one that this process has given out
  io_test::put(temporary / "run" / concat(".config.json.tmp", ::getpid(), '.', number), "being written");
  CHECK(names(error_of<Error>([&] { RunFolder::create(temporary / "run", "program"); }), "it is there already"));
}

TEST_CASE("without a name the next free number is taken") {
  const TemporaryFolder temporary;
  const auto next = [&](const char* program) {
    return RunFolder::create({}, program, temporary / "runs").path().filename().string();
  };
  CHECK(next("train") == "train-001");
  CHECK(next("train") == "train-002");
  CHECK(next("train-other") == "train-other-001");
  std::filesystem::create_directory(temporary / "runs/train-0999");
  std::filesystem::create_directory(temporary / "runs/train-2000x");
  CHECK(next("train") == "train-1000");
}

TEST_CASE("an earlier run is opened where it has a config.json") {
  const TemporaryFolder temporary;
  CHECK(names(error_of<Error>([&] { RunFolder::open_existing(temporary.path()); }), "no config.json"));
  io_test::put(temporary / "config.json", "{}");
  CHECK(RunFolder::open_existing(temporary.path()).path() == temporary.path());
}

TEST_CASE("names of levels cannot leave the folder, and different ones give different files") {
  const RunFolder folder("runs/x");
  CHECK(folder.confusion_picture("super-class_1") == "runs/x/confusion_super-class_1.png");
  CHECK(folder.confusion_table("../a b") == "runs/x/confusion_%2E%2E%2Fa%20b.csv");
  CHECK(folder.per_class("a/b") != folder.per_class("a%2Fb"));
}

TEST_CASE("a folder that another program writes to loses nothing to one that is refused") {
  const TemporaryFolder temporary;
  const std::string leftover = ".resume.safetensors.tmp1999999999.0";  // of a machine that shares the folder
  io_test::put(temporary / leftover, "half");
  {
    const run::FolderLock lock(temporary.path());
    CHECK(names(error_of<Error>([&] { RunFolder::create(temporary.path(), "train"); }), "another program"));
    CHECK(std::filesystem::exists(temporary / leftover));
  }
  CHECK_NOTHROW(RunFolder::create(temporary.path(), "train"));
  CHECK_FALSE(std::filesystem::exists(temporary / leftover));
}
