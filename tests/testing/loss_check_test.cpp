// The gradient checker passes right losses and catches planted mistakes.
#include "hcnn/testing/loss_check.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "testing/mentions.hpp"

using namespace hcnn;
using namespace hcnn::testing;

namespace {

// scale * mean of (logit - 1)^2, with planted mistakes.
class Quadratic : public losses::Loss<double> {
 public:
  enum class Mistake { none, sign_flipped, assigned, weight_forgotten, value_weighted, scale_forgotten };

  explicit Quadratic(Mistake mistake = Mistake::none) : mistake_(mistake), scale_(Role::loss, {1}, 2.0) {}

  std::string name() const override { return "quadratic"; }
  double evaluate(const Logits<double>& logits, const Targets&, Logits<double>& gradients, double weight) override {
    const Tensor<double>& z = logits["fine"];
    Tensor<double>& dz = gradients["fine"];
    const double factor = mistake_ == Mistake::weight_forgotten ? 1 : weight;
    double mean = 0;
    for (Index i = 0; i < z.size(); ++i) {
      const double error = z[i] - 1, n = static_cast<double>(z.size());
      mean += error * error / n;
      const double gradient = factor * scale_.value()[0] * 2 * error / n;
      if (mistake_ == Mistake::assigned) dz[i] = 0;
      dz[i] += mistake_ == Mistake::sign_flipped ? -gradient : gradient;
    }
    if (mistake_ != Mistake::scale_forgotten) scale_.grad()[0] += factor * mean;
    return scale_.value()[0] * mean * (mistake_ == Mistake::value_weighted ? 1 + weight : 1);
  }
  void attach(const std::string& path, ParamList<double>& list) override {
    scale_.name = path + ".scale";
    list.push_back(&scale_);
  }
  std::unique_ptr<losses::Loss<double>> clone() const override { return std::make_unique<Quadratic>(*this); }

 private:
  Mistake mistake_;
  Param<double> scale_;
};

Logits<double> some_logits() {
  Logits<double> logits;
  Tensor<double>& values = logits.resize("fine", 2, 3);
  for (Index i = 0; i < values.size(); ++i) values[i] = 0.3 * static_cast<double>(i) - 0.5;
  return logits;
}

std::string failure_of(Quadratic::Mistake mistake) {
  Quadratic loss(mistake);
  return check_loss(loss, some_logits(), Targets{}).failure();
}

}  // namespace

TEST_CASE("a right loss passes, its parameters included, and so does a weighted sum") {
  Quadratic loss;
  const GradientReport report = check_loss(loss, some_logits(), Targets{});
  CHECK_MESSAGE(report, report.text());
  CHECK(report.checked() == 6 + 1);
  losses::LossSum<double> sum = 0.5 * losses::LossSum<double>(Quadratic{}) + losses::LossSum<double>(Quadratic{});
  const GradientReport both = check_loss(sum, some_logits(), Targets{});
  CHECK_MESSAGE(both, both.text());
  CHECK(both.checked() == 6 + 2);
}

TEST_CASE("planted mistakes in a loss are caught") {
  CHECK(mentions(failure_of(Quadratic::Mistake::sign_flipped), "gradient of fine["));
  CHECK(mentions(failure_of(Quadratic::Mistake::assigned), "gradient of fine["));
  CHECK(mentions(failure_of(Quadratic::Mistake::weight_forgotten), "gradient of "));
  CHECK(mentions(failure_of(Quadratic::Mistake::value_weighted), "depends on the weight"));
  CHECK(mentions(failure_of(Quadratic::Mistake::scale_forgotten), "gradient of loss.scale[0]"));
  losses::LossSum<double> sum = Quadratic(Quadratic::Mistake::sign_flipped);
  CHECK(mentions(check_loss(sum, some_logits(), Targets{}).failure(), "gradient of fine["));
  losses::LossSum<double> forgetful = 0.5 * losses::LossSum<double>(Quadratic(Quadratic::Mistake::scale_forgotten));
  CHECK(mentions(check_loss(forgetful, some_logits(), Targets{}).failure(), "gradient of loss.0.scale[0]"));
}
