// Label trees, CSV or JSON: what is read is written in every form and read again.
#include "hcnn/exchange/hierarchy_file.hpp"

#include "fuzz/support/target.hpp"

namespace {

using namespace hcnn;

void run_hierarchy(fuzz::Bytes bytes) {
  // What the table or the values take, and a tree of names of whole paths: 64 levels of 64 levels each.
  const std::size_t most = io::kCsvBytes + fuzz::allowed(64 * bytes.size());
  const auto tree = fuzz::checked(most, [&] { return exchange::read_taxonomy(fuzz::in_memory(bytes)); });
  if (!tree) return;
  for (Label leaf = 0; leaf < tree->class_count(0); ++leaf)
    for (Index level = 0; level < tree->levels(); ++level) {
      const Label label = tree->ancestor(leaf, 0, level);
      fuzz::claim(label >= 0 && label < tree->class_count(level), "an ancestor that does not exist");
    }
  const std::string text = io::to_text(exchange::taxonomy_json(*tree));
  const Taxonomy copy = fuzz::must("a tree that was written cannot be read",
                                   [&] { return exchange::read_taxonomy(fuzz::in_memory(text)); });
  fuzz::claim(copy == *tree, "a tree that was written comes back as another one");
}

const fuzz::Registration hierarchy_target("hierarchy", run_hierarchy);

}  // namespace
