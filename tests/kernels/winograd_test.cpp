// Winograd's algorithm in every pass of the convolution, on every instruction set, against the naive loops in double.
#include "hcnn/kernels/winograd.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "hcnn/core/random.hpp"
#include "hcnn/kernels/convolution.hpp"
#include "hcnn/kernels/reference/convolution.hpp"
#include "kernels/each_isa.hpp"
#include "worse.hpp"

using namespace hcnn;
using kernels::ConvGeometry;

namespace {

struct Case {
  Index count;
  ConvGeometry geometry;
};

// Whole and cut tiles, every padding, one tile and many (144: more than the weight gradient takes at once), equal and
// different channels.
std::vector<Case> cases() {
  return {{3, {.input = {8, 8, 32}, .out_channels = 48, .kernel = 3, .padding = 1}},
          {1, {.input = {4, 4, 48}, .out_channels = 32, .kernel = 3, .padding = 1}},
          {2, {.input = {9, 7, 32}, .out_channels = 32, .kernel = 3, .padding = 1}},
          {2, {.input = {3, 11, 32}, .out_channels = 80, .kernel = 3, .padding = 0}},
          {1, {.input = {5, 6, 64}, .out_channels = 32, .kernel = 3, .padding = 2}},
          {4, {.input = {13, 5, 32}, .out_channels = 64, .kernel = 3, .padding = {0, 2}}},
          {9, {.input = {16, 15, 32}, .out_channels = 32, .kernel = 3, .padding = 1}},
          {30, {.input = {1, 1, 32}, .out_channels = 32, .kernel = 3, .padding = 1}}};
}

template <class T>
Tensor<T> draw(Index count, const Shape& shape, RandomStream& random) {
  Tensor<T> values(count, shape);
  for (T& value : values) value = T(static_cast<float>(2 * random.uniform() - 1));
  return values;
}

Tensor<double> exact(const auto& values, bool absolute) {
  Tensor<double> result(values.count(), values.shape());
  std::transform(values.begin(), values.end(), result.begin(), [&](auto value) {
    const auto v = static_cast<double>(value);
    return absolute ? std::abs(v) : v;
  });
  return result;
}

// The largest |value - sum|, relative to the largest sum of |terms|: an error in a tile's transforms reaches all of its
// results, also those of few terms. The rounding of a bfloat16 result is allowed for.
template <class T>
double worst(const Tensor<T>& values, const Tensor<double>& sums, const Tensor<double>& sizes) {
  const double rounding = std::is_same_v<T, bfloat16> ? 0x1p-8 : 0;  // half a unit in the last place
  double result = 0;
  for (Index i = 0; i < sums.size(); ++i) {
    const double error = std::abs(static_cast<double>(values[i]) - sums[i]) - rounding * std::abs(sums[i]);
    result = testing::worse(result, error);
  }
  return result / *std::max_element(sizes.begin(), sizes.end());
}

struct Passes {
  Tensor<double> y, dx, dw;
};

Passes reference(const ConvGeometry& g, const Tensor<double>& x, const Tensor<double>& w, const Tensor<double>& bias,
                 const Tensor<double>& dy) {
  Passes p{{x.count(), g.output()}, {x.count(), g.input}, {1, w.shape(), 0.0}};
  kernels::reference::conv_forward<double, double>(g, w.data(), bias.data(), x, p.y.view());
  kernels::reference::conv_backward_data<double, double>(g, w.data(), dy, p.dx.view());
  kernels::reference::conv_backward_weights<double, double>(g, x, dy, p.dw.data());
  return p;
}

template <class T>
struct Operands {
  Tensor<T> x, dy;
  Tensor<float> w, bias;
};

template <class T>
Operands<T> draw_operands(const ConvGeometry& g, Index count, Seed seed) {
  RandomStream random(seed, hash_name("winograd test"));
  Tensor<T> x = draw<T>(count, g.input, random), dy = draw<T>(count, g.output(), random);
  Tensor<float> w = draw<float>(1, {.channels = g.out_channels * g.depth()}, random);
  return {std::move(x), std::move(dy), std::move(w), draw<float>(1, {.channels = g.out_channels}, random)};
}

template <class T>
struct Results {
  Tensor<T> y, dx;
  Tensor<float> dw;
};

template <class T>
Results<T> three_passes(const ConvGeometry& g, const Operands<T>& o) {
  Results<T> r{{o.x.count(), g.output()}, {o.x.count(), g.input}, {1, o.w.shape(), 0.0f}};
  kernels::CachedPanels packed;
  Workspace workspace;
  kernels::conv_forward<T>(g, o.w.data(), 1, o.bias.data(), packed, o.x, r.y);
  kernels::conv_backward_data<T>(g, o.w.data(), o.dy, r.dx);
  kernels::conv_backward_weights<T>(g, o.x, o.dy, r.dw.data(), workspace);
  return r;
}

// Errors of the three passes.
template <class T>
std::array<double, 3> errors(const Case& item) {
  const ConvGeometry& g = item.geometry;
  const Operands<T> o = draw_operands<T>(g, item.count, Seed{1});
  const auto [y, dx, dw] = three_passes(g, o);
  const Passes sums = reference(g, exact(o.x, false), exact(o.w, false), exact(o.bias, false), exact(o.dy, false));
  const Passes sizes = reference(g, exact(o.x, true), exact(o.w, true), exact(o.bias, true), exact(o.dy, true));
  return {worst(y, sums.y, sizes.y), worst(dx, sums.dx, sizes.dx), worst(dw, sums.dw, sizes.dw)};
}

}  // namespace

TEST_CASE("every pass through Winograd is within 32 eps of its largest sum of absolute terms") {
  const double bound = 32 * double{std::numeric_limits<float>::epsilon()};
  testing::on_each_isa([&] {
    if (kernels::active_isa() == kernels::Isa::portable) return;
    for (const Case& item : cases()) {
      REQUIRE(kernels::winograd_kernels<float>(item.geometry) != nullptr);
      const ConvGeometry& g = item.geometry;
      CAPTURE(concat("input ", to_string(g.input), " padding ", to_string(g.padding), " outputs ", g.out_channels));
      for (const double error : errors<float>(item)) CHECK(error < bound);
      if (kernels::winograd_kernels<bfloat16>(item.geometry))
        for (const double error : errors<bfloat16>(item)) CHECK(error < bound);
    }
  });
}

TEST_CASE("Winograd can be switched off, and is not used where it does not suit") {
  const ConvGeometry suits{.input = {8, 8, 32}, .out_channels = 32, .kernel = 3, .padding = 1};
  ConvGeometry strided = suits, dilated = suits, grouped = suits, few = suits, wide = suits, odd = suits;
  strided.stride = 2;
  dilated.dilation = 2;
  grouped.groups = 2;
  few.input.channels = 16;
  wide.padding = 3;
  odd.out_channels = 40;
  CHECK(kernels::suits_winograd(suits));
  for (const ConvGeometry& g : {strided, dilated, grouped, few, wide, odd}) CHECK_FALSE(kernels::suits_winograd(g));
  kernels::winograd_enabled() = false;
  CHECK(kernels::winograd_kernels<float>(suits) == nullptr);
  kernels::winograd_enabled() = true;
  CHECK(kernels::winograd_kernels<double>(suits) == nullptr);
}

TEST_CASE_TEMPLATE("Winograd's passes have the same bits at 1, 2, 3 and 8 threads", T, float, bfloat16) {
  const ConvGeometry g{.input = {9, 8, 32}, .out_channels = 64, .kernel = 3, .padding = 1};
  testing::on_each_isa([&] {
    for (const Index count : {1, 3, 9}) {  // fewer images than threads share each step instead
      CAPTURE(count);
      const Operands<T> operands = draw_operands<T>(g, count, Seed{2});
      std::vector<float> first;
      for (const int threads : {1, 2, 3, 8}) {
        const ThreadCountScope scope(threads);
        const auto [y, dx, dw] = three_passes(g, operands);
        std::vector<float> all(y.begin(), y.end());
        all.insert(all.end(), dx.begin(), dx.end());
        all.insert(all.end(), dw.begin(), dw.end());
        if (first.empty()) first = all;
        CHECK(all == first);
      }
    }
  });
}
