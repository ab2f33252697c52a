// Twenty steps of every optimizer against PyTorch's weights (tests/reference/make_optim.py).
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "../reference/load_json.hpp"
#include "figure.hpp"
#include "hcnn/optim/adam.hpp"
#include "hcnn/optim/clip.hpp"
#include "hcnn/optim/sgd.hpp"
#include "sample_params.hpp"
#include "worse.hpp"

using namespace hcnn;

namespace {

const nlohmann::json& expected() {
  static const nlohmann::json json = reference::load_json("optim.json");
  return json;
}

std::vector<std::vector<Index>> shapes() { return expected()["shapes"].get<std::vector<std::vector<Index>>>(); }

/// The optimizers of make_optim.py; PyTorch decays every parameter, hence decay_all.
template <class M>
std::unique_ptr<Optimizer<M>> make(const std::string& name, const ParamList<M>& list) {
  const auto sgd = [&](double momentum, bool nesterov, double decay) {
    return std::make_unique<SGD<M>>(list, SGDOptions{.learning_rate = 0.1,
                                                     .momentum = momentum,
                                                     .nesterov = nesterov,
                                                     .weight_decay = decay,
                                                     .decay_all = true});
  };
  if (name == "sgd") return sgd(0, false, 0);
  if (name == "sgd_decay") return sgd(0, false, 0.03);
  if (name == "sgd_momentum" || name == "clip") return sgd(0.9, false, 0);
  if (name == "sgd_nesterov") return sgd(0.9, true, 0);
  if (name == "sgd_nesterov_decay") return sgd(0.8, true, 0.03);
  if (name == "adam") return std::make_unique<Adam<M>>(list, AdamOptions{.learning_rate = 0.01});
  if (name == "adam_l2")
    return std::make_unique<Adam<M>>(list, AdamOptions{.learning_rate = 0.01,
                                                       .beta1 = 0.8,
                                                       .beta2 = 0.99,
                                                       .epsilon = 1e-6,
                                                       .weight_decay = 0.03,
                                                       .decay_all = true});
  if (name == "adamw") return std::make_unique<AdamW<M>>(list, AdamWOptions{.learning_rate = 0.01, .decay_all = true});
  REQUIRE(name == "adamw_decay");
  return std::make_unique<AdamW<M>>(
      list,
      AdamWOptions{
          .learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.99, .epsilon = 1e-6, .weight_decay = 0.3, .decay_all = true});
}

/// Largest difference to PyTorch's weights after all steps, relative to the largest of them.
template <class M>
double error_after_training(const std::string& name) {
  sample::Params<M> params(shapes());
  const auto optimizer = make<M>(name, params.list());
  const auto norms = expected()["optimizers"][name]["norms"].get<std::vector<double>>();
  for (Index step = 0; step < expected()["steps"].get<Index>(); ++step) {
    params.backward(step);
    if (name == "clip")
      CHECK(clip_gradient_norm(optimizer->trainable(), 2.5) ==
            doctest::Approx(norms.at(static_cast<std::size_t>(step))).epsilon(1e-6));
    optimizer->step();
  }
  double error = 0, largest = 0;
  for (std::size_t t = 0; t < params.size(); ++t) {
    const auto weights = expected()["optimizers"][name]["weights"][t].get<std::vector<double>>();
    REQUIRE(static_cast<Index>(weights.size()) == params[t].size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
      error = testing::worse(error, std::abs(static_cast<double>(params[t].value()[i]) - weights[i]));
      largest = std::max(largest, std::abs(weights[i]));
    }
  }
  return error / largest;
}

}  // namespace

TEST_CASE("twenty steps of every optimizer in double give PyTorch's weights to 1e-10") {
  REQUIRE(expected()["optimizers"].size() == 10);
  double worst = 0;
  for (const auto& item : expected()["optimizers"].items()) {
    CAPTURE(item.key());
    const double error = error_after_training<double>(item.key());
    CHECK(error <= 1e-10);
    worst = std::max(worst, error);
  }
  testing::figure("R4", "20 steps of 10 optimizers in double: within ", worst);
}

TEST_CASE("twenty steps in float stay within rounding of the weights in double") {
  // Each step rounds a weight a few times by 2^-24; the momentum of 0.9 sums such errors up to tenfold, and 20 steps
  // add up: 20 * 10 * 6e-8 = 1.2e-5.
  double worst = 0;
  for (const auto& item : expected()["optimizers"].items()) {
    CAPTURE(item.key());
    const double error = error_after_training<float>(item.key());
    CHECK(error <= 1.2e-5);
    worst = std::max(worst, error);
  }
  testing::figure("R4", "20 steps of 10 optimizers in float: within ", worst);
}
