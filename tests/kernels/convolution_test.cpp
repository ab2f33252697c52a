// The three passes of the convolution on every instruction set against the naive loops.
#include "hcnn/kernels/convolution.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "figure.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/kernels/reference/convolution.hpp"
#include "kernels/each_isa.hpp"

using namespace hcnn;
using kernels::ConvGeometry;

namespace {

struct Case {
  Index count;
  ConvGeometry geometry;
};

std::vector<Case> cases() {
  return {{1, {.input = {1, 1, 1}, .out_channels = 1, .kernel = 1}},
          {1, {.input = {5, 7, 3}, .out_channels = 5, .kernel = 3, .padding = 1}},
          {3, {.input = {8, 8, 16}, .out_channels = 40, .kernel = 3, .padding = 1}},
          {2, {.input = {9, 6, 4}, .out_channels = 33, .kernel = {3, 2}, .stride = {2, 3}, .padding = {2, 1}}},
          {2, {.input = {9, 9, 20}, .out_channels = 7, .kernel = 3, .padding = 2, .dilation = 2}},
          {5, {.input = {7, 7, 6}, .out_channels = 4, .kernel = 1, .stride = 2}},
          {2, {.input = {6, 6, 4}, .out_channels = 6, .kernel = 3, .padding = 1, .groups = 2}},
          {1, {.input = {4, 4, 2}, .out_channels = 3, .kernel = 1, .padding = 2}},
          {2, {.input = {10, 10, 3}, .out_channels = 3, .kernel = 2, .stride = 4}},
          {1, {.input = {1, 12, 15}, .out_channels = 17, .kernel = {1, 5}, .padding = {0, 2}}},
          {9, {.input = {4, 4, 29}, .out_channels = 31, .kernel = 3, .padding = 1}},
          {2, {.input = {5, 4, 8}, .out_channels = 8, .kernel = {5, 4}}},
          {1, {.input = {7, 5, 2}, .out_channels = 65, .kernel = {2, 3}, .stride = {1, 2}, .dilation = {3, 1}}},
          {20, {.input = {2, 2, 3}, .out_channels = 9, .kernel = 3, .padding = 1}},
          // The last two exceed a group of images: 256 output pixels in the gather kernel; 256 KiB, 1 MiB and 2 MiB in
          // the weight gradients.
          {70, {.input = {2, 2, 3}, .out_channels = 9, .kernel = 3, .padding = 1}},
          {30, {.input = {32, 32, 16}, .out_channels = 4, .kernel = 1}}};
}

struct Arrays {
  Tensor<float> x, dy;
  std::vector<float> w, bias;
};

// Integers in -3..3 make every sum exact; reals are uniform in [-1, 1).
Arrays arrays(const Case& item, bool integers, std::uint64_t seed) {
  RandomStream random(Seed{seed}, hash_name("convolution test"));
  const auto draw = [&] {
    return integers ? static_cast<float>(random.below(7)) - 3 : static_cast<float>(2 * random.uniform() - 1);
  };
  const ConvGeometry& g = item.geometry;
  Arrays a{{item.count, g.input}, {item.count, g.output()}, {}, {}};
  for (float& value : a.x) value = draw();
  for (float& value : a.dy) value = draw();
  for (Index i = 0; i < g.out_channels * g.depth(); ++i) a.w.push_back(draw());
  for (Index i = 0; i < g.out_channels; ++i) a.bias.push_back(draw());
  return a;
}

template <class T>
Tensor<T> as(const Tensor<float>& values) {
  Tensor<T> result(values.count(), values.shape());
  std::transform(values.begin(), values.end(), result.begin(), [](float v) { return T(v); });
  return result;
}

std::string reproduction(const Case& c, const char* pass, bool integers) {
  const ConvGeometry& g = c.geometry;
  return concat(pass, ' ', integers ? "integers" : "reals", " N=", c.count, " input ", to_string(g.input),
                " O=", g.out_channels, " kernel ", to_string(g.kernel), " stride ", to_string(g.stride), " padding ",
                to_string(g.padding), " dilation ", to_string(g.dilation), " groups ", g.groups);
}

// |a - b| <= 4 eps sqrt(K) sum |terms|, with `magnitude` = the sum of the terms' absolute values; 0 for exact sums.
// Returns the largest error as a share of what is allowed.
template <class Values>
double check_close(const Values& values, const Tensor<double>& exact, const Tensor<double>& magnitude, double factor,
                   const std::string& text) {
  Index wrong = 0;
  double worst = 0, share = 0;
  for (Index i = 0; i < exact.size(); ++i) {
    const double error = std::abs(static_cast<double>(values.data()[i]) - exact[i]);
    worst = std::max(worst, error);
    if (!(error <= factor * magnitude[i])) ++wrong;
    if (error > 0) share = std::max(share, error / (factor * magnitude[i]));
  }
  CHECK_MESSAGE(wrong == 0, text, ": ", wrong, " of ", exact.size(), " values differ, by up to ", worst);
  return share;
}

// Results of the naive loops in double.
struct Exact {
  Tensor<double> y, dx, dw;
};

Exact exact(const Case& item, const Tensor<double>& x, const Tensor<double>& dy, const std::vector<double>& w,
            const std::vector<double>& bias) {
  const ConvGeometry& g = item.geometry;
  Exact e{{item.count, g.output()}, {item.count, g.input}, {1, {.channels = static_cast<Index>(w.size())}, 1.0}};
  kernels::reference::conv_forward<double, double>(g, w.data(), bias.data(), x, e.y.view());
  kernels::reference::conv_backward_data<double, double>(g, w.data(), dy, e.dx.view());
  kernels::reference::conv_backward_weights<double, double>(g, x, dy, e.dw.data());
  return e;
}

template <class Values>
Tensor<double> to_double(const Values& values, bool absolute) {
  Tensor<double> result(values.count(), values.shape());
  std::transform(values.begin(), values.end(), result.begin(), [&](auto v) {
    const auto value = static_cast<double>(v);
    return absolute ? std::abs(value) : value;
  });
  return result;
}
std::vector<double> to_double(const std::vector<float>& values, bool absolute) {
  std::vector<double> result;
  for (const float v : values) result.push_back(absolute ? std::abs(double{v}) : double{v});
  return result;
}

// One pass of each kind in T against sums in double. Inputs and weights are exact in T; bfloat16 outputs are rounded
// once. Returns the largest error as a share of what is allowed.
template <class T>
double check_case(const Case& item, bool integers, std::uint64_t seed) {
  const ConvGeometry& g = item.geometry;
  Arrays a = arrays(item, integers, seed);
  for (float& value : a.w) value = static_cast<float>(T(value));
  const Tensor<T> x = as<T>(a.x), dy = as<T>(a.dy);
  Tensor<T> y(item.count, g.output()), dx(item.count, g.input);
  kernels::CachedPanels packed;
  Workspace workspace;
  kernels::conv_forward<T>(g, a.w.data(), 1, a.bias.data(), packed, x, y);
  kernels::conv_backward_data<T>(g, a.w.data(), dy, dx);
  std::vector<float> dw(a.w.size(), 1.0f);
  kernels::conv_backward_weights<T>(g, x, dy, dw.data(), workspace);

  const Exact sum =
      exact(item, to_double(x, false), to_double(dy, false), to_double(a.w, false), to_double(a.bias, false));
  const Exact size =
      exact(item, to_double(x, true), to_double(dy, true), to_double(a.w, true), to_double(a.bias, true));
  const auto tolerance = [&](Index terms) {  // of `terms` products and the start value
    return integers ? 0.0
                    : 4 * double{std::numeric_limits<float>::epsilon()} * std::sqrt(static_cast<double>(terms + 1));
  };
  const double rounding = std::is_same_v<T, bfloat16> ? 0x1p-8 : 0;  // half a unit in the last place
  return std::max(
      {check_close(y, sum.y, size.y, tolerance(g.depth()) + rounding, reproduction(item, "forward", integers)),
       check_close(dx, sum.dx, size.dx, tolerance(g.kernel.area() * g.group_outputs()) + rounding,
                   reproduction(item, "data gradient", integers)),
       check_close(dw, sum.dw, size.dw, tolerance(item.count * g.output().pixels()),
                   reproduction(item, "weight gradient", integers))});
}

}  // namespace

TEST_CASE("every pass on every instruction set gives the exact sums of small integers") {
  const std::string isas = testing::on_each_isa([] {
    for (const Case& item : cases()) check_case<float>(item, true, 1);
  });
  testing::figure("R3", "three passes of ", cases().size(), " convolutions of integers exact on ", isas);
}

TEST_CASE("every pass on every instruction set is within 4 eps sqrt(K) sum |ab| of double for reals") {
  double worst = 0;
  testing::on_each_isa([&] {
    for (const Case& item : cases()) worst = std::max(worst, check_case<float>(item, false, 2));
  });
  testing::figure("R3", "reals: at most ", worst, " of 4 eps sqrt(K) sum |ab|");
}

TEST_CASE("bfloat16 passes are the float sums rounded once") {
  testing::on_each_isa([] {
    for (const Case& item : cases()) {
      check_case<bfloat16>(item, true, 3);
      check_case<bfloat16>(item, false, 4);
    }
  });
}

TEST_CASE_TEMPLATE("every pass has the same bits at 1, 2, 3, 4 and 8 threads", T, float, bfloat16) {
  testing::on_each_isa([] {
    for (const Index count : {1, 3, 9}) {  // fewer images than threads are split into rows
      CAPTURE(count);
      const Case item{count, {.input = {9, 8, 20}, .out_channels = 40, .kernel = 3, .padding = 1}};
      const Arrays a = arrays(item, false, 5);
      const Tensor<T> x = as<T>(a.x), dy = as<T>(a.dy);
      Tensor<T> y1, dx1;
      std::vector<float> dw1;
      for (const int threads : {1, 2, 3, 4, 8}) {
        const ThreadCountScope scope(threads);
        Tensor<T> y(count, item.geometry.output()), dx(count, item.geometry.input);
        std::vector<float> dw(a.w.size());
        kernels::CachedPanels packed;
        Workspace workspace;
        kernels::conv_forward<T>(item.geometry, a.w.data(), 1, a.bias.data(), packed, x, y);
        kernels::conv_backward_data<T>(item.geometry, a.w.data(), dy, dx);
        kernels::conv_backward_weights<T>(item.geometry, x, dy, dw.data(), workspace);
        if (threads == 1) {
          y1 = y;
          dx1 = dx;
          dw1 = dw;
        }
        CHECK(std::equal(y.begin(), y.end(), y1.begin()));
        CHECK(std::equal(dx.begin(), dx.end(), dx1.begin()));
        CHECK(dw == dw1);
      }
    }
  });
}

TEST_CASE("a NaN in one image reaches no other") {
  testing::on_each_isa([] {
    for (const ConvGeometry& g : {ConvGeometry{.input = {1, 1, 16}, .out_channels = 1, .kernel = 1},
                                  ConvGeometry{.input = {5, 5, 3}, .out_channels = 4, .kernel = 3}})
      for (const int threads : {1, 3}) {
        const ThreadCountScope scope(threads);
        const Case item{2, g};
        const Arrays a = arrays(item, true, 7);
        Tensor<bfloat16> x = as<bfloat16>(a.x), y(item.count, g.output());
        const TensorView<bfloat16> images = x;
        std::fill_n(images.sample(1), g.input.size(), bfloat16(std::numeric_limits<float>::quiet_NaN()));
        kernels::conv_forward<bfloat16>(g, a.w.data(), 1, a.bias.data(), {}, x, y);
        for (Index i = 0; i < g.output().size(); ++i) CHECK(std::isfinite(static_cast<float>(y[i])));
      }
  });
}

TEST_CASE("no images change nothing") {
  testing::on_each_isa([] {
    const Case item{0, {.input = {5, 5, 3}, .out_channels = 4, .kernel = 3}};
    const Arrays a = arrays(item, true, 8);
    Tensor<float> y(0, item.geometry.output()), dx(0, item.geometry.input);
    std::vector<float> dw(a.w.size(), 2.0f);
    Workspace workspace;
    kernels::conv_forward<float>(item.geometry, a.w.data(), 1, a.bias.data(), {}, a.x, y);
    kernels::conv_backward_data<float>(item.geometry, a.w.data(), a.dy, dx);
    kernels::conv_backward_weights<float>(item.geometry, a.x, a.dy, dw.data(), workspace);
    CHECK(dw == std::vector<float>(a.w.size(), 2.0f));
  });
}

#if defined(__x86_64__) && defined(__linux__)
namespace {

// What another library does with the tiles when it has finished.
[[gnu::target("amx-tile")]] void release_tiles() { __asm__ volatile("tilerelease"); }

}  // namespace

TEST_CASE("tiles that another library has released are configured anew") {
  const kernels::Isa before = kernels::active_isa();
  if (!testing::use_amx()) {
    MESSAGE("skipped: no amx on this machine");
    return;
  }
  const Case item{2, {.input = {4, 4, 16}, .out_channels = 8, .kernel = 3, .padding = 1}};
  const Arrays a = arrays(item, true, 9);
  const Tensor<bfloat16> x = as<bfloat16>(a.x);
  Tensor<bfloat16> first(item.count, item.geometry.output()), second = first;
  const ThreadCountScope scope(1);
  kernels::conv_forward<bfloat16>(item.geometry, a.w.data(), 1, a.bias.data(), {}, x, first);
  release_tiles();
  kernels::conv_forward<bfloat16>(item.geometry, a.w.data(), 1, a.bias.data(), {}, x, second);
  CHECK(std::equal(first.begin(), first.end(), second.begin()));
  kernels::limit_isa(before);
}
#endif

TEST_CASE("packed weights are used for the version that they hold, and no other") {
  const Case item{1, {.input = {4, 4, 3}, .out_channels = 2, .kernel = 3, .padding = 1}};
  Arrays a = arrays(item, true, 6);
  Tensor<float> y1(1, item.geometry.output()), y2(1, item.geometry.output());
  kernels::CachedPanels packed;
  const auto run = [&](std::uint64_t version, Tensor<float>& y) {
    kernels::conv_forward<float>(item.geometry, a.w.data(), version, nullptr, packed, a.x, y);
  };
  kernels::refresh_forward<float>(item.geometry, a.w.data(), 1, packed);
  run(1, y1);
  for (float& value : a.w) value *= 2;
  if (kernels::micro_kernels<float>()) {
    run(1, y2);
    for (Index i = 0; i < y1.size(); ++i) CHECK(y2[i] == y1[i]);
  }
  run(2, y2);
  for (Index i = 0; i < y1.size(); ++i) CHECK(y2[i] == 2 * y1[i]);
}
