// Sums of losses: weights, parts, gradients, copies, parameters, allocations.
#include "hcnn/losses/loss_sum.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "count_allocations.hpp"
#include "hcnn/losses/severity.hpp"
#include "hcnn/testing/loss_check.hpp"
#include "losses/random_batch.hpp"

using namespace hcnn;
using namespace hcnn::testing;
using losses::cross_entropy;

namespace {

// A user's loss with a parameter: p * (sum of the head's logits).
class SumOfLogits final : public losses::Loss<double> {
 public:
  explicit SumOfLogits(std::string head) : head_(std::move(head)) {}
  std::string name() const override { return "sum(" + head_ + ")"; }
  double evaluate(const Logits<double>& logits, const Targets&, Logits<double>& gradients, double weight) override {
    double sum = 0;
    for (const double z : logits[head_]) sum += z;
    for (double& gradient : gradients[head_]) gradient += weight * *factor_.value();
    *factor_.grad() += weight * sum;
    return *factor_.value() * sum;
  }
  void attach(const std::string& path, ParamList<double>& list) override {
    factor_.name = path + ".factor";
    list.push_back(&factor_);
  }
  std::unique_ptr<losses::Loss<double>> clone() const override { return std::make_unique<SumOfLogits>(*this); }

 private:
  std::string head_;
  Param<double> factor_{Role::loss, {1}, 3.0};
};

Logits<double> two_heads() {
  Logits<double> logits = random_logits("fine", 4, 6, 1);
  const Logits<double> coarse = random_logits("superclass", 4, 3, 2);
  std::copy_n(coarse["superclass"].data(), 12, logits.resize("superclass", 4, 3).data());
  return logits;
}

Targets two_levels() {
  Targets targets;
  targets.level("fine").labels = {0, 5, kNoLabel, 2};
  targets.level("superclass").labels = {0, 2, 1, 1};
  return targets;
}

}  // namespace

TEST_CASE("a sum has the weighted total and each term's own value") {
  auto fine = cross_entropy<double>("fine"), coarse = cross_entropy<double>("superclass");
  auto sum = 2 * (fine + 0.5 * coarse) + coarse * 0.25;
  Logits<double> gradients, fine_only, coarse_only;
  const double a = fine.evaluate(two_heads(), two_levels(), fine_only).total;
  const double b = coarse.evaluate(two_heads(), two_levels(), coarse_only).total;
  const auto& value = sum.evaluate(two_heads(), two_levels(), gradients);
  CHECK(value.total == doctest::Approx(2 * a + 1.25 * b).epsilon(1e-14));
  REQUIRE(value.parts.size() == 3);
  CHECK(value.parts[0].name == "cross_entropy(fine)");
  CHECK(value.parts[0].value == a);
  CHECK(value.parts[1].value == b);
  CHECK(value.parts[2].value == b);
  for (Index i = 0; i < 24; ++i) CHECK(gradients["fine"][i] == doctest::Approx(2 * fine_only["fine"][i]));
  for (Index i = 0; i < 12; ++i)
    CHECK(gradients["superclass"][i] == doctest::Approx(1.25 * coarse_only["superclass"][i]));
}

TEST_CASE("the gradient of a sum over two heads agrees with central differences") {
  auto sum = cross_entropy<double>("fine") + 0.5 * cross_entropy<double>("superclass", {.label_smoothing = 0.1});
  const GradientReport report = check_loss(sum, two_heads(), two_levels());
  CHECK_MESSAGE(report, report.text());
  CHECK(report.checked() == 36);
}

TEST_CASE("gradients are set anew by each evaluation, and a head without a loss gets 0") {
  auto loss = cross_entropy<double>("fine");
  Logits<double> gradients;
  loss.evaluate(two_heads(), two_levels(), gradients);
  const std::vector<double> once(gradients["fine"].begin(), gradients["fine"].end());
  std::fill_n(gradients["superclass"].data(), 12, 7.0);
  loss.evaluate(two_heads(), two_levels(), gradients);
  CHECK(std::equal(once.begin(), once.end(), gradients["fine"].begin()));
  for (const double gradient : gradients["superclass"]) CHECK(gradient == 0);
}

TEST_CASE("value gives evaluate's numbers and leaves the parameters' gradients alone") {
  auto sum = cross_entropy<double>("fine") + 0.1 * losses::LossSum<double>(SumOfLogits("superclass"));
  ParamList<double> params;
  sum.attach("loss", params);
  const double value = sum.value(two_heads(), two_levels()).total;
  CHECK(*params[0]->grad() == 0);
  Logits<double> gradients;
  CHECK(sum.evaluate(two_heads(), two_levels(), gradients).total == value);
  CHECK(*params[0]->grad() != 0);
}

TEST_CASE("a user's loss joins a sum, and its parameters are named by the term's position") {
  auto sum = cross_entropy<double>("fine") + SumOfLogits("superclass");
  ParamList<double> params;
  sum.attach("loss", params);
  REQUIRE(params.size() == 1);
  CHECK(params[0]->name == "loss.1.factor");
  const GradientReport report = check_loss(sum, two_heads(), two_levels());
  CHECK_MESSAGE(report, report.text());
  CHECK(report.checked() == 36 + 1);  // the parameter too
}

TEST_CASE("a copy has its own parameters, a moved sum keeps their addresses") {
  losses::LossSum<double> sum = SumOfLogits("fine");
  auto copy = sum;
  ParamList<double> of_sum, of_copy, of_moved;
  sum.attach("loss", of_sum);
  copy.attach("loss", of_copy);
  CHECK(of_sum[0] != of_copy[0]);
  *of_sum[0]->value() = 5;
  CHECK(*of_copy[0]->value() == 3);
  auto moved = std::move(sum);
  moved.attach("loss", of_moved);
  CHECK(of_moved[0] == of_sum[0]);
  copy = moved;
  CHECK(copy.value(two_heads(), two_levels()).total == moved.value(two_heads(), two_levels()).total);
  CHECK(copy.value(two_heads(), two_levels()).parts[0].name == "sum(fine)");
}

TEST_CASE("after the first batch an evaluation allocates nothing") {
  auto sum = cross_entropy<double>("fine", {.label_smoothing = 0.1}) +
             losses::severity<double>("fine", CostMatrix(6, std::vector<double>(36, 1.0))) +
             0.5 * cross_entropy<double>("superclass", {.class_weights = {1, 2, 3}});
  const Logits<double> logits = two_heads();
  const Targets targets = two_levels();
  Logits<double> gradients;
  sum.evaluate(logits, targets, gradients);
  sum.value(logits, targets);
  const long allocations = allocations_in([&] {
    sum.evaluate(logits, targets, gradients);
    sum.value(logits, targets);
  });
  CHECK(allocations == 0);
}

TEST_CASE("a weight that is not finite is refused") {
  CHECK_THROWS_WITH_AS(std::numeric_limits<double>::infinity() * cross_entropy("fine"),
                       "LossSum: weight inf; a finite number is needed", OptionError);
}
