// Losses of one sample at a time, and soft labels, under soft targets such as mixup's.
#include "hcnn/losses/per_sample.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "hcnn/losses/expected_severity.hpp"
#include "hcnn/losses/hierarchical_cross_entropy.hpp"
#include "hcnn/losses/leaf_aggregation.hpp"
#include "hcnn/losses/learnable_severity.hpp"
#include "hcnn/losses/soft_labels.hpp"
#include "losses/random_batch.hpp"
#include "losses/small_tree.hpp"

using namespace hcnn;
using namespace hcnn::testing;

namespace {

/// Value and all gradients of a loss.
struct Measured {
  double value;
  std::vector<double> gradients;
};

Measured measure(losses::LossSum<double> loss, const Logits<double>& logits, const Targets& targets) {
  ParamList<double> own;
  loss.attach("loss", own);
  Logits<double> gradients;
  Measured measured{loss.evaluate(logits, targets, gradients).total, {}};
  for (const double value : gradients["fine"]) measured.gradients.push_back(value);
  for (const auto* param : own)
    measured.gradients.insert(measured.gradients.end(), param->grad(), param->grad() + param->size());
  return measured;
}

std::vector<losses::LossSum<double>> tree_losses(const Taxonomy& tree) {
  const CostMatrix costs = severity_matrix(tree);
  return {losses::expected_severity<double>("fine", costs), losses::hierarchical_cross_entropy<double>("fine", tree),
          losses::leaf_aggregation<double>("fine", tree), losses::learnable_severity<double>("fine", tree),
          losses::soft_labels<double>("fine", costs, {.beta = 4})};
}

}  // namespace

TEST_CASE("soft targets mix the losses of their classes, in value and gradient") {
  const Taxonomy tree = small_tree();
  const Logits<double> logits = random_logits("fine", 3, 6, 5);
  Targets soft = labelled({1, kNoLabel, 4});
  Tensor<double>& q = soft.level("fine").probabilities;
  q = Tensor<double>(3, Shape{.channels = 6}, 0.0);
  for (const auto& [sample, truth, share] : {std::tuple{0, 1, 0.7}, {0, 3, 0.3}, {2, 4, 0.6}, {2, 0, 0.4}})
    q.data()[6 * sample + truth] = share;
  for (auto& loss : tree_losses(tree)) {
    CAPTURE(loss.name(0));
    const Measured mixed = measure(loss, logits, soft);
    // 0.7 of sample 0 as class 1 and 0.3 of it as class 3; 0.6 of sample 2 as class 4 and 0.4 of it as class 0.
    Measured sum{0, std::vector<double>(mixed.gradients.size(), 0.0)};
    for (const auto& [labels, share] : {std::pair{std::vector<Label>{1, kNoLabel, 4}, 0.6},
                                        {std::vector<Label>{1, kNoLabel, 0}, 0.1},
                                        {std::vector<Label>{3, kNoLabel, 0}, 0.3}}) {
      const Measured part = measure(loss, logits, labelled(labels));
      sum.value += share * part.value;
      for (std::size_t i = 0; i < part.gradients.size(); ++i) sum.gradients[i] += share * part.gradients[i];
    }
    CHECK(mixed.value == doctest::Approx(sum.value).epsilon(1e-12));
    for (std::size_t i = 0; i < sum.gradients.size(); ++i)
      CHECK(std::abs(mixed.gradients[i] - sum.gradients[i]) <= 1e-12);
  }
}

TEST_CASE("one-hot soft targets are labels, bit for bit") {
  const Logits<double> logits = random_logits("fine", 2, 6, 6);
  const Targets labels = labelled({5, 2});
  Targets soft = labels;
  soft.level("fine").probabilities = Tensor<double>(2, Shape{.channels = 6}, 0.0);
  soft.level("fine").probabilities.data()[5] = soft.level("fine").probabilities.data()[6 + 2] = 1;
  for (auto& loss : tree_losses(small_tree())) {
    CAPTURE(loss.name(0));
    const Measured a = measure(loss, logits, labels), b = measure(loss, logits, soft);
    CHECK(a.value == b.value);
    CHECK(a.gradients == b.gradients);
  }
}

TEST_CASE("soft targets of another extent are refused") {
  for (auto& loss : tree_losses(small_tree())) {
    Targets soft = labelled({5, 2});
    soft.level("fine").probabilities = Tensor<double>(2, Shape{.channels = 5}, 0.2);
    CHECK_THROWS_WITH_AS(loss.value(random_logits("fine", 2, 6, 6), soft),
                         (loss.name(0) + ": soft targets (2, 5); logits are (2, 6)").c_str(), ShapeError);
  }
}
