// Class weights for data sets whose classes differ in size.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hcnn/data/dataset.hpp"

namespace hcnn::data {

/// Number of samples of each class of a level; samples without a label are left out. Throws DataError for a level that
/// does not exist.
inline std::vector<Index> class_counts(const Dataset& dataset, std::string_view level) {
  const Index at = dataset.level_index(level);
  std::vector<Index> counts(static_cast<std::size_t>(dataset.class_count(at)), 0);
  for (Index i = 0; i < dataset.size(); ++i)
    if (const Label label = dataset.label(at, i); label != kNoLabel) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

/// Weights that make all classes count alike, however many samples they have:  w_k = n / (K n_k)  for n labelled
/// samples in K classes, n_k of them in class k. With equal counts every weight is 1. For
/// `CrossEntropyOptions::class_weights`; scikit-learn calls them "balanced". Throws DataError for a level that does not
/// exist and for a class without samples.
inline std::vector<double> balanced_class_weights(const Dataset& dataset, std::string_view level) {
  const std::vector<Index> counts = class_counts(dataset, level);
  Index labelled = 0;
  for (const Index count : counts) labelled += count;
  std::vector<double> weights;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] == 0)
      fail<DataError>("balanced_class_weights", concat("no sample of class ", k, " of level '", level, "'"),
                      "every class needs one");
    weights.push_back(static_cast<double>(labelled) / static_cast<double>(counts.size()) /
                      static_cast<double>(counts[k]));
  }
  return weights;
}

}  // namespace hcnn::data
