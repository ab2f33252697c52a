// The batch loader: order, partial batches, augmentation keys, background thread.
#include "hcnn/data/batches.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "count_allocations.hpp"
#include "hcnn/core/bfloat16.hpp"

using namespace hcnn;
using data::BatchLoader;
using data::Prefetch;

namespace {

const Shape kBatchShape{.height = 6, .width = 5, .channels = 2};

/// Sample i has label i % 7 at level "fine", i % 2 at "coarse", and pixels that only it has.
data::Dataset numbered(Index count) {
  std::vector<float> pixels;
  std::vector<Label> fine, coarse;
  for (Index i = 0; i < count; ++i) {
    for (Index k = 0; k < kBatchShape.size(); ++k)
      pixels.push_back(static_cast<float>(i) + static_cast<float>(k) / 64.0F);
    fine.push_back(static_cast<Label>(i % 7));
    coarse.push_back(static_cast<Label>(i % 2));
  }
  return data::Dataset(kBatchShape, pixels, {{"fine", 7, fine}, {"coarse", 2, coarse}});
}

data::BatchOptions augmented(Prefetch prefetch) {
  return {.batch = 8,
          .seed = 5,
          .augment = {data::pad_crop(2), data::horizontal_flip(), data::cutout(2)},
          .normalization = {.mean = {3, 4}, .deviation = {2, 8}},
          .prefetch = prefetch};
}

template <class T>
struct Epoch {
  std::vector<std::uint64_t> ids;
  std::vector<T> values;
  friend bool operator==(const Epoch&, const Epoch&) = default;
};

template <class T>
Epoch<T> read(BatchLoader<T>& loader, std::uint64_t epoch, Index skip = 0) {
  Epoch<T> result;
  loader.start(epoch, skip);
  while (const data::Batch<T>* batch = loader.next()) {
    result.ids.insert(result.ids.end(), batch->ids.begin(), batch->ids.end());
    result.values.insert(result.values.end(), batch->images.begin(), batch->images.end());
  }
  return result;
}

/// Throws for the fifth sample.
class Broken : public data::Augmentation {
 public:
  std::string name() const override { return "broken"; }
  void apply(float* image, const Shape&, RandomStream&, Workspace&) const override {
    if (image[0] == 4.0F) throw DataError("broken: sample 4; another is expected");
  }
};

}  // namespace

TEST_CASE("every sample comes once an epoch with its own pixels and labels, the last batch partial") {
  for (const Prefetch prefetch : {Prefetch::none, Prefetch::background}) {
    BatchLoader<float> loader(numbered(19), {.batch = 8, .seed = 1, .prefetch = prefetch});
    CHECK(loader.batches_per_epoch() == 3);
    CHECK(loader.next() == nullptr);
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      std::set<std::uint64_t> seen;
      std::vector<Index> sizes;
      loader.start(epoch);
      while (const data::Batch<float>* batch = loader.next()) {
        sizes.push_back(batch->count());
        REQUIRE(static_cast<Index>(batch->ids.size()) == batch->count());
        REQUIRE(static_cast<Index>(batch->targets["fine"].labels.size()) == batch->count());
        REQUIRE(static_cast<Index>(batch->targets["coarse"].labels.size()) == batch->count());
        for (Index n = 0; n < batch->count(); ++n) {
          const auto at = static_cast<std::size_t>(n);
          const std::uint64_t id = batch->ids[at];
          seen.insert(id);
          CHECK(batch->targets["fine"].labels[at] == static_cast<Label>(id % 7));
          CHECK(batch->targets["coarse"].labels[at] == static_cast<Label>(id % 2));
          CHECK(batch->images.view().sample(n)[3] == static_cast<float>(id) + 3.0F / 64.0F);
        }
      }
      CHECK(sizes == std::vector<Index>{8, 8, 3});
      CHECK(seen.size() == 19);
      CHECK(loader.next() == nullptr);
    }
  }
}

TEST_CASE("the last partial batch is left out when asked") {
  for (const Index count : {16, 17, 23}) {
    BatchLoader<float> loader(numbered(count), {.batch = 8, .drop_last = true});
    CHECK(loader.batches_per_epoch() == 2);
    CHECK(read(loader, 0).ids.size() == 16);
  }
}

TEST_CASE("a batch larger than the data set and an empty data set are served") {
  BatchLoader<float> large(numbered(3), {.batch = 8});
  CHECK(read(large, 0).ids.size() == 3);
  BatchLoader<float> none(numbered(3).subset({}), {.batch = 8, .prefetch = Prefetch::background});
  CHECK(none.batches_per_epoch() == 0);
  CHECK(read(none, 0).ids.empty());
}

TEST_CASE("the order changes with the epoch and the seed, and comes back") {
  BatchLoader<float> loader(numbered(40), {.batch = 8, .seed = 1});
  BatchLoader<float> other(numbered(40), {.batch = 8, .seed = 2});
  BatchLoader<float> plain(numbered(40), {.batch = 8, .shuffle = false});
  const auto first = read(loader, 0).ids;
  CHECK(first != read(loader, 1).ids);
  CHECK(first != read(other, 0).ids);
  CHECK(first == read(loader, 0).ids);
  CHECK(first != read(plain, 0).ids);
  CHECK(std::is_sorted(first.begin(), first.end()) == false);
  const auto in_order = read(plain, 3).ids;
  CHECK(std::is_sorted(in_order.begin(), in_order.end()));
}

TEST_CASE("augmented batches have the same bits with 1 and 3 threads and with a background thread") {
  const auto epoch = [](int threads, Prefetch prefetch) {
    const ThreadCountScope scope(threads);
    BatchLoader<float> loader(numbered(45), augmented(prefetch));
    return read(loader, 2);
  };
  const Epoch<float> serial = epoch(1, Prefetch::none);
  CHECK(epoch(3, Prefetch::none) == serial);
  CHECK(epoch(3, Prefetch::background) == serial);
  BatchLoader<float> loader(numbered(45), augmented(Prefetch::none));
  CHECK(read(loader, 3) != serial);
}

TEST_CASE("a sample is augmented in another way in another epoch") {
  auto options = augmented(Prefetch::none);
  options.shuffle = false;
  BatchLoader<float> loader(numbered(8), options);
  CHECK(read(loader, 0).values != read(loader, 1).values);
}

TEST_CASE("a batch stays as it is while the background thread prepares the next one") {
  BatchLoader<float> loader(numbered(45), augmented(Prefetch::background));
  loader.start(0);
  for (int step = 0; step < 3; ++step) {
    const data::Batch<float>* batch = loader.next();
    const std::vector<std::uint64_t> ids = batch->ids;
    const std::vector<float> values(batch->images.begin(), batch->images.end());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // long enough for all that may be prepared
    CHECK(batch->ids == ids);
    CHECK(std::equal(values.begin(), values.end(), batch->images.begin()));
  }
}

TEST_CASE("an augmentation depends on the identity of a sample, not on its place in the epoch") {
  auto options = augmented(Prefetch::none);
  options.shuffle = false;
  const std::vector<Index> some{30, 7};
  BatchLoader<float> all(numbered(45), options), two(numbered(45).subset(some), options);
  const Epoch<float> whole = read(all, 1), part = read(two, 1);
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(std::equal(part.values.begin() + static_cast<Index>(i) * kBatchShape.size(),
                     part.values.begin() + static_cast<Index>(i + 1) * kBatchShape.size(),
                     whole.values.begin() + some[i] * kBatchShape.size()));
}

TEST_CASE("skipped batches are those that came first, and the rest is as it was") {
  for (const Prefetch prefetch : {Prefetch::none, Prefetch::background}) {
    BatchLoader<float> loader(numbered(45), augmented(prefetch));
    const Epoch<float> whole = read(loader, 4), rest = read(loader, 4, 2);
    CHECK(rest.ids == std::vector<std::uint64_t>(whole.ids.begin() + 16, whole.ids.end()));
    CHECK(rest.values == std::vector<float>(whole.values.begin() + 16 * kBatchShape.size(), whole.values.end()));
    CHECK(read(loader, 4, 99).ids.empty());
  }
}

TEST_CASE("an epoch may be given up in the middle") {
  for (const Prefetch prefetch : {Prefetch::none, Prefetch::background}) {
    BatchLoader<float> loader(numbered(45), augmented(prefetch));
    const Epoch<float> whole = read(loader, 1);
    loader.start(0);
    loader.next();
    CHECK(read(loader, 1) == whole);
    loader.start(2);
    loader.next();
  }  // and so may a loader
}

TEST_CASE("normalisation comes last: zero padding is black, not the mean") {
  auto options = augmented(Prefetch::none);
  options.augment = {data::cutout(50)};
  BatchLoader<float> loader(numbered(1), options);
  const Epoch<float> black = read(loader, 0);
  CHECK(black.values[0] == -1.5F);  // (0 - 3) / 2
  CHECK(black.values[1] == -0.5F);  // (0 - 4) / 8
}

TEST_CASE("batches of double and bfloat16 are the float batches, converted") {
  BatchLoader<float> floats(numbered(20), augmented(Prefetch::none));
  BatchLoader<double> doubles(numbered(20), augmented(Prefetch::background));
  BatchLoader<bfloat16> halves(numbered(20), augmented(Prefetch::none));
  const auto f = read(floats, 0);
  const auto d = read(doubles, 0);
  const auto h = read(halves, 0);
  REQUIRE(d.values.size() == f.values.size());
  REQUIRE(h.values.size() == f.values.size());
  for (std::size_t i = 0; i < f.values.size(); ++i) {
    REQUIRE(d.values[i] == static_cast<double>(f.values[i]));
    REQUIRE(h.values[i].bits == bfloat16(f.values[i]).bits);
  }
}

TEST_CASE("no batch after the first epoch allocates memory") {
  for (const Prefetch prefetch : {Prefetch::none, Prefetch::background}) {
    BatchLoader<bfloat16> loader(numbered(45), augmented(prefetch));
    read(loader, 0);
    for (std::uint64_t epoch = 1; epoch < 4; ++epoch) {
      loader.start(epoch);
      const long allocations = testing::allocations_in([&] {
        while (loader.next() != nullptr) continue;
      });
      CHECK(allocations == 0);
    }
  }
}

TEST_CASE("what an augmentation throws comes out of next, and ends the epoch only") {
  for (const Prefetch prefetch : {Prefetch::none, Prefetch::background}) {
    BatchLoader<float> loader(
        numbered(10), {.batch = 3, .shuffle = false, .augment = {std::make_shared<Broken>()}, .prefetch = prefetch});
    for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
      loader.start(epoch);
      CHECK(loader.next() != nullptr);
      CHECK_THROWS_WITH_AS(loader.next(), "broken: sample 4; another is expected", DataError);
      CHECK(loader.next() == nullptr);
    }
  }
}

TEST_CASE("options of a loader that cannot work are refused") {
  CHECK_THROWS_AS(BatchLoader<float>(numbered(3), {.batch = 0}), OptionError);
  CHECK_THROWS_AS(BatchLoader<float>(numbered(3), {.augment = {nullptr}}), OptionError);
  CHECK_THROWS_AS(BatchLoader<float>(numbered(3), {.augment = {data::pad_crop(5, data::PadMode::reflect)}}),
                  ShapeError);
  CHECK_THROWS_AS(BatchLoader<float>(numbered(3), {.normalization = {.mean = {1}, .deviation = {1}}}), ShapeError);
  BatchLoader<float> loader(numbered(3));
  CHECK_THROWS_AS(loader.start(0, -1), OptionError);
}
