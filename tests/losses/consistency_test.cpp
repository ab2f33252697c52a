// Jensen-Shannon consistency of two heads: values, gradients, errors. PyTorch's numbers are in pytorch_test.cpp.
#include "hcnn/losses/consistency.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "hcnn/testing/loss_check.hpp"
#include "losses/random_batch.hpp"
#include "losses/small_tree.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;
using losses::consistency;

namespace {

Logits<double> two_heads(const std::vector<double>& fine, const std::vector<double>& superclass) {
  Logits<double> logits;
  std::copy(fine.begin(), fine.end(), logits.resize("fine", 1, 6).data());
  std::copy(superclass.begin(), superclass.end(), logits.resize("superclass", 1, 3).data());
  return logits;
}

double value(const Logits<double>& logits) {
  return consistency<double>("fine", "superclass", small_tree()).value(logits, {}).total;
}

}  // namespace

TEST_CASE("heads that agree have a divergence of 0, heads that exclude each other of log 2") {
  const double l2 = std::log(2), l3 = std::log(3);
  CHECK(value(two_heads({0, 0, 0, 0, 0, 0}, {l2, l3, 0})) == doctest::Approx(0));
  CHECK(value(two_heads({1e4, 0, 0, 0, 0, 0}, {0, 1e4, 0})) == doctest::Approx(std::log(2)));
}

TEST_CASE("the value is half of each head's divergence from their mean") {
  // q = (2, 3, 1)/6, r = (1, 1, 2)/4
  const double q[] = {2.0 / 6, 3.0 / 6, 1.0 / 6}, r[] = {0.25, 0.25, 0.5};
  double expected = 0;
  for (int c = 0; c < 3; ++c) {
    const double m = (q[c] + r[c]) / 2;
    expected += 0.5 * q[c] * std::log(q[c] / m) + 0.5 * r[c] * std::log(r[c] / m);
  }
  CHECK(value(two_heads({0, 0, 0, 0, 0, 0}, {0, 0, std::log(2)})) == doctest::Approx(expected));
}

TEST_CASE("gradients of the divergence agree with central differences in both heads" * doctest::test_suite("proof")) {
  Proof proof("Consistency");
  for (const BatchCase& batch : batch_cases()) {
    const Index count = batch.count, classes = batch.classes;
    INFO(count, " samples, ", classes, " classes");
    const Taxonomy tree = tree_of(classes);
    const Index parents = tree.class_count(1);
    Logits<double> logits = random_logits("fine", count, classes, 3);
    const Logits<double> coarse = random_logits("superclass", count, parents, 4);
    std::copy(coarse["superclass"].begin(), coarse["superclass"].end(),
              logits.resize("superclass", count, parents).data());
    losses::Consistency<double> loss("fine", "superclass", tree);
    proof.add(check_loss(loss, logits, {}), count, {.channels = classes});
  }
}

TEST_CASE("logits of +-1e4 and an empty batch stay finite") {
  const Logits<double> logits = two_heads({1e4, -1e4, 0, 0, -1e4, 0}, {-1e4, 0, 1e4});
  Logits<double> gradients;
  auto loss = consistency<double>("fine", "superclass", small_tree());
  CHECK(std::isfinite(loss.evaluate(logits, {}, gradients).total));
  for (const auto& [head, values] : gradients)
    for (const double gradient : values) CHECK(std::isfinite(gradient));
  Logits<double> empty;
  empty.resize("fine", 0, 6);
  empty.resize("superclass", 0, 3);
  CHECK(loss.value(empty, {}).total == 0);
}

TEST_CASE("levels in the wrong order and heads of other sizes are refused") {
  CHECK_THROWS_WITH_AS(
      consistency("superclass", "fine", small_tree()),
      "consistency(superclass, fine): 'fine' is not coarser than 'superclass'; the finer level comes first", DataError);
  CHECK_THROWS_AS(consistency("fine", "kingdom", small_tree()), DataError);
  Logits<double> logits = random_logits("fine", 1, 6, 1);
  logits.resize("superclass", 1, 4);
  CHECK_THROWS_WITH_AS(
      value(logits), "consistency(fine, superclass): head 'superclass' has 4 classes; the taxonomy has 3", ShapeError);
}

TEST_CASE("heads of different numbers of samples are refused") {
  Logits<double> logits;
  logits.resize("fine", 4, 6);
  logits.resize("superclass", 2, 3);
  CHECK_THROWS_WITH_AS(value(logits), "consistency(fine, superclass): 4 and 2 samples; as many are needed", ShapeError);
}
