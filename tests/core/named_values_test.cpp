// Logits and targets by name.
#include <doctest/doctest.h>

#include "hcnn/core/logits.hpp"
#include "hcnn/core/targets.hpp"

using namespace hcnn;

TEST_CASE("logits are found by head, and a missing head lists those there are") {
  Logits<float> logits;
  CHECK(logits.count() == 0);
  logits.resize("fine", 2, 3)[5] = 4;
  logits.resize("group", 2, 9);
  CHECK(logits["fine"][5] == 4.0f);
  CHECK(logits["group"].shape() == Shape{1, 1, 9});
  CHECK(logits.count() == 2);
  CHECK(logits.size() == 2);
  CHECK(logits.find("superclass") == nullptr);
  CHECK_THROWS_WITH_AS(logits["superclass"], "Logits: no head 'superclass'; heads are: fine, group", DataError);
  const Tensor<float>* const before = logits.find("fine");
  CHECK(&logits.resize("fine", 1, 3) == before);
  CHECK(logits.size() == 2);
}

TEST_CASE("zeros_like takes heads and extents and clears old values") {
  Logits<double> logits, gradients;
  logits.resize("fine", 2, 3);
  logits.resize("group", 2, 2);
  gradients.resize("fine", 4, 5)[0] = 1;
  gradients.zeros_like(logits);
  CHECK(gradients.size() == 2);
  CHECK(gradients["fine"].size() == 6);
  for (const auto& entry : gradients)
    for (double value : entry.values) CHECK(value == 0.0);
}

TEST_CASE("zeros_like keeps no head that the other lacks, and takes its order") {
  Logits<float> logits, gradients;
  logits.resize("group", 2, 2);
  logits.resize("fine", 2, 3);
  gradients.resize("fine", 2, 3);
  gradients.resize("old", 2, 3)[0] = 7;
  gradients.zeros_like(logits);
  CHECK(gradients.size() == 2);
  CHECK(gradients.begin()->head == "group");
  CHECK(gradients.find("old") == nullptr);
}

TEST_CASE("targets are found by level, and a missing level lists those there are") {
  Targets targets;
  targets.level("fine").labels = {3, kNoLabel};
  targets.level("group").labels = {1, 0};
  targets.level("fine").labels[0] = 4;
  CHECK(targets["fine"].labels == std::vector<Label>{4, -1});
  CHECK(targets["fine"].probabilities.size() == 0);
  CHECK(targets.has("group"));
  CHECK_FALSE(targets.has("superclass"));
  CHECK_THROWS_WITH_AS(targets["superclass"], "Targets: no level 'superclass'; levels are: fine, group", DataError);
}
