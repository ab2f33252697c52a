// Muon and its orthogonalisation against PyTorch's products (tests/reference/make_muon.py); what both promise.
#include "hcnn/optim/muon.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../kernels/each_isa.hpp"
#include "../reference/load_json.hpp"
#include "count_allocations.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/core/snapshot.hpp"
#include "proof.hpp"
#include "sample_params.hpp"
#include "worse.hpp"

using namespace hcnn;

namespace {

const nlohmann::json& expected_muon() {
  static const nlohmann::json json = reference::load_json("muon.json");
  return json;
}

/// The parameters of make_muon.py under their names.
template <class M>
sample::Params<M> params() {
  sample::Params<M> all(expected_muon()["shapes"].get<std::vector<std::vector<Index>>>());
  for (std::size_t t = 0; t < all.size(); ++t) all[t].name = expected_muon()["names"][t].get<std::string>();
  return all;
}

MuonOptions options(const std::string& name) {
  if (name == "decayed")
    return {.learning_rate = 0.1, .other_learning_rate = 0.02, .momentum = 0.8, .nesterov = false, .weight_decay = 0.3};
  if (name == "all")
    return {.learning_rate = 0.05, .other_learning_rate = 0.1, .momentum = 0.6, .weight_decay = 0.1, .others = ""};
  return {};
}

/// Largest difference to the weights of make_muon.py.
template <class M>
double muon_error(const std::string& name) {
  sample::Params<M> all = params<M>();
  Muon<M> optimizer{all.list(), options(name)};
  for (Index step = 0; step < expected_muon()["steps"].get<Index>(); ++step) {
    all.backward(step);
    optimizer.step();
  }
  double error = 0;
  for (std::size_t t = 0; t < all.size(); ++t)
    for (Index i = 0; i < all[t].size(); ++i) {
      const double wanted = expected_muon()["weights"][name][t][static_cast<std::size_t>(i)].get<double>();
      error = testing::worse(error, std::abs(static_cast<double>(all[t].value()[i]) - wanted));
    }
  return error;
}

/// Five steps of the iteration on X (rows, columns) as the paper writes it, from sums over all indices. Gram matrices
/// of the long side have the same powers, so nothing is transposed.
std::vector<double> naive_orthogonal(Index rows, Index columns, std::vector<double> x) {
  const auto at = [columns](auto& matrix, Index i, Index j) -> auto& {
    return matrix[static_cast<std::size_t>(i * columns + j)];
  };
  const auto gram_times = [&](const std::vector<double>& y) {  // X X^T Y
    std::vector<double> result(y.size());
    for (Index i = 0; i < rows; ++i)
      for (Index k = 0; k < rows; ++k) {
        double gram = 0;
        for (Index j = 0; j < columns; ++j) gram += at(x, i, j) * at(x, k, j);
        for (Index j = 0; j < columns; ++j) at(result, i, j) += gram * at(y, k, j);
      }
    return result;
  };
  double squares = 0;
  for (const double value : x) squares += value * value;
  for (double& value : x) value /= std::sqrt(squares) + 1e-7;
  for (int step = 0; step < 5; ++step) {
    const std::vector<double> cubed = gram_times(x), fifth = gram_times(cubed);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 3.4445 * x[i] - 4.775 * cubed[i] + 2.0315 * fifth[i];
  }
  return x;
}

std::vector<float> random_matrix(Index rows, Index columns) {
  std::vector<float> matrix(static_cast<std::size_t>(rows * columns));
  RandomStream random(Seed{7}, hash_name("muon test"));
  for (float& value : matrix) value = static_cast<float>(random.normal());
  return matrix;
}

}  // namespace

TEST_CASE("in double matrices and weights are PyTorch's to 1e-10") {
  Workspace workspace;
  for (std::size_t m = 0; m < expected_muon()["matrices"].size(); ++m) {
    const auto& record = expected_muon()["matrices"][m];
    const Index rows = record["shape"][0], columns = record["shape"][1];
    std::vector<double> x;
    for (Index i = 0; i < rows * columns; ++i) x.push_back(sample::pattern(50 + static_cast<Index>(m), i));
    orthogonalize(rows, columns, x.data(), 5, workspace);
    for (std::size_t i = 0; i < x.size(); ++i)
      CHECK(x[i] == doctest::Approx(record["result"][i].get<double>()).epsilon(1e-10));
  }
  for (const char* name : {"plain", "decayed", "all"}) {
    CAPTURE(name);
    CHECK(muon_error<double>(name) <= 1e-10);
  }
}

TEST_CASE("every matrix moves by the formula, whatever its shape" * doctest::test_suite("proof")) {
  testing::Proof proof("Muon");
  const MuonOptions options{.learning_rate = 0.05, .momentum = 0.8, .weight_decay = 0.3, .others = ""};
  for (const std::vector<Index>& dims : std::vector<std::vector<Index>>{{1, 1},
                                                                        {3, 5},
                                                                        {5, 3},
                                                                        {1, 9},
                                                                        {9, 1},
                                                                        {17, 3},
                                                                        {1, 1, 1, 1},
                                                                        {2, 3, 3, 3},
                                                                        {7, 1, 3, 1},
                                                                        {2, 7, 1, 2},
                                                                        {3, 4, 5},
                                                                        {40, 30},
                                                                        {31, 32}}) {
    sample::Params<double> params({dims});
    Muon<double> optimizer{params.list(), options};
    const Index rows = dims[0], columns = params[0].size() / rows;
    std::vector<double> w = params.values(), velocity(w.size());
    for (Index n = 1; n <= 20; ++n) {
      params.backward(n);
      std::vector<double> u(w.size());
      for (std::size_t i = 0; i < w.size(); ++i) {
        velocity[i] = 0.8 * velocity[i] + params[0].grad()[i];
        u[i] = params[0].grad()[i] + 0.8 * velocity[i];
      }
      u = naive_orthogonal(rows, columns, std::move(u));
      const double shape = std::sqrt(std::max(1.0, static_cast<double>(rows) / static_cast<double>(columns)));
      for (std::size_t i = 0; i < w.size(); ++i) w[i] = (1 - 0.05 * 0.3) * w[i] - 0.05 * shape * u[i];
      optimizer.step();
    }
    double error = 0;
    for (std::size_t i = 0; i < w.size(); ++i)
      error = testing::worse(error, std::abs(params[0].value()[i] - w[i]) / 1e-10);
    CHECK_MESSAGE(error <= 1, params[0].size(), " numbers: ", error);
    proof.add(params[0].size(), error, rows, Shape{.channels = columns});
  }
}

TEST_CASE("in float, on every instruction set, weights are PyTorch's to 1e-4") {
  // Five steps multiply rounding errors of 6e-8 by at most 3.4445^5 = 485 each; twelve steps of 0.1 add them up.
  testing::on_each_isa([] {
    for (const char* name : {"plain", "decayed", "all"}) CHECK(muon_error<float>(name) <= 1e-4);
  });
}

TEST_CASE("rows of a wide matrix, columns of a tall one, become nearly orthonormal, at any scale") {
  testing::on_each_isa([] {
    for (const bool tall : {false, true}) {
      const Index rows = tall ? 200 : 24, columns = tall ? 24 : 200;
      std::vector<float> x = random_matrix(rows, columns), scaled = x;
      for (float& value : scaled) value *= 1e-3F;
      Workspace workspace;
      orthogonalize(rows, columns, x.data(), 5, workspace);
      orthogonalize(rows, columns, scaled.data(), 5, workspace);
      const Index m = std::min(rows, columns), n = std::max(rows, columns);
      const auto at = [&](Index i, Index k) {
        return static_cast<double>(x[static_cast<std::size_t>(rows <= columns ? i * columns + k : k * columns + i)]);
      };
      double worst = 0, across = 0, different = 0;
      for (Index i = 0; i < m; ++i)
        for (Index j = 0; j <= i; ++j) {
          double dot = 0;
          for (Index k = 0; k < n; ++k) dot += at(i, k) * at(j, k);
          (i == j ? worst : across) = std::max(i == j ? worst : across, std::abs(i == j ? dot - 1 : dot));
        }
      for (std::size_t i = 0; i < x.size(); ++i)
        different = std::max(different, static_cast<double>(std::abs(x[i] - scaled[i])));
      CHECK(worst < 0.55);   // squared singular values lie in 0.47..1.45
      CHECK(across < 0.49);  // half of that range
      CHECK(different < 1e-4);
    }
  });
}

TEST_CASE("a matrix of zeros stays one") {
  std::vector<double> x(12, 0.0);
  Workspace workspace;
  orthogonalize<double>(3, 4, x.data(), 5, workspace);
  for (const double value : x) CHECK(value == 0);
}

TEST_CASE("only matrices of weights that are not set aside are orthogonalised") {
  sample::Params<float> all = params<float>();
  const Muon<float> optimizer{all.list()}, whole{all.list(), {.others = ""}};
  const bool matrix[] = {true, false, true, false, false};
  for (std::size_t t = 0; t < 5; ++t) CHECK(optimizer.orthogonalizes(all[t]) == matrix[t]);
  CHECK(whole.orthogonalizes(all[3]));
  CHECK_FALSE(whole.orthogonalizes(all[4]));
}

TEST_CASE("the same bits come out at 1 and 3 threads, and from a training that was saved and goes on") {
  const auto weights = [](int threads, bool interrupted) {
    const ThreadCountScope scope(threads);
    sample::Params<float> all({{40, 30}, {30}, {16, 8, 3, 3}});
    Muon<float> first{all.list(), {.weight_decay = 0.1}}, second{all.list(), {.weight_decay = 0.1}};
    for (Index step = 0; step < 6; ++step) {
      if (step == 3 && interrupted) {
        Snapshot snapshot;
        StateVisitor saving = StateVisitor::saving(snapshot);
        first.visit_state(saving);
        StateVisitor loading = StateVisitor::loading(snapshot);
        second.visit_state(loading);
      }
      all.backward(step);
      (step >= 3 && interrupted ? second : first).step();
    }
    return all.values();
  };
  const auto expected_weights = weights(1, false);
  CHECK(weights(3, false) == expected_weights);
  CHECK(weights(1, true) == expected_weights);
}

TEST_CASE("from the second step on nothing is allocated, and gradients are zeroed") {
  sample::Params<float> all({{40, 30}, {30}, {30, 40}});
  Muon<float> optimizer{all.list()};
  all.backward(0);
  optimizer.step();
  for (std::size_t t = 0; t < all.size(); ++t)
    for (Index i = 0; i < all[t].size(); ++i) REQUIRE(all[t].grad()[i] == 0);
  all.backward(1);
  CHECK(testing::allocations_in([&] { optimizer.step(); }) == 0);
}

TEST_CASE("a group's learning rate scale slows its matrices and its other parameters alike") {
  sample::Params<double> all({{4, 6}, {3}}), half = all;
  Muon<double> fast{all.list()}, slow{ParamList<double>{}};
  slow.add_group({.params = half.list(), .learning_rate_scale = 0.5});
  const auto before = all.values();
  all.backward(0);
  half.backward(0);
  fast.step();
  slow.step();
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(half.values()[i] - before[i] == doctest::Approx(0.5 * (all.values()[i] - before[i])).epsilon(1e-9));
}

TEST_CASE("options outside their range are refused") {
  sample::Params<float> all({{2, 3}});
  CHECK_THROWS_AS(Muon<float>(all.list(), {.learning_rate = 0}), OptionError);
  CHECK_THROWS_AS(Muon<float>(all.list(), {.other_learning_rate = -1}), OptionError);
  CHECK_THROWS_AS(Muon<float>(all.list(), {.momentum = 1}), OptionError);
  CHECK_THROWS_AS(Muon<float>(all.list(), {.weight_decay = -1}), OptionError);
  CHECK_THROWS_AS(Muon<float>(all.list(), {.steps = 0}), OptionError);
}
