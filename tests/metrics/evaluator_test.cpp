// Evaluator: figures per head, severity, lifted predictions, agreement.
#include "hcnn/metrics/evaluator.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "count_allocations.hpp"
#include "hcnn/hierarchy/cifar100.hpp"

using namespace hcnn;
using namespace hcnn::metrics;

namespace {

// a, b in x; c, d in y; x and y are the top.
Taxonomy small_tree() {
  return Taxonomy({{.name = "fine", .classes = {"a", "b", "c", "d"}, .parents = {0, 0, 1, 1}},
                   {.name = "coarse", .classes = {"x", "y"}}});
}

// Adds a head whose argmax is the given prediction of each sample.
void predict(Logits<float>& logits, const std::string& head, Index classes, const std::vector<Label>& predictions) {
  auto& values = logits.resize(head, static_cast<Index>(predictions.size()), classes);
  std::fill(values.begin(), values.end(), 0.f);
  for (std::size_t n = 0; n < predictions.size(); ++n) values[static_cast<Index>(n) * classes + predictions[n]] = 1;
}

struct Batch {
  Logits<float> logits;
  Targets targets;
};

// fine predictions: right, same parent, other parent, without label; coarse: right, wrong, wrong, right
Batch example() {
  Batch batch;
  predict(batch.logits, "coarse", 2, {0, 1, 1, 1});
  predict(batch.logits, "fine", 4, {0, 1, 2, 3});
  batch.targets.level("fine").labels = {0, 0, 0, kNoLabel};
  batch.targets.level("coarse").labels = {0, 0, 0, 1};
  return batch;
}

}  // namespace

TEST_CASE("heads are reported fine to coarse with top-1, top-5 and confusion of the labelled samples") {
  Evaluator evaluator(small_tree());
  const Batch batch = example();
  evaluator.add(batch.logits, batch.targets);
  const EvaluationResult& result = evaluator.result();
  CHECK(result.samples == 4);
  REQUIRE(result.heads.size() == 2);
  CHECK(result.heads[0].level == "fine");
  CHECK(result.heads[0].top1 == Share{1, 3});
  CHECK(result.heads[0].top5 == Share{3, 3});
  CHECK(result.heads[0].confusion(0, 2) == 1);
  CHECK(result.find("coarse")->top1 == Share{2, 4});
  CHECK(result.find("coarse")->confusion(0, 1) == 2);
  CHECK(result.find("group") == nullptr);
}

TEST_CASE("a network that gives NaN is right about nothing") {
  Evaluator evaluator(small_tree());
  Batch batch = example();
  for (auto& [head, values] : batch.logits)
    for (float& z : values) z = std::numeric_limits<float>::quiet_NaN();
  evaluator.add(batch.logits, batch.targets);
  const EvaluationResult& result = evaluator.result();
  CHECK(result.heads[0].top1 == Share{0, 3});
  CHECK(result.heads[0].top5 == Share{0, 3});
  CHECK(result.heads[0].confusion.total() == 0);
  CHECK(result.find("coarse")->top1 == Share{0, 4});
  CHECK(result.severity.counts() == std::vector<Index>{0, 0, 3});
  CHECK(result.from_fine[0].share == Share{0, 3});
  CHECK(result.from_fine[1].share == Share{0, 4});
  CHECK(result.consistent == Share{0, 4});
  batch.targets.level("fine").labels[1] = 4;
  CHECK_THROWS_AS(evaluator.add(batch.logits, batch.targets), DataError);
}

TEST_CASE("severity is counted for the finest head, and its prediction is lifted to every level") {
  Evaluator evaluator(small_tree());
  const Batch batch = example();
  evaluator.add(batch.logits, batch.targets);
  const EvaluationResult& result = evaluator.result();
  CHECK(result.severity.counts() == std::vector<Index>{1, 1, 1});
  REQUIRE(result.from_fine.size() == 2);
  CHECK(result.from_fine[0].level == "fine");
  CHECK(result.from_fine[0].share == Share{1, 3});
  CHECK(result.from_fine[1].level == "coarse");
  CHECK(result.from_fine[1].share == Share{3, 4});
}

TEST_CASE("agreement counts coarser heads that predict the ancestor of the fine prediction") {
  Evaluator evaluator(small_tree());
  const Batch batch = example();
  evaluator.add(batch.logits, batch.targets);
  REQUIRE(evaluator.result().agreement.size() == 1);
  CHECK(evaluator.result().agreement[0].level == "coarse");
  CHECK(evaluator.result().agreement[0].share == Share{3, 4});
  CHECK(evaluator.result().consistent == Share{3, 4});
}

TEST_CASE("three heads are consistent only where both coarser ones agree") {
  Evaluator evaluator(cifar100_taxonomy());
  Batch batch;  // apple: superclass 4, group 0
  predict(batch.logits, "fine", 100, {0, 0, 0, 0});
  predict(batch.logits, "superclass", 20, {4, 4, 5, 5});
  predict(batch.logits, "group", 9, {0, 1, 0, 1});
  batch.targets.level("fine").labels = {0, 1, 57, 9};
  batch.targets.level("superclass").labels = {4, 1, 4, 3};
  batch.targets.level("group").labels = {0, 3, 0, 5};
  evaluator.add(batch.logits, batch.targets);
  CHECK(evaluator.result().agreement[0].share == Share{2, 4});
  CHECK(evaluator.result().agreement[1].share == Share{2, 4});
  CHECK(evaluator.result().consistent == Share{1, 4});
  CHECK(evaluator.result().severity.counts() == std::vector<Index>{1, 1, 0, 2});
}

TEST_CASE("a fine head alone has severity and lifted accuracy, from looked-up labels where targets lack a level") {
  Evaluator evaluator(small_tree());
  Batch batch;
  predict(batch.logits, "fine", 4, {2, 3, 0});
  batch.targets.level("fine").labels = {2, 2, 2};
  evaluator.add(batch.logits, batch.targets);
  CHECK(evaluator.result().heads.size() == 1);
  CHECK(evaluator.result().from_fine[1].share == Share{2, 3});
  CHECK(evaluator.result().agreement.empty());
  CHECK(evaluator.result().consistent == Share{});
}

TEST_CASE("a coarse head alone is lifted from its own level") {
  Evaluator evaluator(cifar100_taxonomy());
  Batch batch;  // superclasses 0 and 1 are of one group, 2 of another
  predict(batch.logits, "superclass", 20, {0, 1, 2});
  batch.targets.level("superclass").labels = {0, 0, 0};
  evaluator.add(batch.logits, batch.targets);
  CHECK(evaluator.result().severity.counts() == std::vector<Index>{1, 1, 1});
  REQUIRE(evaluator.result().from_fine.size() == 2);
  CHECK(evaluator.result().from_fine[0].share == Share{1, 3});
  CHECK(evaluator.result().from_fine[1].level == "group");
  CHECK(evaluator.result().from_fine[1].share == Share{2, 3});
}

TEST_CASE("without a taxonomy heads are counted by themselves, and beside one so are heads outside it") {
  Batch batch = example();
  Evaluator<float> plain;
  plain.add(batch.logits, batch.targets);
  CHECK(plain.result().heads.size() == 2);
  CHECK(plain.result().heads[0].level == "coarse");
  CHECK(plain.result().severity.total() == 0);
  CHECK(plain.result().from_fine.empty());

  predict(batch.logits, "colour", 3, {2, 2, 2, 2});
  predict(batch.logits, "unlabelled", 3, {2, 2, 2, 2});
  batch.targets.level("colour").labels = {2, 2, 0, 2};
  Evaluator evaluator(small_tree());
  evaluator.add(batch.logits, batch.targets);
  REQUIRE(evaluator.result().heads.size() == 3);
  CHECK(evaluator.result().heads[2].level == "colour");
  CHECK(evaluator.result().heads[2].top1 == Share{3, 4});
  CHECK(evaluator.result().agreement.size() == 1);
}

TEST_CASE("batches of any size add up, a reset forgets them and later batches allocate nothing") {
  Evaluator evaluator(small_tree());
  const Batch batch = example();
  Batch small;
  predict(small.logits, "fine", 4, {3});
  predict(small.logits, "coarse", 2, {1});
  small.targets.level("fine").labels = {3};
  small.targets.level("coarse").labels = {1};
  evaluator.add(batch.logits, batch.targets);
  evaluator.add(small.logits, small.targets);
  const EvaluationResult copy = evaluator.result();
  CHECK(copy.samples == 5);
  CHECK(copy.heads[0].top1 == Share{2, 4});
  CHECK(copy.severity.counts() == std::vector<Index>{2, 1, 1});
  CHECK(copy.consistent == Share{4, 5});

  const long allocations = testing::allocations_in([&] {
    evaluator.reset();
    CHECK(evaluator.result().samples == 0);
    CHECK(evaluator.result().heads[0].top1 == Share{});
    evaluator.add(batch.logits, batch.targets);
  });
  CHECK(allocations == 0);
  CHECK(evaluator.result().heads[0].top1 == Share{1, 3});
  CHECK(copy.samples == 5);
}

TEST_CASE("logits and targets that do not fit are named in the error") {
  const Batch batch = example();
  Batch wide = example(), few = example(), high = example(), none;
  predict(wide.logits, "coarse", 3, {0, 1, 1, 1});
  few.targets.level("fine").labels.pop_back();
  high.targets.level("coarse").labels[0] = 2;
  predict(none.logits, "other", 2, {0});
  const Taxonomy tree = small_tree();
  CHECK_THROWS_WITH_AS(Evaluator(tree).add(wide.logits, wide.targets),
                       "Evaluator head 'coarse': 3 logits; the level has 2 classes", ShapeError);
  CHECK_THROWS_WITH_AS(Evaluator(tree).add(few.logits, few.targets),
                       "Evaluator head 'fine': 3 labels, 4 rows of logits; the batch has 4 samples", ShapeError);
  CHECK_THROWS_WITH_AS(Evaluator(tree).add(high.logits, high.targets), "ConfusionMatrix: class 2; classes are 0..1",
                       DataError);
  CHECK_THROWS_WITH_AS(Evaluator(tree).add(none.logits, batch.targets),
                       "Evaluator: heads 'other'; one of the levels is needed: fine, coarse", DataError);
  Batch fine_only;
  predict(fine_only.logits, "fine", 4, {0});
  fine_only.targets.level("fine").labels = {0};
  fine_only.targets.level("coarse").labels = {0, 1};
  CHECK_THROWS_WITH_AS(Evaluator(tree).add(fine_only.logits, fine_only.targets),
                       "Evaluator level 'coarse': 2 labels; the batch has 1 samples", ShapeError);
}

TEST_CASE("an evaluation goes on from a snapshot with every count") {
  const Batch batch = example();
  Evaluator whole(small_tree()), begun(small_tree()), resumed(small_tree());
  for (int i = 0; i < 2; ++i) whole.add(batch.logits, batch.targets);
  begun.add(batch.logits, batch.targets);
  Snapshot snapshot;
  StateVisitor saving = StateVisitor::saving(snapshot);
  begun.visit_state(saving);
  resumed.prepare(batch.logits, batch.targets);
  StateVisitor loading = StateVisitor::loading(snapshot);
  resumed.visit_state(loading);
  resumed.add(batch.logits, batch.targets);
  const EvaluationResult &a = resumed.result(), &b = whole.result();
  CHECK(a.samples == b.samples);
  for (std::size_t h = 0; h < 2; ++h) {
    CHECK(a.heads[h].top1 == b.heads[h].top1);
    CHECK(a.heads[h].top5 == b.heads[h].top5);
    CHECK(a.heads[h].confusion == b.heads[h].confusion);
    CHECK(a.from_fine[h].share == b.from_fine[h].share);
  }
  CHECK(a.severity == b.severity);
  CHECK(a.agreement[0].share == b.agreement[0].share);
  CHECK(a.consistent == b.consistent);
}
