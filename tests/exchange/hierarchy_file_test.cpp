// Trees from CSV and JSON files that people write.
#include "hcnn/exchange/hierarchy_file.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "errors.hpp"
#include "hcnn/hierarchy/cifar100.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using io_test::TemporaryFolder;
using testing::error_of;
using Names = std::vector<std::string>;

namespace {

const Taxonomy kParts = taxonomy_from_paths({"part", "kind", "family"}, {{"drive", "gear", "cracked gear"},
                                                                         {"fastener", "bolt", "cracked bolt"},
                                                                         {"fastener", "bolt", "bolt"},
                                                                         {"fastener", "nut", "nut"}});

Taxonomy read_tree(const std::string& text) {
  const TemporaryFolder folder;
  io_test::put(folder / "tree", text);
  return exchange::read_taxonomy(folder / "tree");
}

/// The refusal without the name of the file.
std::string tree_refusal(const std::string& text) {
  const std::string line = error_of<FormatError>([&] { read_tree(text); });
  const auto name = line.find("/tree");
  return name == std::string::npos ? line : line.substr(name + 5);
}

}  // namespace

TEST_CASE("a CSV file has a column for each level and a row for each finest class, in any order") {
  CHECK(read_tree("part,kind,family\nnut,nut,fastener\ncracked gear,gear,drive\nbolt,bolt,fastener\n"
                  "cracked bolt,bolt,fastener\n") == kParts);
  CHECK(kParts.classes(0) == Names{"cracked gear", "bolt", "cracked bolt", "nut"});
  CHECK(read_tree("fine\nb\na\n").classes(0) == Names{"a", "b"});
}

TEST_CASE("a JSON file has the parents of each level by name") {
  CHECK(read_tree(R"( {"levels": [
    {"name": "part", "parents": {"nut": "nut", "bolt": "bolt", "cracked bolt": "bolt", "cracked gear": "gear"}},
    {"name": "kind", "parents": {"gear": "drive", "nut": "fastener", "bolt": "fastener"}},
    {"name": "family"}]})") == kParts);
}

TEST_CASE("what taxonomy_json and taxonomy_table write is read again") {
  CHECK(read_tree(exchange::taxonomy_json(cifar100_taxonomy()).dump()) == cifar100_taxonomy());
  CHECK(read_tree(io::to_text(exchange::taxonomy_table(kParts))) == kParts);
  const io::CsvTable table = exchange::taxonomy_table(kParts);
  CHECK(table.header == Names{"part", "kind", "family"});
  CHECK(table.rows[2] == Names{"cracked bolt", "bolt", "fastener"});
}

TEST_CASE("a CSV file that is no tree is refused with the file and the class") {
  CHECK(tree_refusal("part,kind\nbolt,fastener\nbolt,drive\n") ==
        ": class 'bolt' in 'fastener' and in 'drive'; every class has one parent");
  CHECK(tree_refusal("part,kind,family\na,bolt,x\nb,bolt,y\n") ==
        ": class 'bolt' in 'x' and in 'y'; every class has one parent");
  CHECK(tree_refusal("part,\nbolt,a\n") == ": a level without a name; a name for each column is needed");
  CHECK(tree_refusal("part,kind\nbolt,\n") == ": row 1 has an empty name; a class for each level is needed");
  CHECK(tree_refusal("part,kind\nbolt,a\nbolt,a\n").find("two classes 'a/bolt'") != std::string::npos);
  CHECK(tree_refusal("part,kind\n").find("no class") != std::string::npos);
  CHECK(tree_refusal("part,part\na,b\n").find("two levels named 'part'") != std::string::npos);
  CHECK(tree_refusal("part,kind\na,b,c\n") == ":2: 3 fields; the header has 2");
  CHECK(tree_refusal("").find("an empty file") != std::string::npos);
}

TEST_CASE("more than 64 levels and names that are not UTF-8 are refused, fifty thousand classes take no time") {
  std::string header = "a0", row = "x";
  for (int level = 1; level < 65; ++level) {
    header += concat(",a", level);
    row += ",x";
  }
  CHECK(tree_refusal(header + "\n" + row + "\n") == ": 65 levels; at most 64 are read");
  CHECK(tree_refusal(header.substr(0, header.rfind(',')) + "\n" + row.substr(2) + "\n") == "no error");
  CHECK(tree_refusal("part,kind\ncaf\xe9,x\n") == ": text that is not UTF-8; names in UTF-8 are needed");
  std::string many = R"({"levels":[{"name":"part","parents":{"first":"x")";
  for (int i = 0; i < 50'000; ++i) many += concat(",\"", i, "\":\"x\"");
  const auto begin = std::chrono::steady_clock::now();
  CHECK(tree_refusal(many + R"(}},{"name":"kind"}]})") == "no error");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::minutes(1));  // a search for each took minutes
}

TEST_CASE("a JSON file that is no tree is refused with the file and the class") {
  const auto levels = [](const std::string& part, const std::string& kind) {
    return R"({"levels": [{"name": "part", "parents": )" + part + R"(}, {"name": "kind", "parents": )" + kind +
           R"(}, {"name": "family"}]})";
  };
  CHECK(read_tree(levels(R"({"a": "b"})", R"({"b": "c"})")).levels() == 3);
  CHECK(tree_refusal(levels(R"({"a": "b"})", R"({"d": "c"})")) == ": no parent of 'b'; level 'kind' must give it one");
  CHECK(tree_refusal(levels(R"({"a": "b"})", R"({"b": "c", "d": "c"})")) ==
        ": class 'd' has no child; every class needs one");
  CHECK(tree_refusal(levels(R"({"a": 1})", R"({"b": "c"})")) == ": parents of part: a = 1; a text is needed");
  CHECK(tree_refusal(levels("{}", "{}")).find("no class") != std::string::npos);
  CHECK(tree_refusal(R"({"levels": [{"name": "part", "parents": {"a": "b"}}]})") ==
        ": 1 levels; at least 2 are needed");
  CHECK(tree_refusal(R"({"levels": [{"name": "part"}, {"name": "kind"}]})") == ": no member 'parents'; it is needed");
  CHECK(tree_refusal(R"({"levels": [1, 2]})").find("a JSON object is needed") != std::string::npos);
  CHECK(tree_refusal(R"({"tree": []})").find("no member 'levels'") != std::string::npos);
  CHECK(tree_refusal(R"({"levels": [], "more": 1})").find("0 levels") != std::string::npos);
  CHECK(tree_refusal("{").find("not JSON") != std::string::npos);
  CHECK(error_of<FormatError>([] { exchange::read_taxonomy("nowhere.csv"); }).starts_with("nowhere.csv: "));
}

TEST_CASE("a byte order mark before CSV or JSON is passed over") {
  const std::string mark = "\xef\xbb\xbf";
  CHECK(read_tree(mark + "a,b\nx,y\n") == read_tree("a,b\nx,y\n"));
  const std::string json = R"({"levels": [{"name": "a", "parents": {"x": "y"}}, {"name": "b"}]})";
  CHECK(read_tree(mark + json) == read_tree(json));
}
