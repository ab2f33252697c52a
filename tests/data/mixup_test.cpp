// Mixup: means of images and targets, the distribution of their shares, and that nothing but its key decides.
#include "hcnn/data/mixup.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "count_allocations.hpp"
#include "hcnn/core/snapshot.hpp"
#include "hcnn/data/batches.hpp"
#include "hcnn/optim/sgd.hpp"
#include "hcnn/train/fit.hpp"
#include "train/small_training.hpp"

using namespace hcnn;
using namespace hcnn::testing;
using data::Batch;

namespace {

template <class T>
Batch<T> first_batch(const data::Dataset& images, std::shared_ptr<const data::BatchAugmentation> mix, Index count,
                     data::Prefetch prefetch = data::Prefetch::none, Index skip = 0) {
  data::BatchLoader<T> loader(images, {.batch = count, .seed = 3, .mix = std::move(mix), .prefetch = prefetch});
  loader.start(2, skip);
  const Batch<T>* batch = loader.next();
  Batch<T> copy;
  copy.images = batch->images;
  copy.targets = batch->targets;
  copy.ids = batch->ids;
  return copy;
}

}  // namespace

TEST_CASE_TEMPLATE("neighbours are mixed with each other, images and targets by the same share", T, float, double,
                   bfloat16) {
  const data::Dataset images = small_images(20);
  const Batch<T> plain = first_batch<T>(images, nullptr, 7), mixed = first_batch<T>(images, data::mixup(0.4), 7);
  CHECK(plain.ids == mixed.ids);
  CHECK(plain.targets["fine"].probabilities.size() == 0);
  const Index size = images.shape().size();
  for (const char* level : {"fine", "group"}) {
    const auto& before = plain.targets[level];
    const auto& after = mixed.targets[level];
    CHECK(before.labels == after.labels);
    REQUIRE(after.probabilities.shape().size() == (level[0] == 'f' ? 4 : 2));
    for (Index n = 0; n < 7; ++n) {
      const Index other = n == 6 ? 6 : n ^ 1;
      const std::span<const double> t = row(after.probabilities, n);
      const auto own = static_cast<std::size_t>(before.labels[static_cast<std::size_t>(n)]);
      const auto theirs = static_cast<std::size_t>(before.labels[static_cast<std::size_t>(other)]);
      CHECK(std::accumulate(t.begin(), t.end(), 0.0) == doctest::Approx(1).epsilon(1e-12));
      CHECK(t[own] >= 0.5);
      CHECK(t[own] + (own == theirs ? 0 : t[theirs]) == doctest::Approx(1).epsilon(1e-12));
      const double share = own == theirs ? -1 : t[own];  // not told where both are of one class
      for (Index i = 0; share >= 0 && i < size; ++i) {
        const double x = static_cast<double>(Master<T>(plain.images[n * size + i]));
        const double y = static_cast<double>(Master<T>(plain.images[other * size + i]));
        const double tolerance = std::is_same_v<T, bfloat16> ? 4e-3 : 1e-6;
        CHECK(static_cast<double>(Master<T>(mixed.images[n * size + i])) ==
              doctest::Approx(share * x + (1 - share) * y).epsilon(tolerance));
      }
      if (n == 6) CHECK(t[own] == 1);
    }
  }
}

TEST_CASE("a sample without a label has no target, and its partner its own alone") {
  Batch<float> batch;
  batch.images.resize(4, {1, 1, 1});
  for (Index n = 0; n < 4; ++n) batch.images[n] = static_cast<float>(n);
  batch.targets.level("fine").labels = {2, kNoLabel, kNoLabel, 1};
  const std::vector<Index> classes = {3};
  RandomStream random(Seed{1}, hash_name("mix"));
  data::mixup(5)->apply(batch, classes, random);
  const Tensor<double>& t = batch.targets["fine"].probabilities;
  CHECK(std::vector<double>(t.begin(), t.end()) == std::vector<double>{0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  CHECK(batch.images[0] > 0);
}

TEST_CASE("shares have the mean and the variance of their beta distribution, for small alphas too") {
  for (const double alpha : {0.01, 0.2, 1.0, 4.0}) {
    CAPTURE(alpha);
    RandomStream random(Seed{1}, hash_name("beta"));
    double sum = 0, squares = 0;
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i) {
      const double x = data::symmetric_beta_variate(alpha, random);
      REQUIRE((x >= 0 && x <= 1));
      sum += x;
      squares += (x - 0.5) * (x - 0.5);
    }
    const double variance = 1 / (4 * (2 * alpha + 1));
    CHECK(std::abs(sum / kDraws - 0.5) < 4 * std::sqrt(variance / kDraws));  // 4 standard errors
    CHECK(std::abs(squares / kDraws - variance) < 0.05 * variance);          // at most 3.3 % for these
  }
}

TEST_CASE("the mixed batch depends on seed, epoch and place alone, and a steady step allocates nothing") {
  const data::Dataset images = small_images(40);
  const auto mix = data::mixup(1);
  const Batch<float> second = first_batch<float>(images, mix, 8, data::Prefetch::none, 1);
  const Batch<float> ahead = first_batch<float>(images, mix, 8, data::Prefetch::background, 1);
  CHECK(std::equal(second.images.begin(), second.images.end(), ahead.images.begin()));
  data::BatchLoader<float> loader(images, {.batch = 8, .seed = 3, .mix = mix});
  loader.start(2);
  loader.next();
  const Batch<float>* batch = loader.next();
  CHECK(std::equal(second.images.begin(), second.images.end(), batch->images.begin()));
  loader.next();
  CHECK(allocations_in([&] { loader.next(); }) == 0);
}

TEST_CASE("a training with mixup learns, and one that was saved goes on to the same bits") {
  const data::Dataset images = small_images(64);
  std::shared_ptr<const Snapshot> middle;
  struct Keep : train::Callback<float> {
    explicit Keep(std::shared_ptr<const Snapshot>& kept) : place(kept) {}
    void on_step_end(train::FitState<float>& state) override {
      if (state.epoch == 3 && state.step == 2) state.request_snapshot();
    }
    void on_snapshot(train::FitState<float>&, const Snapshot& snapshot) override {
      place = std::make_shared<const Snapshot>(snapshot);
    }
    std::shared_ptr<const Snapshot>& place;
  };
  const auto run = [&](std::shared_ptr<const Snapshot> from, bool keep, double alpha) {
    Model<float> model = small_model<float>(0);
    auto loss = two_heads<float>();
    SGD<float> optimizer{model.parameters(), {.learning_rate = 0.05, .momentum = 0.9}};
    train::FitOptions<float> options{.epochs = 8, .batch = 16, .mix = data::mixup(alpha)};
    if (keep) options.callbacks.push_back(std::make_shared<Keep>(middle));
    options.resume = std::move(from);
    const auto result = train::fit(model, loss, optimizer, images, options);
    CHECK(train::evaluate(model, loss, images).find("fine")->top1.value() > 0.9);
    return weights(model);
  };
  const auto whole = run(nullptr, true, 0.3);
  REQUIRE(middle);
  CHECK(run(middle, false, 0.3) == whole);
  CHECK_THROWS_AS(run(middle, false, 0.4), FormatError);  // another training
}

TEST_CASE("an alpha that makes no distribution is refused") {
  for (const double alpha : {0.0, -1.0, HUGE_VAL}) CHECK_THROWS_AS(data::mixup(alpha), OptionError);
  CHECK(data::mixup(0.5)->name() == "mixup(0.5)");
}
