// A training step's share of the optimizer allocates nothing.
#include <doctest/doctest.h>

#include "count_allocations.hpp"
#include "hcnn/optim/adam.hpp"
#include "hcnn/optim/clip.hpp"
#include "hcnn/optim/ema.hpp"
#include "hcnn/optim/schedule_combined.hpp"
#include "hcnn/optim/schedule_curves.hpp"
#include "hcnn/optim/schedule_plateau.hpp"
#include "hcnn/optim/sgd.hpp"
#include "sample_params.hpp"

using namespace hcnn;

TEST_CASE("from the second step on, schedule, clipping, update and averaging allocate nothing") {
  sample::Params<float> params({{70, 1000}, {5}, {3, 3, 3, 3}});
  SGD sgd{params.list(), {.momentum = 0.9, .nesterov = true}};
  AdamW adamw{params.list()};
  ExponentialMovingAverage average{params.list()};
  const schedules::Schedule schedule = schedules::warm_up(
      schedules::sequential({{schedules::one_cycle(), 1}, {schedules::reduce_on_plateau()}}), {.steps = 3});
  const auto train = [&](Index step) {
    for (Optimizer<float>* optimizer : {static_cast<Optimizer<float>*>(&sgd), static_cast<Optimizer<float>*>(&adamw)}) {
      params.backward(step);
      optimizer->set_learning_rate(schedule.rate(
          {.step = static_cast<std::uint64_t>(step), .steps_per_epoch = 2, .total_steps = 4, .base_rate = 0.01}));
      clip_gradient_norm(optimizer->trainable(), 0.5);
      optimizer->step();
    }
    average.update(0.9);
  };
  train(0);
  const long allocations = testing::allocations_in([&] {
    for (Index step = 1; step < 4; ++step) train(step);
  });
  CHECK(allocations == 0);
}
