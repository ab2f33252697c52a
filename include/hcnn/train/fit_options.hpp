// What a training is asked for, and what it returns.
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
  Index epochs = 1;                            ///< passes over the data set, at least 1
  Index batch = 128;                           ///< samples a batch, at least 1
  Index accumulate = 1;                        ///< batches whose gradients are added up for a step, at least 1;
                                               ///< each counts by its samples, those without a label too
  Index limit_batches = 0;                     ///< batches of an epoch that are trained on; 0: all
  bool drop_last = false;                      ///< leave out an epoch's last batch where it is smaller than the others
  std::uint64_t seed = 1;                      ///< of shuffling, augmentation and dropout; for a second training of the
                                               ///< same model another one, or it repeats those of the first
  std::optional<data::Dataset> validate = {};  ///< measured after each epoch; unset: nothing is
  data::Augmentations augment = {};            ///< of the training images, first to last; none: as they are
  std::shared_ptr<const data::BatchAugmentation> mix = {};  ///< of the training batches: data::mixup; null: none
  data::Normalization normalization = {};          ///< of all images, after the augmentations; none: as they are
  data::Prefetch prefetch = data::Prefetch::none;  ///< who prepares the batches; no bit depends on it
  schedules::Schedule schedule = {};               ///< of the optimizer's learning rate; default: it stays as it is
  std::string monitor = {};     ///< history column that the schedule watches; "": val.loss or, without, train.loss
  double clip_norm = 0;         ///< largest Euclidean norm of all gradients together; 0: any
  Callbacks<T> callbacks = {};  ///< called in this order
  std::stop_token stop = {};    ///< asks the loop to stop after the running step
  /// Where an earlier call of `fit` with the same arguments stood (`run::resume`): the training goes on from there, to
  /// the same bits. Null: from the beginning.
  std::shared_ptr<const Snapshot> resume = {};
};

/// What `fit` returns.
struct FitResult {
  metrics::History history;      ///< of the epochs that were finished
  std::string stop_reason;       ///< who ended the training and why; empty where nobody did
  bool interrupted = false;      ///< by the stop token, perhaps inside an epoch
  std::string replaced_weights;  ///< what a callback left in the model after the last step, "averaged weights"; empty:
                                 ///< the weights of that step
  double seconds = 0;  ///< wall clock, without callbacks' beginning and end; of all calls where it was resumed
};

}  // namespace hcnn::train
