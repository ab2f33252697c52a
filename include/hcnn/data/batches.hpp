// From samples to batches: shuffled each epoch, augmented, normalised; optionally prepared by a background thread.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <numeric>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "hcnn/core/parallel.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/core/workspace.hpp"
#include "hcnn/data/batch.hpp"
#include "hcnn/data/batch_augmentation.hpp"
#include "hcnn/data/dataset.hpp"

namespace hcnn::data {

/// Batches of a data set, epoch by epoch: `loader.start(epoch); while (const auto* batch = loader.next()) ...`. The
/// order depends on (seed, epoch), an augmentation on (seed, epoch, identity): bitwise the same at any number of
/// threads, with and without a background thread. Allocates nothing after the first batches. Not thread-safe.
template <class T>
class BatchLoader {
 public:
  /// Throws OptionError for a batch size below 1, and what the checks of augmentations and normalisation throw.
  explicit BatchLoader(Dataset dataset, BatchOptions options = {})
      : dataset_(std::move(dataset)), options_(std::move(options)), order_(static_cast<std::size_t>(dataset_.size())) {
    if (options_.batch < 1) fail<OptionError>("BatchLoader", concat("batch ", options_.batch), "at least 1 is needed");
    for (const auto& augmentation : options_.augment) {
      if (!augmentation) fail<OptionError>("BatchLoader", "a null augmentation", "an object is needed");
      augmentation->check(dataset_.shape());
    }
    options_.normalization.check(dataset_.shape());
    for (Index level = 0; level < dataset_.levels(); ++level) classes_.push_back(dataset_.class_count(level));
  }
  ~BatchLoader() { stop(); }
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  /// The data set being read.
  const Dataset& dataset() const { return dataset_; }
  /// Number of batches per epoch, including an incomplete last one unless `drop_last` is set.
  Index batches_per_epoch() const {
    return dataset_.size() / options_.batch + (!options_.drop_last && dataset_.size() % options_.batch != 0 ? 1 : 0);
  }

  /// Starts an epoch without its first `skip` batches; ends the one in progress. Throws OptionError for skip < 0.
  void start(std::uint64_t epoch, Index skip = 0) {
    if (skip < 0) fail<OptionError>("BatchLoader::start", concat("skip ", skip), "at least 0 is needed");
    stop();
    epoch_ = epoch;
    std::iota(order_.begin(), order_.end(), Index{0});
    RandomStream random(Seed{options_.seed}, hash_name("batch order"), epoch);
    if (options_.shuffle) shuffle(std::span<Index>(order_), random);
    end_ = batches_per_epoch();
    taken_ = prepared_ = std::min(skip, end_);
    if (options_.prefetch == Prefetch::background) worker_ = std::thread([this] { prepare_ahead(); });
  }

  /// The next batch, valid until the next call of `next` or `start`; null at the end of the epoch and before the first
  /// `start`. Rethrows what an augmentation throws, also in the background thread; this ends the epoch.
  const Batch<T>* next() {
    if (taken_ == end_) return nullptr;
    Batch<T>& batch = slot(taken_);
    if (options_.prefetch == Prefetch::none) {
      const Index position = std::exchange(taken_, end_);
      prepare(position, batch);
      taken_ = position + 1;
      return &batch;
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return prepared_ > taken_ || error_; });
    if (prepared_ == taken_) {  // else the batch was ready before the error
      taken_ = end_;
      lock.unlock();
      worker_.join();  // so that nobody else holds the exception
      std::rethrow_exception(std::exchange(error_, nullptr));
    }
    ++taken_;
    changed_.notify_all();
    return &batch;
  }

 private:
  Batch<T>& slot(Index batch) { return slots_[static_cast<std::size_t>(batch % 2)]; }

  // The background thread. While the caller works on batch taken_ - 1, the other slot is free for batch taken_.
  void prepare_ahead() {
    try {
      for (Index batch = prepared_; batch < end_; ++batch) {
        {
          std::unique_lock lock(mutex_);
          changed_.wait(lock, [&] { return batch <= taken_ || stopping_; });
          if (stopping_) return;
        }
        prepare(batch, slot(batch));
        const std::lock_guard lock(mutex_);
        prepared_ = batch + 1;
        changed_.notify_all();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      error_ = std::current_exception();
      changed_.notify_all();
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    if (worker_.joinable()) worker_.join();
    stopping_ = false;
    error_ = nullptr;
  }

  void prepare(Index position, Batch<T>& batch) {
    const Index first = position * options_.batch, count = std::min(options_.batch, dataset_.size() - first);
    const Index* members = order_.data() + first;
    batch.images.resize(count, dataset_.shape());
    batch.ids.resize(static_cast<std::size_t>(count));
    for (Index n = 0; n < count; ++n) batch.ids[static_cast<std::size_t>(n)] = dataset_.id(members[n]);
    for (Index level = 0; level < dataset_.levels(); ++level) {
      std::vector<Label>& labels = batch.targets.level(dataset_.level_name(level)).labels;
      labels.resize(static_cast<std::size_t>(count));
      for (Index n = 0; n < count; ++n) labels[static_cast<std::size_t>(n)] = dataset_.label(level, members[n]);
    }
    const TensorView<T> images = batch.images;
    if (options_.prefetch == Prefetch::background)  // several would compete with the training step for the cores
      for (Index n = 0; n < count; ++n) prepare_image(members[n], images.sample(n), scratch_);
    else
      parallel_for(count, [&](Index n) { prepare_image(members[n], images.sample(n), thread_scratch()); });
    if (!options_.mix) return;
    RandomStream random(Seed{options_.seed}, hash_name("mix"), epoch_, static_cast<std::uint64_t>(position));
    options_.mix->apply(batch, classes_, random);
  }

  void prepare_image(Index i, T* out, Workspace& scratch) const {
    const Shape& shape = dataset_.shape();
    const WorkspaceScope scope(scratch);
    float* image = nullptr;
    if constexpr (std::is_same_v<T, float>)
      image = out;
    else
      image = scratch.take<float>(shape.size());
    dataset_.copy_image(i, image);
    RandomStream random(Seed{options_.seed}, hash_name("augmentation"), epoch_, dataset_.id(i));
    for (const auto& augmentation : options_.augment) augmentation->apply(image, shape, random, scratch);
    options_.normalization.apply(image, shape);
    if constexpr (!std::is_same_v<T, float>)
      std::transform(image, image + shape.size(), out, [](float value) { return static_cast<T>(value); });
  }

  Dataset dataset_;
  BatchOptions options_;
  std::vector<Index> classes_;  // number of classes of each level
  std::vector<Index> order_;    // data set indices in the order of this epoch
  std::uint64_t epoch_ = 0;
  std::array<Batch<T>, 2> slots_;
  Index taken_ = 0, end_ = 0;  // batches handed out, including skipped ones; end of the epoch

  // Shared with the background thread and guarded by the mutex; the thread also reads taken_.
  std::mutex mutex_;
  std::condition_variable changed_;
  Index prepared_ = 0;
  bool stopping_ = false;
  std::exception_ptr error_;
  Workspace scratch_;  // of the background thread; outlives it, so that an epoch allocates nothing
  std::thread worker_;
};

}  // namespace hcnn::data
