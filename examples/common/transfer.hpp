// Transfer to other classes: part of the classes of a data set, and the trunk of a network that was trained on others.
#pragma once

#include <hcnn/io.hpp>

#include <numeric>

#include "examples/common/training_options.hpp"

namespace examples {

/// The classes that `--classes` names, of a tree of several levels: all; novel: the last fine class of each superclass;
/// base: the others.
inline ClassSubset named_classes(const Taxonomy& tree, const std::string& classes) {
  const std::vector<Label> novel = last_of_each_parent(tree);
  std::vector<Label> kept;
  for (Label k = 0; k < tree.class_count(0); ++k)
    if (classes == "all" || (std::find(novel.begin(), novel.end(), k) != novel.end()) == (classes == "novel"))
      kept.push_back(k);
  return class_subset(tree, kept);
}

/// The samples of the classes that `--classes` names. Throws OptionError for images without a tree of several levels.
inline data::Dataset with_classes(const data::Dataset& images, const std::string& classes) {
  if (classes == "all") return images;
  const Taxonomy* tree = images.taxonomy();
  if (!tree || tree->levels() < 2)
    fail<OptionError>("--classes " + classes, "images without superclasses", "a tree of several levels is needed");
  const ClassSubset part = named_classes(*tree, classes);
  return images.relabelled(part.taxonomy, part.renamed);
}

/// The first `limit` images of a keyed shuffle; all for 0.
inline data::Dataset limited(const data::Dataset& all, Index limit, std::uint64_t seed) {
  if (limit == 0 || limit >= all.size()) return all;
  std::vector<Index> order(static_cast<std::size_t>(all.size()));
  std::iota(order.begin(), order.end(), Index{0});
  RandomStream random(Seed{seed}, hash_name("limit"));
  shuffle(std::span<Index>(order), random);
  order.resize(static_cast<std::size_t>(limit));
  return all.subset(order);
}

/// Copies the trunk of a model file, with its running statistics; the heads stay as they are. Throws FormatError,
/// naming file and array, where the trunk is another one.
template <class T>
void load_trunk(const std::filesystem::path& path, Model<T>& model) {
  const std::string where = io::printable_path(path);
  exchange::LoadedModel<T> loaded = exchange::load_model<T>(path);
  const auto is_trunk = [](const auto* param) { return param->name.starts_with("trunk."); };
  const auto there = std::count_if(loaded.model.state().begin(), loaded.model.state().end(), is_trunk);
  if (const auto here = std::count_if(model.state().begin(), model.state().end(), is_trunk); here != there)
    fail<FormatError>(where, concat("a trunk of ", there, " arrays"), concat("this network's has ", here));
  for (auto* param : model.state()) {
    if (!is_trunk(param)) continue;
    const auto found = std::find_if(loaded.model.state().begin(), loaded.model.state().end(),
                                    [&](const auto* other) { return other->name == param->name; });
    if (found == loaded.model.state().end() || (*found)->dims != param->dims)
      fail<FormatError>(where, "no '" + param->name + "' of the same extents",
                        "the trunk of the same network is needed");
    std::copy_n((*found)->value(), param->size(), param->value());
    param->touch();
  }
}

}  // namespace examples
