// Conditional risk minimisation, heads that vote on each other's classes, and rules in a row.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../losses/small_tree.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/metrics/batch_observer.hpp"
#include "hcnn/metrics/conditional_risk.hpp"
#include "hcnn/metrics/temperature.hpp"
#include "hcnn/metrics/tree_rules.hpp"

using namespace hcnn;
using namespace hcnn::metrics;

namespace {

/// One sample whose softmax is `p`.
void set(Logits<double>& logits, const std::string& head, const std::vector<double>& p) {
  auto& scores = logits.resize(head, 1, static_cast<Index>(p.size()));
  for (std::size_t k = 0; k < p.size(); ++k) scores[static_cast<Index>(k)] = std::log(p[k]) + 3;
}

Label decision(const Logits<double>& logits, const std::string& head) { return argmax(row(logits[head], 0)); }

}  // namespace

TEST_CASE("the decision of least expected cost is the one summed up by hand") {
  const CostMatrix costs{{{0, 1, 4}, {1, 0, 9}, {2, 2, 0}}};
  Logits<double> logits;
  set(logits, "fine", {0.5, 0.2, 0.3});
  ConditionalRisk("fine", costs).apply(logits);
  // 0: 0.2 * 1 + 0.3 * 2 = 0.8;  1: 0.5 * 1 + 0.3 * 2 = 1.1;  2: 0.5 * 4 + 0.2 * 9 = 3.8
  CHECK(logits["fine"][0] == 0);
  CHECK(logits["fine"][1] == doctest::Approx(0.8 - 1.1).epsilon(1e-12));
  CHECK(logits["fine"][2] == doctest::Approx(0.8 - 3.8).epsilon(1e-12));
}

TEST_CASE("an unlikelier class among relatives is decided for against a likelier stranger") {
  const Taxonomy tree = testing::small_tree();  // a, b | c, d, e | f
  Logits<double> logits;
  set(logits, "fine", {0.02, 0.02, 0.22, 0.2, 0.2, 0.34});
  CHECK(decision(logits, "fine") == 5);
  ConditionalRisk("fine", severity_matrix(tree)).apply(logits);
  CHECK(decision(logits, "fine") == 2);
}

TEST_CASE("where all mistakes cost the same the decisions stay") {
  std::vector<std::vector<double>> same(5, std::vector<double>(5, 1.0));
  for (std::size_t k = 0; k < 5; ++k) same[k][k] = 0;
  const ConditionalRisk rule("fine", CostMatrix(same));
  RandomStream random(Seed{1}, hash_name("risk test"));
  for (int i = 0; i < 50; ++i) {
    Logits<double> logits;
    for (double& z : logits.resize("fine", 1, 5)) z = random.normal();
    const Label before = decision(logits, "fine");
    rule.apply(logits);
    CHECK(decision(logits, "fine") == before);
  }
}

TEST_CASE("expected costs that are one float are still told apart") {
  std::vector<std::vector<double>> same(100, std::vector<double>(100, 1.0));
  for (std::size_t k = 0; k < 100; ++k) same[k][k] = 0;
  Logits<float> logits;
  for (float& z : logits.resize("fine", 1, 100)) z = 0;
  logits["fine"][60] = 1e-6F;  // its cost is lower than 0.99 by 1e-8
  ConditionalRisk("fine", CostMatrix(same)).apply(logits);
  CHECK(argmax(row(std::as_const(logits)["fine"], 0)) == 60);
}

TEST_CASE("re-weighted, the fine head has the product of its own and its ancestors' probabilities") {
  const Taxonomy tree = testing::small_tree();
  const std::vector<double> fine = {0.1, 0.2, 0.3, 0.1, 0.2, 0.1}, superclass = {0.6, 0.3, 0.1}, group = {0.25, 0.75};
  Logits<double> logits;
  set(logits, "fine", fine);
  set(logits, "superclass", superclass);
  set(logits, "group", group);
  Logits<double> parent = logits, all = logits;
  HeadReweighting("fine", {"superclass"}, tree).apply(parent);
  HeadReweighting("fine", {"superclass", "group"}, tree).apply(all);
  const std::size_t of[] = {0, 0, 1, 1, 1, 2}, above[] = {0, 0, 0, 0, 0, 1};
  for (std::size_t k = 0; k < 6; ++k) {
    CHECK(std::exp(parent["fine"][static_cast<Index>(k)]) ==
          doctest::Approx(fine[k] * superclass[of[k]]).epsilon(1e-12));
    CHECK(std::exp(all["fine"][static_cast<Index>(k)]) ==
          doctest::Approx(fine[k] * superclass[of[k]] * group[above[k]]).epsilon(1e-12));
  }
  CHECK(decision(logits, "fine") == 2);
  CHECK(decision(parent, "fine") == 1);  // 0.2 * 0.6 > 0.3 * 0.3
  CHECK(parent["superclass"][0] == logits["superclass"][0]);
}

TEST_CASE("the decision for a sample does not depend on the others of its batch") {
  const Taxonomy tree = testing::small_tree();
  const std::vector<std::pair<std::string, Index>> heads = {{"fine", 6}, {"superclass", 3}, {"group", 2}};
  RandomStream random(Seed{2}, hash_name("rules test"));
  Logits<double> batch;
  for (const auto& [head, classes] : heads)
    for (double& z : batch.resize(head, 3, classes)) z = random.normal();
  const ConditionalRisk risk("fine", severity_matrix(tree));
  const HeadReweighting vote("fine", {"superclass", "group"}, tree);
  const Marginalization sums("fine", tree);
  for (const DecisionRule* rule : std::initializer_list<const DecisionRule*>{&risk, &vote, &sums}) {
    Logits<double> together = batch;
    rule->apply(together);
    for (Index n = 0; n < 3; ++n) {
      Logits<double> alone;
      for (const auto& [head, classes] : heads)
        std::copy_n(row(std::as_const(batch)[head], n).data(), classes, alone.resize(head, 1, classes).data());
      rule->apply(alone);
      for (const auto& [head, classes] : heads)
        CHECK(std::equal(alone[head].begin(), alone[head].end(), row(std::as_const(together)[head], n).data()));
    }
  }
}

TEST_CASE("coarse probabilities are the sums of the fine ones, also for a network without coarse heads") {
  const Taxonomy tree = testing::small_tree();
  Logits<double> logits;
  set(logits, "fine", {0.1, 0.2, 0.25, 0.1, 0.15, 0.2});
  Marginalization rule("fine", tree);
  rule.apply(logits);
  CHECK(logits.size() == 3);
  const std::vector<double> superclass = softmax(row(std::as_const(logits)["superclass"], 0));
  const std::vector<double> group = softmax(row(std::as_const(logits)["group"], 0));
  CHECK(superclass[0] == doctest::Approx(0.3).epsilon(1e-12));
  CHECK(superclass[1] == doctest::Approx(0.5).epsilon(1e-12));
  CHECK(group[1] == doctest::Approx(0.2).epsilon(1e-12));
  CHECK(decision(logits, "fine") == 2);
}

TEST_CASE("sums of probabilities far below the smallest number keep their order") {
  Logits<float> logits;
  auto& scores = logits.resize("fine", 1, 6);
  const float z[] = {0, 0, -5000, -6000, -6000, -7000};
  std::copy(z, z + 6, scores.begin());
  Marginalization("fine", testing::small_tree()).apply(logits);
  CHECK(logits["superclass"][1] == doctest::Approx(-5000 - std::log(2.0)));
  CHECK(logits["superclass"][2] == doctest::Approx(-7000 - std::log(2.0)));
}

TEST_CASE("a coarse class all of whose classes are impossible is impossible") {
  Logits<float> logits;
  auto& scores = logits.resize("fine", 1, 6);
  const float z[] = {-HUGE_VALF, -HUGE_VALF, 1, 0, 0, 5};
  std::copy(z, z + 6, scores.begin());
  Marginalization("fine", testing::small_tree()).apply(logits);
  CHECK(logits["superclass"][0] == std::numeric_limits<float>::lowest());
  CHECK(argmax(row(std::as_const(logits)["superclass"], 0)) == 2);
}

TEST_CASE("rules in a row see what the one before has left") {
  const Taxonomy tree = testing::small_tree();
  Logits<double> logits;
  set(logits, "fine", {0.4, 0.1, 0.2, 0.1, 0.1, 0.1});
  set(logits, "superclass", {0.1, 0.8, 0.1});
  Logits<double> by_hand = logits;
  DecisionRules rules;
  CHECK(rules.empty());
  CHECK(rules.gives_probabilities());
  rules.add(std::make_shared<Temperature>(std::map<std::string, double>{{"fine", 2.0}}));
  rules.add(std::make_shared<HeadReweighting>("fine", std::vector<std::string>{"superclass"}, tree));
  CHECK(rules.gives_probabilities());
  rules.add(std::make_shared<ConditionalRisk>("fine", severity_matrix(tree)));
  CHECK_FALSE(rules.gives_probabilities());
  DecisionRules more = rules;
  more.add(std::make_shared<Marginalization>("fine", tree));  // it leaves the costs of the fine head as they are
  CHECK_FALSE(more.gives_probabilities());
  rules.apply(logits);
  Temperature({{"fine", 2}}).apply(by_hand);
  HeadReweighting("fine", {"superclass"}, tree).apply(by_hand);
  ConditionalRisk("fine", severity_matrix(tree)).apply(by_hand);
  for (Index k = 0; k < 6; ++k) CHECK(logits["fine"][k] == by_hand["fine"][k]);
  CHECK_THROWS_AS(rules.add(nullptr), OptionError);
  CHECK_THROWS_AS(BatchObservers({nullptr}), OptionError);
  CHECK(rules.name() == "temperature(fine 2), then head_reweighting(fine, superclass), then conditional_risk(fine)");
}

TEST_CASE("heads and levels that do not fit a rule are named") {
  const Taxonomy tree = testing::small_tree();
  Logits<double> logits;
  logits.resize("fine", 1, 4);
  CHECK_THROWS_WITH_AS(ConditionalRisk("fine", severity_matrix(tree)).apply(logits),
                       "conditional_risk(fine): head 'fine' has 4 classes; 6 are needed", ShapeError);
  CHECK_THROWS_AS(Marginalization("fine", tree).apply(logits), ShapeError);
  logits.resize("fine", 1, 6);
  CHECK_THROWS_WITH_AS(HeadReweighting("fine", {"group"}, tree).apply(logits),
                       "Logits: no head 'group'; heads are: fine", DataError);
  CHECK_THROWS_WITH_AS(HeadReweighting("superclass", {"fine"}, tree),
                       "HeadReweighting: 'fine' is not coarser than 'superclass'; coarser levels only", DataError);
  CHECK_THROWS_AS(HeadReweighting("fine", {}, tree), OptionError);
  CHECK_THROWS_AS(Marginalization("leaf", tree), DataError);
}

TEST_CASE("heads of different numbers of samples are not joined") {
  const Taxonomy tree({{"fine", {"a", "b", "c"}, {0, 0, 1}}, {"kind", {"x", "y"}, {}}});
  Logits<float> logits;
  logits.resize("fine", 3, 3);
  logits.resize("kind", 2, 2);
  CHECK_THROWS_AS(HeadReweighting("fine", {"kind"}, tree).apply(logits), ShapeError);
}
