// Checks layers: every derivative of a backward pass against central differences, in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "hcnn/core/random.hpp"
#include "hcnn/layers/layer.hpp"
#include "hcnn/testing/gradient_report.hpp"

namespace hcnn::testing {

/// A number with magnitude in [0.1, 1) and random sign: away from kinks at 0.
inline double away_from_zero(RandomStream& random) {
  const double magnitude = 0.1 + 0.9 * random.uniform();
  return random.next() % 2 == 0 ? magnitude : -magnitude;
}

/// A layer under test with its input, parameters and the random projection s = sum(r y) that is differentiated.
class LayerProbe {
 public:
  /// Sets up the layer for this input and fills its parameters with random numbers.
  LayerProbe(Layer<double>& layer, const Shape& input, const GradientCheckOptions& options)
      : layer_(layer), options_(options), random_(Seed{options.seed}, hash_name("gradient check")) {
    const Shape output = layer.setup(input);
    layer.attach("layer", params_);
    x_.resize(options.count, input);
    y_.resize(options.count, output);
    projection_.resize(options.count, output);
    for (double& value : x_) value = away_from_zero(random_);
    for (double& value : projection_) value = away_from_zero(random_);
    for (Param<double>* param : params_) {
      if (param->is_buffer()) continue;
      for (Index i = 0; i < param->size(); ++i) param->value()[i] = away_from_zero(random_);
      param->touch();
    }
  }

  /// Runs all checks of `check_layer`.
  GradientReport run() {
    GradientReport report(layer_.type() + " on " + to_string(x_.shape()), options_);
    const Gradients wanted = gradients(true, false, report);
    differentiate(wanted, report);
    if (!report) return report;
    if (gradients(false, false, report).params != wanted.params)
      report.reject("parameter gradients are others without dx, or in the next pass");
    if (layer_.traits().in_place) check_in_place(wanted, report);
    check_infer(report);
    return report;
  }

 private:
  static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

  struct Gradients {
    std::vector<double> input;
    std::vector<std::vector<double>> params;  // what backward added; empty for a buffer
  };

  static Tensor<double> poisoned(Index count, const Shape& shape) { return {count, shape, kNaN}; }

  // Fills scratch memory with NaN: a layer that reads it before writing shows.
  void poison_workspace() {
    const WorkspaceScope scope(workspace_);
    const auto size = static_cast<Index>(workspace_.peak_bytes() / sizeof(double)) + 64;
    std::fill_n(workspace_.take<double>(size), size, kNaN);
  }

  // Sum of the projected output; y starts as NaN, so an element that is not written shows.
  double project() {
    std::fill(y_.begin(), y_.end(), kNaN);
    const WorkspaceScope scope(workspace_);
    layer_.forward(std::as_const(x_), y_, Pass{}, workspace_);
    double sum = 0;
    for (Index i = 0; i < y_.size(); ++i) sum += projection_[i] * y_[i];
    return sum;
  }

  // Forward and backward. Parameter gradients start at known values and dx as NaN, so that what is not added or not
  // written shows. What backward does not read, according to traits(), is NaN when it runs.
  Gradients gradients(bool wants_dx, bool in_place, GradientReport& report) {
    poison_workspace();
    const WorkspaceScope scope(workspace_);
    const LayerTraits traits = layer_.traits();
    std::vector<std::vector<double>> start = fill_param_gradients();
    Tensor<double> x = x_, y = poisoned(y_.count(), y_.shape()), dy = projection_, dx = poisoned(x.count(), x.shape());
    const TensorView<double> out = in_place ? TensorView<double>(x.data(), y.count(), y.shape()) : y.view();
    layer_.forward(std::as_const(x), out, Pass{}, workspace_);
    if (!in_place && !std::equal(x.begin(), x.end(), x_.begin())) report.reject("forward changes x");
    if (!in_place && !traits.backward_reads_input) x = poisoned(x.count(), x.shape());
    if (!traits.backward_reads_output) std::fill(out.begin(), out.end(), kNaN);
    const TensorView<double> dx_view = in_place ? TensorView<double>(dy.data(), dx.count(), dx.shape()) : dx.view();
    layer_.backward(std::as_const(x), out, dy, wants_dx ? dx_view : TensorView<double>{}, workspace_);

    Gradients result{{dx_view.begin(), dx_view.end()}, std::move(start)};
    for (std::size_t p = 0; p < params_.size(); ++p)
      for (std::size_t i = 0; i < result.params[p].size(); ++i)
        result.params[p][i] = params_[p]->grad()[i] - result.params[p][i];
    return result;
  }

  // Sets every parameter gradient to a value in [1, 3) and returns these values.
  std::vector<std::vector<double>> fill_param_gradients() {
    std::vector<std::vector<double>> start(params_.size());
    RandomStream random(Seed{options_.seed}, hash_name("gradient start"));
    for (std::size_t p = 0; p < params_.size(); ++p) {
      if (params_[p]->is_buffer()) continue;
      for (Index i = 0; i < params_[p]->size(); ++i) start[p].push_back(1 + 2 * random.uniform());
      std::copy(start[p].begin(), start[p].end(), params_[p]->grad());
    }
    return start;
  }

  // Compares every derivative with finite differences.
  void differentiate(const Gradients& analytic, GradientReport& report) {
    const double middle = project();
    if (!std::isfinite(middle)) report.reject("forward leaves an output unwritten, or it is not finite");
    for (Index i = 0; i < x_.size(); ++i)
      report.note(concat("dx[", i, "]"), analytic.input[static_cast<std::size_t>(i)], slope(x_[i], +1, middle, nullptr),
                  slope(x_[i], -1, middle, nullptr));
    for (std::size_t p = 0; p < params_.size(); ++p)
      for (std::size_t i = 0; i < analytic.params[p].size(); ++i) {
        double& value = params_[p]->value()[i];
        report.note(concat("gradient of ", params_[p]->name, "[", i, "]"), analytic.params[p][i],
                    slope(value, +1, middle, params_[p]), slope(value, -1, middle, params_[p]));
      }
  }

  // One-sided difference of the projection when `value` moves up (+1) or down (-1).
  double slope(double& value, int side, double middle, Param<double>* owner) {
    const double before = value;
    value = before + side * options_.step;
    if (owner != nullptr) owner->touch();
    const double moved = project();
    const double distance = value - before;
    value = before;
    if (owner != nullptr) owner->touch();
    return (moved - middle) / distance;
  }

  void check_in_place(const Gradients& wanted, GradientReport& report) {
    const Gradients in_place = gradients(true, true, report);
    if (in_place.input != wanted.input || in_place.params != wanted.params)
      report.reject("in place gives other gradients");
  }

  // infer and forward in evaluation mode compute the same function; only the order of roundings may differ.
  void check_infer(GradientReport& report) {
    const WorkspaceScope scope(workspace_);
    Tensor<double> inferred = poisoned(y_.count(), y_.shape());
    std::fill(y_.begin(), y_.end(), kNaN);
    layer_.forward(std::as_const(x_), y_, Pass{.mode = Mode::evaluate}, workspace_);
    layer_.infer(std::as_const(x_), inferred, workspace_);
    for (Index i = 0; i < y_.size(); ++i)
      if (!(std::abs(y_[i] - inferred[i]) <= 1e-12 * (1 + std::abs(y_[i]))))
        report.reject(concat("infer gives y[", i, "] = ", inferred[i], ", forward in evaluation mode ", y_[i]));
  }

  Layer<double>& layer_;
  GradientCheckOptions options_;
  RandomStream random_;
  ParamList<double> params_;
  Workspace workspace_;
  Tensor<double> x_, y_, projection_;
};

/// Checks a layer before setup on `options.count` random samples of this shape. Compares every dx and every parameter
/// gradient with central differences in training mode. Checks that backward adds to existing gradients, writes every
/// dx, gives the same parameter gradients without dx, reads only what traits() says and works in place if traits()
/// allows it; that forward writes every y and does not change x; that infer equals forward in evaluation mode.
/// Use: `CHECK(testing::check_layer(layer, {8, 8, 3}))` with a `Conv2d<double>`; the report's `text()` names the worst
/// coordinate.
inline GradientReport check_layer(Layer<double>& layer, const Shape& input, const GradientCheckOptions& options = {}) {
  return LayerProbe(layer, input, options).run();
}
/// Overload for a temporary: `check_layer(ReLU<double>{}, shape)`.
template <class L>
GradientReport check_layer(L&& layer, const Shape& input,
                           const GradientCheckOptions& options = {}) requires(!std::is_lvalue_reference_v<L>) {
  static_assert(std::is_base_of_v<Layer<double>, L>, "the check runs in double: make the layer a template");
  return LayerProbe(layer, input, options).run();
}

}  // namespace hcnn::testing
