// Random splits of a data set that keep the class proportions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "hcnn/core/random.hpp"
#include "hcnn/data/dataset.hpp"

namespace hcnn::data {

/// Splits into a first part with `first_fraction` of every finest class (rounded to whole samples, halves up) and a
/// second part with the rest; samples without a label count as one more class. Which samples go where depends on the
/// seed and their identity, not on the order in `dataset`; both parts are sorted by identity. Throws OptionError for a
/// fraction outside (0, 1), DataError for a data set without labels.
inline std::pair<Dataset, Dataset> stratified_split(const Dataset& dataset, double first_fraction, std::uint64_t seed) {
  if (!(first_fraction > 0.0 && first_fraction < 1.0))
    fail<OptionError>("stratified_split", concat("fraction ", first_fraction), "more than 0 and less than 1 is needed");
  if (dataset.levels() == 0) fail<DataError>("stratified_split", "a data set without labels", "a level is needed");

  const auto by_identity = [&](Index a, Index b) { return dataset.id(a) < dataset.id(b); };
  std::map<Label, std::vector<Index>> classes;
  for (Index i = 0; i < dataset.size(); ++i) classes[dataset.label(0, i)].push_back(i);
  std::vector<Index> first, second;
  for (auto& [label, members] : classes) {
    std::sort(members.begin(), members.end(), by_identity);
    RandomStream random(Seed{seed}, hash_name("stratified_split"), 0, static_cast<std::uint64_t>(label + 1));
    shuffle(std::span<Index>(members), random);
    const auto cut = members.begin() + std::lround(first_fraction * static_cast<double>(members.size()));
    first.insert(first.end(), members.begin(), cut);
    second.insert(second.end(), cut, members.end());
  }
  std::sort(first.begin(), first.end(), by_identity);
  std::sort(second.begin(), second.end(), by_identity);
  return {dataset.subset(first), dataset.subset(second)};
}

}  // namespace hcnn::data
