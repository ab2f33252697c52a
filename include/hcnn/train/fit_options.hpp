// Options and result of `fit`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "hcnn/core/snapshot.hpp"
#include "hcnn/data/batch.hpp"
#include "hcnn/data/dataset.hpp"
#include "hcnn/metrics/history.hpp"
#include "hcnn/optim/schedule.hpp"
#include "hcnn/train/callbacks.hpp"

namespace hcnn::train {

/// Options of `fit`.
template <class T>
struct FitOptions {
  Index epochs = 1;         ///< passes over the data set, at least 1
  Index batch = 128;        ///< samples per batch, at least 1
  Index accumulate = 1;     ///< batches whose gradients are summed for one step, at least 1; each is weighted by its
                            ///< samples, unlabelled ones included; more than an epoch has: all of them
  Index limit_batches = 0;  ///< largest number of batches per epoch; 0: all
  bool drop_last = false;   ///< whether an epoch's last batch is left out if it is smaller than the others
  std::uint64_t seed = 1;   ///< seed of shuffling, augmentation and dropout; to train the same model again, choose
                            ///< another, or the order of the first run repeats
  std::optional<data::Dataset> validate = {};  ///< data set to evaluate after each epoch; unset: none
  data::Augmentations augment = {};            ///< augmentations of the training images, applied in this order
  std::shared_ptr<const data::BatchAugmentation> mix = {};  ///< mixes the samples of each training batch, e.g.
                                                            ///< data::mixup; null: none
  data::Normalization normalization = {};          ///< normalisation of all images, after augmentation; empty: none
  data::Prefetch prefetch = data::Prefetch::none;  ///< which threads prepare the batches; does not affect results
  schedules::Schedule schedule = {};               ///< learning-rate schedule of the optimizer; default: constant
  std::string monitor = {};     ///< history column the schedule watches; "": val.loss if validating, else train.loss
  double clip_norm = 0;         ///< largest Euclidean norm of all gradients together; 0: no clipping
  Callbacks<T> callbacks = {};  ///< callbacks, called in this order
  std::stop_token stop = {};    ///< asks the loop to stop after the current step
  /// Snapshot of an earlier call of `fit` with the same arguments (`run::resume`); training continues from there with
  /// bit-identical results. Null: start from the beginning.
  std::shared_ptr<const Snapshot> resume = {};
};

/// Result of `fit`.
struct FitResult {
  metrics::History history;      ///< records of the finished epochs
  std::string stop_reason;       ///< who ended the training and why; empty if it ran to the end
  bool interrupted = false;      ///< whether the stop token ended it, possibly inside an epoch
  std::string replaced_weights;  ///< weights that a callback put into the model after the last step, e.g. "averaged
                                 ///< weights"; empty: it has those of the last step
  double seconds = 0;  ///< wall-clock seconds, without on_train_begin and on_train_end; of all calls if resumed
};

}  // namespace hcnn::train
