// Leaf aggregation and HXE: values, gradients, special cases, errors. PyTorch's numbers are in pytorch_test.cpp.
#include "hcnn/losses/leaf_aggregation.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "hcnn/hierarchy/cifar100.hpp"
#include "hcnn/losses/cross_entropy.hpp"
#include "hcnn/losses/hierarchical_cross_entropy.hpp"
#include "hcnn/testing/loss_check.hpp"
#include "losses/random_batch.hpp"
#include "losses/small_tree.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;
using losses::hierarchical_cross_entropy;
using losses::leaf_aggregation;

namespace {

// p = 1, 2, 3, 4, 5, 6 of 21.
Logits<double> ramp() {
  Logits<double> logits;
  Tensor<double>& z = logits.resize("fine", 1, 6);
  for (Index k = 0; k < 6; ++k) z[k] = std::log(static_cast<double>(k + 1));
  return logits;
}

void check_same(losses::LossSum<double> a, losses::LossSum<double> b) {
  const auto logits = random_logits("fine", 9, 6, 1);
  const Targets targets = labelled(random_labels(9, 6, 2, true));
  Logits<double> da, db;
  CHECK(a.evaluate(logits, targets, da).total == doctest::Approx(b.evaluate(logits, targets, db).total).epsilon(1e-12));
  for (Index i = 0; i < da["fine"].size(); ++i) CHECK(std::abs(da["fine"][i] - db["fine"][i]) < 1e-12);
}

}  // namespace

TEST_CASE("the value is the cross-entropy of every level, from summed leaf probabilities") {
  const double leaf = -std::log(3.0 / 21), middle = -std::log(12.0 / 21), top = -std::log(15.0 / 21);
  CHECK(leaf_aggregation<double>("fine", small_tree()).value(ramp(), labelled({2})).total ==
        doctest::Approx(leaf + middle + top));
  CHECK(
      leaf_aggregation<double>("fine", small_tree(), {.weights = {1, 0.5, 0.25}}).value(ramp(), labelled({2})).total ==
      doctest::Approx(leaf + 0.5 * middle + 0.25 * top));
}

TEST_CASE("a level of weight 0 counts for nothing, even where its loss is infinite") {
  Logits<double> logits = ramp(), gradient;
  logits["fine"][2] = -HUGE_VAL;  // the true class; its relatives have 4 + 5 of 18
  auto loss = leaf_aggregation<double>("fine", small_tree(), {.weights = {0, 1, 0}});
  CHECK(loss.evaluate(logits, labelled({2}), gradient).total == doctest::Approx(-std::log(9.0 / 18)));
  CHECK(gradient["fine"][2] == 0);
  CHECK(gradient["fine"][3] == doctest::Approx(4.0 / 18 - 4.0 / 9));
}

TEST_CASE("a head may have another name than its level") {
  Logits<double> logits = ramp(), renamed;
  std::copy(logits["fine"].begin(), logits["fine"].end(), renamed.resize("species", 1, 6).begin());
  CHECK(leaf_aggregation<double>("species", small_tree(), {.level = "fine"}).value(renamed, labelled({2})).total ==
        leaf_aggregation<double>("fine", small_tree()).value(logits, labelled({2})).total);
  CHECK(hierarchical_cross_entropy<double>("species", small_tree(), {.level = "fine"})
            .value(renamed, labelled({2}))
            .total == hierarchical_cross_entropy<double>("fine", small_tree()).value(logits, labelled({2})).total);
}

TEST_CASE("HXE is the weighted sum of conditional cross-entropies along the path to the root") {
  const double alpha = 0.4;
  const double steps[] = {-std::log(3.0 / 12), -std::log(12.0 / 15), -std::log(15.0 / 21)};
  CHECK(hierarchical_cross_entropy<double>("fine", small_tree(), {.alpha = alpha}).value(ramp(), labelled({2})).total ==
        doctest::Approx(steps[0] + std::exp(-alpha) * steps[1] + std::exp(-2 * alpha) * steps[2]));
}

TEST_CASE("leaf aggregation of the leaves alone, and HXE with alpha 0, are cross-entropy") {
  check_same(leaf_aggregation<double>("fine", small_tree(), {.weights = {1, 0, 0}}),
             losses::cross_entropy<double>("fine"));
  check_same(hierarchical_cross_entropy<double>("fine", small_tree(), {.alpha = 0}),
             losses::cross_entropy<double>("fine"));
}

TEST_CASE("the head may be on a coarser level than the leaves of the tree") {
  Logits<double> logits;
  Tensor<double>& z = logits.resize("superclass", 1, 3);
  for (Index k = 0; k < 3; ++k) z[k] = std::log(static_cast<double>(k + 1));
  Targets targets;
  targets.level("superclass").labels = {1};
  CHECK(leaf_aggregation<double>("superclass", small_tree()).value(logits, targets).total ==
        doctest::Approx(-std::log(2.0 / 6) - std::log(3.0 / 6)));
}

TEST_CASE("gradients of leaf aggregation and HXE agree with central differences" * doctest::test_suite("proof")) {
  Proof aggregation("LeafAggregation"), hxe("HierarchicalCrossEntropy");
  for (const BatchCase& batch : batch_cases())
    for (const bool skip : {false, true}) {
      const Index count = batch.count, classes = batch.classes;
      INFO(count, " samples, ", classes, " classes, skip ", skip);
      const auto logits = random_logits("fine", count, classes, 3);
      const Targets targets = labelled(random_labels(count, classes, 4, skip));
      losses::LeafAggregation<double> levels("fine", tree_of(classes), {.weights = {0.7, 0.3, 1.5}});
      aggregation.add(check_loss(levels, logits, targets), count, {.channels = classes});
      losses::HierarchicalCrossEntropy<double> path("fine", tree_of(classes), {.alpha = 0.8});
      hxe.add(check_loss(path, logits, targets), count, {.channels = classes});
    }
}

TEST_CASE("logits of +-1e4 stay finite in leaf aggregation and HXE") {
  const auto logits = random_logits("fine", 8, 100, 5, 1e4);
  const Targets targets = labelled(random_labels(8, 100, 6));
  for (auto& loss : {leaf_aggregation<double>("fine", cifar100_taxonomy()),
                     hierarchical_cross_entropy<double>("fine", cifar100_taxonomy())}) {
    losses::LossSum<double> copy = loss;
    Logits<double> gradients;
    CHECK(std::isfinite(copy.evaluate(logits, targets, gradients).total));
    for (const double gradient : gradients["fine"]) REQUIRE(std::isfinite(gradient));
  }
}

TEST_CASE("weights and levels that do not fit the tree are refused") {
  CHECK_THROWS_WITH_AS(leaf_aggregation("fine", small_tree(), {.weights = {1, 1}}),
                       "leaf_aggregation(fine): 2 weights; 3 are needed, one for each level from 'fine' on",
                       OptionError);
  CHECK_THROWS_AS(leaf_aggregation("fine", small_tree(), {.weights = {1, std::nan(""), 1}}), OptionError);
  CHECK_THROWS_WITH_AS(leaf_aggregation("species", small_tree()),
                       "Taxonomy: no level 'species'; levels are: fine, superclass, group", DataError);
  CHECK_THROWS_WITH_AS(hierarchical_cross_entropy("fine", small_tree(), {.alpha = -1}),
                       "hierarchical_cross_entropy(fine): alpha = -1; must be finite and >= 0", OptionError);
}
