// Figures sample by sample: HD@k, mistake severity, the fine head's accuracy on each level, agreement of the heads.
#include "hcnn/metrics/outcomes.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "../losses/small_tree.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/metrics/evaluator.hpp"

using namespace hcnn;
using namespace hcnn::metrics;

namespace {

/// Random logits and labels of the small tree's three heads. One sample in eight has a NaN among its fine scores, one
/// in eight no label, and of the others one in four no fine label.
void random_batch(RandomStream& random, const Taxonomy& tree, Logits<float>& logits, Targets& targets) {
  for (Index level = 0; level < 3; ++level) {
    for (float& z : logits.resize(tree.level_name(level), 40, tree.class_count(level)))
      z = static_cast<float>(random.normal());
    targets.level(tree.level_name(level)).labels.clear();
  }
  for (int n = 0; n < 40; ++n) {
    const Label truth = random.below(8) == 0 ? kNoLabel : static_cast<Label>(random.below(6));
    const bool coarse_only = random.below(4) == 0;
    for (Index level = 0; level < 3; ++level)
      targets.level(tree.level_name(level))
          .labels.push_back(truth == kNoLabel || (level == 0 && coarse_only) ? kNoLabel
                                                                             : tree.ancestor(truth, 0, level));
    if (random.below(8) == 0) logits["fine"][6 * n + 3] = std::numeric_limits<float>::quiet_NaN();
  }
}

}  // namespace

TEST_CASE("HD@k is the mean severity of the k likeliest classes") {
  const Taxonomy tree = testing::small_tree();  // a, b | c, d, e | f; severities of a: 0 1 2 2 2 3
  Outcomes outcomes(&tree, {1, 2, 3, 20});
  Logits<float> logits;
  Targets targets;
  const float z[] = {3, 5, 4, 1, 0, 2};  // likeliest first: b c a f d e
  std::copy(z, z + 6, logits.resize("fine", 1, 6).begin());
  targets.level("fine").labels = {0};
  outcomes.add(logits, targets);
  CHECK(outcomes.find("severity.hd1") == 1);
  CHECK(outcomes.find("severity.hd2") == 1.5);
  CHECK(outcomes.find("severity.hd3") == 1);
  CHECK(outcomes.find("severity.hd20").value() == doctest::Approx(10.0 / 6));
  CHECK_FALSE(outcomes.find("severity.hd4").has_value());
  CHECK_FALSE(outcomes.find("agreement.all").has_value());
}

TEST_CASE("every figure that an evaluation has too is the same") {
  const Taxonomy tree = testing::small_tree();
  Outcomes outcomes(&tree);
  Evaluator<float> evaluator(tree);
  RandomStream random(Seed{1}, hash_name("outcomes test"));
  for (int batch = 0; batch < 5; ++batch) {
    Logits<float> logits;
    Targets targets;
    random_batch(random, tree, logits, targets);
    outcomes.add(logits, targets);
    evaluator.add(logits, targets);
  }
  const EvaluationResult& result = evaluator.result();
  for (const HeadResult& head : result.heads)
    CHECK(outcomes.find(head.level + ".top1").value() == doctest::Approx(head.top1.value()).epsilon(1e-12));
  for (std::size_t i = 1; i < result.from_fine.size(); ++i)
    CHECK(outcomes.find("from_fine." + result.from_fine[i].level + ".top1").value() ==
          doctest::Approx(result.from_fine[i].share.value()).epsilon(1e-12));
  CHECK(outcomes.find("severity.hd1").value() == doctest::Approx(result.severity.hd1()).epsilon(1e-12));
  CHECK(outcomes.find("severity.ms").value() == doctest::Approx(result.severity.ms()).epsilon(1e-12));
  CHECK(outcomes.find("agreement.all").value() == doctest::Approx(result.consistent.value()).epsilon(1e-12));
  for (const SampleRatio& figure : outcomes.figures()) CHECK(figure.numerators.size() == 200);
  const auto intervals = bootstrap_intervals(outcomes.figures());
  for (std::size_t f = 0; f < intervals.size(); ++f) {
    CHECK(intervals[f].low < outcomes.figures()[f].value());
    CHECK(outcomes.figures()[f].value() < intervals[f].high);
  }
}

TEST_CASE("a network that gives NaN is right about nothing, in the samples too") {
  const Taxonomy tree = testing::small_tree();
  Outcomes outcomes(&tree);
  Logits<float> logits;
  for (float& z : logits.resize("fine", 3, 6)) z = std::numeric_limits<float>::quiet_NaN();
  for (float& z : logits.resize("group", 3, 2)) z = std::numeric_limits<float>::quiet_NaN();
  Targets targets;
  targets.level("fine").labels = {0, 1, 2};
  targets.level("group").labels = {0, 0, 0};
  outcomes.add(logits, targets);
  for (const char* name : {"fine.top1", "from_fine.superclass.top1", "from_fine.group.top1", "agreement.all"})
    CHECK(outcomes.find(name) == 0.0);
  for (const char* name : {"severity.hd1", "severity.hd5", "severity.ms"}) CHECK(outcomes.find(name) == 3.0);
}

TEST_CASE("without a tree the heads' accuracies are all there is") {
  const Taxonomy tree = testing::small_tree();
  Outcomes outcomes(nullptr);
  Logits<float> logits;
  Targets targets;
  RandomStream random(Seed{1}, hash_name("outcomes test"));
  random_batch(random, tree, logits, targets);
  outcomes.add(logits, targets);
  CHECK(outcomes.figures().size() == 3);
  CHECK_FALSE(outcomes.find("severity.hd1").has_value());
}

TEST_CASE("a rank of 0 and labels that are not as many as the samples are refused") {
  CHECK_THROWS_AS(Outcomes(nullptr, {0}), OptionError);
  CHECK_THROWS_AS(Outcomes(nullptr, std::vector<Index>{}), OptionError);
  const Taxonomy tree = testing::small_tree();
  Outcomes lifted(&tree);
  Logits<float> fine;
  fine.resize("fine", 2, 6);
  Targets few;
  few.level("fine").labels = {0, 1};
  few.level("group").labels = {0};
  CHECK_THROWS_WITH_AS(lifted.add(fine, few), "Outcomes level 'group': 1 labels; the batch has 2 samples", ShapeError);
  Outcomes outcomes(nullptr);
  Logits<float> logits;
  Targets targets;
  logits.resize("fine", 2, 3);
  targets.level("fine").labels = {1};
  CHECK_THROWS_AS(outcomes.add(logits, targets), ShapeError);
}
