// The gradient checker passes right layers and catches planted mistakes, each for its own reason.
#include "hcnn/testing/gradient_check.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "testing/mentions.hpp"

using namespace hcnn;
using namespace hcnn::testing;

namespace {

// What is wrong in the layer below.
enum class Mistake {
  none,
  sign_flipped,
  term_dropped,
  gradient_assigned,  // = for += in a parameter's gradient
  gradient_needs_dx,  // no parameter gradient where nobody wants dx
  dx_added,           // += for = in dx
  dx_left_out,
  y_left_out,
  x_changed,
  reads_output_unsaid,  // needs y although traits() denies it
  reads_input_unsaid,
  scratch_written_once,  // relies on what the last pass left in the workspace
  infer_differs,
  wrong_in_place,
};

// y = w x^2 + b per channel, in many wrong versions.
class Square : public Layer<double> {
 public:
  explicit Square(Mistake mistake = Mistake::none) : mistake_(mistake) {}

  std::string type() const override { return "Square"; }
  Shape build(const Shape& input) override {
    weight_ = Param<double>(Role::weight, {input.channels});
    bias_ = Param<double>(Role::bias, {input.channels});
    return input;
  }
  void attach(const std::string& path, ParamList<double>& list) override {
    weight_.name = path + ".weight";
    bias_.name = path + ".bias";
    list.insert(list.end(), {&weight_, &bias_});
  }
  LayerTraits traits() const override {
    return {.backward_reads_input = mistake_ != Mistake::reads_input_unsaid,
            .backward_reads_output = false,
            .in_place = mistake_ == Mistake::wrong_in_place};
  }
  void forward(TensorView<const double> x, TensorView<double> y, const Pass&, Workspace& workspace) override {
    compute(x, y, mistake_ == Mistake::y_left_out ? 1 : 0);
    if (mistake_ == Mistake::x_changed) const_cast<double*>(x.data)[0] += 1;
    note_ = workspace.take<double>(1);
    if (mistake_ != Mistake::scratch_written_once || forwards_ == 0) *note_ = 1;
    ++forwards_;
  }
  void backward(TensorView<const double> x, TensorView<const double> y, TensorView<double> dy, TensorView<double> dx,
                Workspace&) override {
    const Index channels = x.shape.channels;
    if (mistake_ == Mistake::gradient_assigned) std::fill_n(bias_.grad(), channels, 0.0);
    const bool mute = dx.empty() && mistake_ == Mistake::gradient_needs_dx;
    for (Index i = 0; i < x.size(); ++i) {
      const Index c = i % channels;
      const double value = x.data[i];
      const bool from_output = mistake_ == Mistake::reads_output_unsaid;
      const double square = from_output ? (y.data[i] - bias_.value()[c]) / weight_.value()[c] : value * value;
      const double old = dx.empty() ? 0 : dx.data[i];
      if (!mute) weight_.grad()[c] += dy.data[i] * square;
      if (mistake_ != Mistake::term_dropped) bias_.grad()[c] += dy.data[i] * *note_;
      if (dx.empty() || (mistake_ == Mistake::dx_left_out && i == 0)) continue;
      const double sign = mistake_ == Mistake::sign_flipped ? -1 : 1;
      dx.data[i] = 2 * sign * weight_.value()[c] * value * dy.data[i];
      if (mistake_ == Mistake::dx_added) dx.data[i] += old;
    }
  }
  void infer(TensorView<const double> x, TensorView<double> y, Workspace&) const override {
    compute(x, y, 0);
    if (mistake_ == Mistake::infer_differs) y.data[0] += 1e-6;
  }
  std::unique_ptr<Layer<double>> clone() const override { return std::make_unique<Square>(*this); }

 private:
  void compute(TensorView<const double> x, TensorView<double> y, Index first) const {
    for (Index i = first; i < x.size(); ++i) {
      const Index c = i % x.shape.channels;
      y.data[i] = weight_.value()[c] * x.data[i] * x.data[i] + bias_.value()[c];
    }
  }

  Mistake mistake_;
  Param<double> weight_, bias_;
  double* note_ = nullptr;
  int forwards_ = 0;
};

std::string failure_of(Mistake mistake) { return check_layer(Square(mistake), {2, 3, 4}).failure(); }

}  // namespace

TEST_CASE("a right layer passes, and every input and parameter is counted") {
  const GradientReport report = check_layer(Square{}, {2, 3, 4}, {.count = 3});
  CHECK_MESSAGE(report, report.text());
  CHECK(report.checked() == 3 * 2 * 3 * 4 + 4 + 4);
  CHECK(report.skipped() == 0);
  CHECK(mentions(to_string(report), "Square on 2x3x4: passed, 80 checked, 0 skipped"));
}

TEST_CASE("planted mistakes in derivatives are caught and the coordinate is named") {
  CHECK(mentions(failure_of(Mistake::sign_flipped), "dx["));
  CHECK(mentions(failure_of(Mistake::term_dropped), "gradient of layer.bias["));
  CHECK(mentions(failure_of(Mistake::gradient_assigned), "gradient of layer.bias["));
}

TEST_CASE("planted mistakes in the layer's contract are caught") {
  CHECK(mentions(failure_of(Mistake::gradient_needs_dx), "are others without dx"));
  CHECK(mentions(failure_of(Mistake::dx_added), "dx["));
  CHECK(mentions(failure_of(Mistake::dx_left_out), "dx[0]"));
  CHECK(mentions(failure_of(Mistake::y_left_out), "unwritten"));
  CHECK(mentions(failure_of(Mistake::x_changed), "forward changes x"));
  CHECK(mentions(failure_of(Mistake::reads_output_unsaid), "gradient of layer.weight["));
  CHECK(mentions(failure_of(Mistake::reads_input_unsaid), "dx[0] is nan"));
  CHECK(mentions(failure_of(Mistake::scratch_written_once), "are others without dx"));
  CHECK(mentions(failure_of(Mistake::infer_differs), "infer gives y[0]"));
  CHECK(mentions(failure_of(Mistake::wrong_in_place), "in place"));
}

namespace {

// y = |x - shift|: a kink at the shift.
class Absolute : public Layer<double> {
 public:
  explicit Absolute(double shift) : shift_(shift) {}
  std::string type() const override { return "Absolute"; }
  Shape build(const Shape& input) override { return input; }
  void backward(TensorView<const double> x, TensorView<const double>, TensorView<double> dy, TensorView<double> dx,
                Workspace&) override {
    if (dx.empty()) return;
    for (Index i = 0; i < x.size(); ++i) dx.data[i] = x.data[i] > shift_ ? dy.data[i] : -dy.data[i];
  }
  void infer(TensorView<const double> x, TensorView<double> y, Workspace&) const override {
    for (Index i = 0; i < x.size(); ++i) y.data[i] = std::abs(x.data[i] - shift_);
  }
  std::unique_ptr<Layer<double>> clone() const override { return std::make_unique<Absolute>(*this); }

 private:
  double shift_;
};

// The first number that the checker gives a layer of one input.
double first_input() {
  RandomStream random(Seed{1}, hash_name("gradient check"));
  return away_from_zero(random);
}

}  // namespace

TEST_CASE("a coordinate on a kink is skipped, and too many of them fail") {
  const GradientReport away = check_layer(Absolute(0), {5, 5, 1});
  CHECK_MESSAGE(away, away.text());
  const GradientReport few = check_layer(Absolute(first_input()), {10, 10, 1}, {.count = 1});
  CHECK(few.skipped() == 1);
  CHECK_MESSAGE(few, few.text());
  const GradientReport many = check_layer(Absolute(first_input()), {3, 3, 1}, {.count = 1});
  CHECK(mentions(many.failure(), "too many coordinates lie on a kink"));
}

TEST_CASE("a report that has seen nothing, or NaN, is a failure") {
  GradientReport nothing("nothing", {});
  CHECK(nothing.failure() == "nothing was checked");
  GradientReport nan("nan", {});
  nan.note("x[0]", std::numeric_limits<double>::quiet_NaN(), 1, 1);
  CHECK_FALSE(nan);
  nan.note("x[1]", 1, 1, 1);
  CHECK(mentions(nan.failure(), "x[0]"));
  GradientReport edge("edge", {});
  edge.note("x[0]", 1 + 1.009e-3, 1, 1);  // tolerance 1e-5 + 1e-3
  CHECK(edge);
  edge.note("x[1]", 1 + 1.011e-3, 1, 1);
  CHECK_FALSE(edge);
}
