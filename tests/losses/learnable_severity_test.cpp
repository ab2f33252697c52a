// Learnable severity: values, gradients by logits and weights, and that the weights do not collapse.
#include "hcnn/losses/learnable_severity.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "hcnn/losses/severity.hpp"
#include "hcnn/optim/sgd.hpp"
#include "hcnn/testing/loss_check.hpp"
#include "losses/random_batch.hpp"
#include "losses/small_tree.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;
using losses::learnable_severity;

namespace {

// Class k gets logit 2, the others 0.
Logits<double> predicting(const std::vector<Label>& classes) {
  Logits<double> logits;
  Tensor<double>& z = logits.resize("fine", static_cast<Index>(classes.size()), 6);
  std::fill(z.begin(), z.end(), 0.0);
  for (std::size_t n = 0; n < classes.size(); ++n) z[static_cast<Index>(n) * 6 + classes[n]] = 2;
  return logits;
}

const double kMistake = std::log(5 + std::exp(2.0));  // cross-entropy of a mistake above

}  // namespace

TEST_CASE("at the start the loss is the report's severity loss less the constants h log h") {
  const auto logits = random_logits("fine", 9, 6, 1);
  const auto labels = random_labels(9, 6, 2);
  double constants = 0;
  for (Index n = 0; n < 9; ++n)
    if (const int h = small_tree().severity(labels[static_cast<std::size_t>(n)], argmax(row(logits["fine"], n))); h > 0)
      constants += h * std::log(h) / 9;
  Logits<double> da, db;
  auto learnable = learnable_severity<double>("fine", small_tree());
  auto fixed = losses::severity<double>("fine", severity_matrix(small_tree()));
  const double value = learnable.evaluate(logits, labelled(labels), da).total;
  CHECK(value + constants == doctest::Approx(fixed.evaluate(logits, labelled(labels), db).total));
  for (Index i = 0; i < da["fine"].size(); ++i) CHECK(std::abs(da["fine"][i] - db["fine"][i]) < 1e-12);
}

TEST_CASE("gradients by the logits and by the weights agree with central differences" * doctest::test_suite("proof")) {
  Proof proof("LearnableSeverity"), sum("LossSum");
  for (const BatchCase& batch : batch_cases())
    for (const bool skip : {false, true}) {
      const Index count = batch.count, classes = batch.classes;
      INFO(count, " samples, ", classes, " classes, skip ", skip);
      const auto logits = random_logits("fine", count, classes, 3);
      const Targets targets = labelled(random_labels(count, classes, 4, skip));
      losses::LearnableSeverity<double> term("fine", tree_of(classes));
      proof.add(check_loss(term, logits, targets), count, {.channels = classes});
      auto alone = learnable_severity<double>("fine", tree_of(classes));
      sum.add(check_loss(alone, logits, targets), count, {.channels = classes});
    }
}

TEST_CASE("trained on fixed logits the weights settle at severity over mean cross-entropy, and nowhere near 0") {
  losses::LearnableSeverity<double> loss("fine", small_tree());
  ParamList<double> params;
  loss.attach("loss", params);
  REQUIRE(params.size() == 1);
  CHECK(params.front()->name == "loss.log_weights");
  CHECK(params.front()->role == Role::loss);
  SGD<double> optimizer{params, {.learning_rate = 0.3}};
  const Logits<double> logits = predicting({1, 1, 3, 5, 0});  // severities 1, 1, 2, 3, 0 for labels of class 0
  Logits<double> gradients = logits;
  for (int step = 0; step < 500; ++step) {
    loss.evaluate(logits, labelled({0, 0, 0, 0, 0}), gradients, 1);
    optimizer.step();
  }
  for (const int h : {1, 2, 3}) CHECK(loss.weight(h) == doctest::Approx(h / kMistake).epsilon(1e-6));
}

TEST_CASE("the loss grows as a weight falls to 0 and as it grows") {
  const auto value = [](double log_weight) {
    losses::LearnableSeverity<double> loss("fine", small_tree());
    ParamList<double> params;
    loss.attach("loss", params);
    params.front()->value()[1] = log_weight;
    Logits<double> gradients = predicting({3});
    return loss.evaluate(predicting({3}), labelled({0}), gradients, 0);
  };
  const double best = std::log(2 / kMistake);
  CHECK(value(best - 1) > value(best));
  CHECK(value(best - 100) > value(best - 10));
  CHECK(value(best + 1) > value(best));
}

TEST_CASE("a mistake's cross-entropy is at least log 2, so that no best weight exceeds severity over log 2") {
  Logits<double> logits = random_logits("fine", 500, 6, 8, 3);
  for (Index n = 0; n < 500; ++n) {
    losses::Softmax p;
    p.assign(row(std::as_const(logits)["fine"], n));
    for (std::size_t k = 0; k < 6; ++k)
      if (static_cast<Label>(k) != p.likeliest()) REQUIRE(-p.log(k) >= std::log(2));
  }
}

TEST_CASE("a value alone leaves the weights' gradients as they are, however large the loss") {
  auto loss = learnable_severity<double>("fine", small_tree());
  ParamList<double> weights;
  loss.attach("loss", weights);
  Logits<double> logits = random_logits("fine", 1, 6, 7);
  logits["fine"][0] = -HUGE_VAL;
  CHECK(loss.value(logits, labelled({0})).total == HUGE_VAL);
  for (Index h = 0; h < 3; ++h) CHECK(weights[0]->grad()[h] == 0);
}

TEST_CASE("a head of another size and a level that the tree lacks are refused") {
  CHECK_THROWS_WITH_AS(
      learnable_severity<double>("fine", small_tree()).value(random_logits("fine", 1, 3, 7), labelled({0})),
      "learnable_severity(fine): the head has 3 classes; 6 are expected", ShapeError);
  CHECK_THROWS_AS(learnable_severity("fine", small_tree(), "kingdom"), DataError);
}
