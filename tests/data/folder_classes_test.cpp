// Class folders: what is found, in which order, and what is refused.
#include "hcnn/data/folder_classes.hpp"

#include <doctest/doctest.h>

#include "errors.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using io_test::TemporaryFolder;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

/// Makes empty files, and their folders.
void touch(const TemporaryFolder& folder, const Names& files) {
  for (const std::string& file : files) {
    fs::create_directories((folder / file).parent_path());
    io_test::put(folder / file, "");
  }
}

std::string refusal(const TemporaryFolder& folder) {
  const std::string text = testing::error_of<FormatError>([&] { data::find_class_folders(folder.path()); });
  const auto at = text.find(folder.path().string());
  return at == 0 ? text.substr(folder.path().string().size()) : text;
}

}  // namespace

TEST_CASE("class folders and their files are found sorted, hidden names are passed over") {
  const TemporaryFolder folder;
  touch(folder, {"nut/10.png", "nut/9.png", "nut/.DS_Store", "bolt/a.jpg", ".git/config", ".hidden", "README.txt"});
  const auto found = data::find_class_folders(folder.path());
  REQUIRE(found.size() == 2);
  CHECK(found[0].path == ClassPath{"bolt"});
  CHECK(found[0].files == Names{"a.jpg"});
  CHECK(found[1].path == ClassPath{"nut"});
  CHECK(found[1].files == Names{"10.png", "9.png"});
}

TEST_CASE("folders may lie in folders to any depth, sorted name by name") {
  const TemporaryFolder folder;
  touch(folder, {"a-b/x/1/p", "a/z/1/p", "a/y/1/p", "a/y/notes.txt"});
  const auto found = data::find_class_folders(folder.path());
  REQUIRE(found.size() == 3);
  CHECK(found[0].path == ClassPath{"a", "y", "1"});  // 'a' before 'a-b', although '-' comes before '/'
  CHECK(found[1].path == ClassPath{"a", "z", "1"});
  CHECK(found[2].path == ClassPath{"a-b", "x", "1"});
}

TEST_CASE("an empty class, unequal depths and pictures beside folders are refused by name") {
  const TemporaryFolder empty, uneven, mixed, none, hidden;
  touch(empty, {"bolt/a.png"});
  fs::create_directories(empty / "nut");
  CHECK(refusal(empty) == "/nut: no image in the folder; every class needs one at least");
  touch(hidden, {"bolt/a.png", "nut/.a.png"});
  CHECK(refusal(hidden) == "/nut: no image in the folder; every class needs one at least");
  touch(uneven, {"bolt/cracked/a.png", "nut/a.png"});
  CHECK(refusal(uneven) == "/nut: 1 deep; as deep as 'bolt/cracked' is needed: 2");
  touch(mixed, {"bolt/cracked/a.png", "bolt/b.JPEG"});
  CHECK(refusal(mixed) == "/bolt/b.JPEG: a picture beside folders; pictures lie in folders that hold no other folder");
  touch(none, {"a.png"});
  CHECK(refusal(none) == ": no folder in it; a folder of pictures for each class is needed");
}

TEST_CASE("a class folder whose name is not UTF-8 is refused: no model file could hold it") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "caf\xe9");
  io_test::put(folder / "caf\xe9/1.png", "x");
  const auto text = testing::error_of<FormatError>([&] { data::find_class_folders(folder.path()); });
  CHECK(testing::names(text, "a name that is not UTF-8"));
}

TEST_CASE("a folder that is missing, a file and a circle of links are refused") {
  const TemporaryFolder folder;
  touch(folder, {"file"});
  for (const char* name : {"missing", "file"})
    CHECK(testing::names(testing::error_of<FormatError>([&] { data::find_class_folders(folder / name); }), name));
  fs::create_directories(folder / "circle");
  fs::create_directory_symlink(folder / "circle", folder / "circle/again");
  CHECK(testing::error_of<FormatError>([&] {
          data::find_class_folders(folder / "circle");
        }).ends_with(": folders more than 16 deep; fewer levels are read"));
}

TEST_CASE("levels of folders are named like those of the recipes, further ones are numbered") {
  CHECK(data::default_level_names(1) == Names{"fine"});
  CHECK(data::default_level_names(5) == Names{"fine", "superclass", "group", "level_4", "level_5"});
}

TEST_CASE("folders find their class in a given tree, flat or nested as the tree is") {
  const Taxonomy tree({{"part", {"good bolt", "bad bolt", "nut"}, {1, 1, 0}}, {"kind", {"nuts", "bolts"}, {}}});
  const auto labels = [&](const std::vector<ClassPath>& paths) {
    std::vector<data::ClassFolder> folders;
    for (const ClassPath& path : paths) folders.push_back({path, {"a"}});
    return data::folder_labels("root", folders, tree);
  };
  CHECK(labels({{"bad bolt"}, {"good bolt"}, {"nut"}}) == std::vector<Label>{1, 0, 2});
  CHECK(labels({{"bolts", "bad bolt"}, {"bolts", "good bolt"}, {"nuts", "nut"}}) == std::vector<Label>{1, 0, 2});
  const auto text = [&](const std::vector<ClassPath>& paths) {
    return testing::error_of<FormatError>([&] { labels(paths); });
  };
  CHECK(text({{"bad bolt"}, {"good bolt"}}) == "root: no folder for class 'nut'; every class needs one");
  CHECK(text({{"bad bolt"}, {"god bolt"}, {"nut"}}) ==
        "root/god bolt: the hierarchy has no class 'god bolt'; it needs one for each folder");
  CHECK(text({{"nuts", "bad bolt"}, {"bolts", "good bolt"}, {"nuts", "nut"}}) ==
        "root/nuts/bad bolt: the hierarchy has 'bad bolt' below other classes; folders must lie as the classes do");
  CHECK(text({{"a", "b", "nut"}}) == "root: class folders 3 deep; 1 or 2, the levels of the hierarchy, are needed");
}

TEST_CASE("classes that are named by their paths are found by folders of the same nesting") {
  const Taxonomy tree = taxonomy_from_paths({"fine", "superclass"}, {{"bolt", "good"}, {"nut", "good"}});
  CHECK(data::folder_labels("root", {{{"bolt", "good"}, {"a"}}, {{"nut", "good"}, {"a"}}}, tree) ==
        std::vector<Label>{0, 1});
}
