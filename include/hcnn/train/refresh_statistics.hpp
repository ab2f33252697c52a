// Recomputes batch normalisation's running statistics for weights that were averaged or loaded.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/data/batches.hpp"
#include "hcnn/layers/batch_norm.hpp"
#include "hcnn/layers/model.hpp"

namespace hcnn::train {

/// Options of `refresh_statistics`.
struct RefreshOptions {
  Index batches = 100;                     ///< largest number of batches to use, at least 1
  Index batch = 128;                       ///< samples per batch, at least 1
  std::uint64_t seed = 1;                  ///< seed of shuffling and dropout
  data::Normalization normalization = {};  ///< normalisation of the images
  bool trunk = true;                       ///< false: the trunk keeps its statistics; only those of the heads are set
};

/// Every batch normalisation layer of the network, at any depth.
template <class T>
std::vector<BatchNorm2d<T>*> batch_norms(Model<T>& model) {
  std::vector<BatchNorm2d<T>*> found;
  const std::function<void(Layer<T>&, const std::string&)> visit = [&](Layer<T>& layer, const std::string&) {
    if (auto* norm = dynamic_cast<BatchNorm2d<T>*>(&layer)) found.push_back(norm);
    layer.for_each_child(visit);
  };
  visit(model.trunk(), "");
  model.heads().for_each_child(visit);
  return found;
}

/// Sets all running statistics to their means over training batches without augmentation: for weights that were
/// averaged or loaded from elsewhere. Parameters stay unchanged; without batch normalisation layers nothing happens.
/// Throws OptionError for an option outside its range and DataError for a data set without samples.
/// Source: Izmailov, Podoprikhin, Garipov, Vetrov, Wilson 2018, arXiv:1803.05407, section 3.2.
template <class T>
void refresh_statistics(Model<T>& model, const data::Dataset& dataset, const RefreshOptions& options = {}) {
  require_option(options.batches >= 1, "refresh_statistics", "batches", options.batches, "must be >= 1");
  if (dataset.size() == 0) fail<DataError>("refresh_statistics", "no samples", "some are needed");
  std::vector<std::pair<BatchNorm2d<T>*, double>> momenta;
  for (BatchNorm2d<T>* norm : batch_norms(model)) momenta.emplace_back(norm, norm->momentum());
  if (momenta.empty()) return;
  data::BatchLoader<T> loader(dataset, {.batch = options.batch,
                                        .shuffle = true,
                                        .seed = options.seed,
                                        .normalization = options.normalization,
                                        .drop_last = dataset.size() >= options.batch});
  loader.start(1);
  const auto restore = [&] {
    for (const auto& [norm, momentum] : momenta) norm->set_momentum(momentum);
  };
  try {
    for (Index i = 1; i <= options.batches; ++i) {
      const data::Batch<T>* batch = loader.next();
      if (!batch) break;
      for (const auto& [norm, momentum] : momenta) norm->set_momentum(1 / static_cast<double>(i));  // plain mean
      model.forward(
          batch->images,
          {.mode = Mode::train, .seed = options.seed, .epoch = 1, .samples = batch->ids, .train_trunk = options.trunk});
    }
  } catch (...) {
    restore();
    throw;
  }
  restore();
}

}  // namespace hcnn::train
