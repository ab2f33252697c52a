// Every schedule: PyTorch's sequences of learning rates, state, misuse.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../reference/load_json.hpp"
#include "hcnn/optim/schedule_combined.hpp"
#include "hcnn/optim/schedule_curves.hpp"
#include "hcnn/optim/schedule_plateau.hpp"

using namespace hcnn;
using namespace hcnn::schedules;

namespace {

const nlohmann::json& expected_rates() {
  static const nlohmann::json json = reference::load_json("optim.json");
  return json;
}

std::vector<double> metrics() {
  std::vector<double> all;
  for (const auto& value : expected_rates()["metrics"])
    all.push_back(value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN());
  return all;
}

/// The learning rate of each step, one step an epoch, as PyTorch counts.
std::vector<double> rates(Schedule schedule, std::size_t steps, const std::vector<double>& watched = {}) {
  std::vector<double> seen;
  for (std::size_t i = 0; i < steps; ++i) {
    seen.push_back(schedule.rate({.step = i, .total_steps = steps, .base_rate = 0.1}));
    schedule.on_epoch(watched.empty() ? 0.0 : watched[i]);
  }
  return seen;
}

/// Each rate equal to PyTorch's within 1e-12 of the largest rate: PyTorch forms small rates as differences of large
/// ones, or as products of twenty factors.
void check_sequence(const std::string& name, const Schedule& schedule, const std::vector<double>& watched = {}) {
  CAPTURE(name);
  const auto wanted = expected_rates()["schedules"][name].get<std::vector<double>>();
  const auto seen = rates(schedule, wanted.size(), watched);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(seen[i] - wanted[i]) <= 1e-12 * 0.1);
  }
}

}  // namespace

TEST_CASE("curves give PyTorch's learning rates") {
  check_sequence("step", step({.epochs = 3, .gamma = 0.5}));
  check_sequence("multi_step", multi_step({.milestones = {4, 9, 15}, .gamma = 0.3}));
  check_sequence("cosine", cosine({.final_factor = 0.1}));
  check_sequence("one_cycle_cosine", one_cycle());
  check_sequence("one_cycle_linear", one_cycle({.warm_up = 0.15, .anneal = Anneal::linear}));
  check_sequence("one_cycle_short", one_cycle());
}

TEST_CASE("warm-up and sequential schedules give PyTorch's learning rates") {
  check_sequence("linear_warm_up", warm_up(constant(), {.steps = 6, .start_factor = 0.1}));
  check_sequence("warm_up_product",
                 warm_up(multi_step({.milestones = {4, 9}, .gamma = 0.3}), {.steps = 6, .start_factor = 0.25}));
  check_sequence("sequence", sequential({{warm_up(constant(), {.steps = 4, .start_factor = 0.1}), 4},
                                         {step({.epochs = 3, .gamma = 0.5}), 8},
                                         {cosine({.final_factor = 0.1})}}));
}

TEST_CASE("reduce_on_plateau gives PyTorch's learning rates") {
  check_sequence("plateau", reduce_on_plateau({.patience = 2}), metrics());
  check_sequence("plateau_cooldown",
                 reduce_on_plateau({.factor = 0.5, .patience = 1, .threshold = 0.05, .cooldown = 3}), metrics());
  check_sequence("plateau_floor", reduce_on_plateau({.factor = 0.2, .patience = 0, .min_rate = 0.003}), metrics());
  check_sequence("plateau_least_change", reduce_on_plateau({.factor = 1e-4, .patience = 0}), metrics());
  check_sequence("plateau_larger", reduce_on_plateau({.patience = 3, .higher_is_better = true}), metrics());
}

TEST_CASE("schedules in epochs count whole epochs and schedules in steps count steps") {
  const StepInfo late{.step = 29, .steps_per_epoch = 10, .total_steps = 40, .base_rate = 2};
  CHECK(step({.epochs = 3, .gamma = 0.5}).rate(late) == 2.0);
  CHECK(step({.epochs = 2, .gamma = 0.5}).rate(late) == 1.0);
  CHECK(multi_step({.milestones = {2, 4}, .gamma = 0.5}).rate(late) == 1.0);
  CHECK(sequential({{constant(), 2}, {linear({.final_factor = 0})}}).rate(late) ==  // step 9 of the last 20
        doctest::Approx(2 * (1 - 9.0 / 20)).epsilon(1e-15));
  CHECK(linear({.final_factor = 0.2}).rate(late) == doctest::Approx(2 * (1 - 0.8 * 29 / 40)).epsilon(1e-15));
  CHECK(Schedule{}.rate(late) == 2.0);
}

TEST_CASE("one-cycle without climb starts at the peak's side and ends at the final rate") {
  const Schedule down = one_cycle({.warm_up = 0, .final_factor = 0, .anneal = Anneal::linear});
  CHECK(down.rate({.step = 9, .total_steps = 10}) == 0.0);
  CHECK(down.rate({.step = 0, .total_steps = 10}) == doctest::Approx(0.9).epsilon(1e-15));  // 1/10 done, as PyTorch
  CHECK(one_cycle({.warm_up = 0.5}).rate({.step = 0, .total_steps = 2}) == 1.0);            // the climb has no length
  CHECK(one_cycle({.warm_up = 1}).rate({.step = 9, .total_steps = 10}) == 1.0);
}

TEST_CASE("a schedule restored at any epoch continues like the original, and copies do not share state") {
  for (const Schedule& fresh :
       {reduce_on_plateau({.patience = 1}), warm_up(reduce_on_plateau({.patience = 1, .cooldown = 2}), {.steps = 9}),
        sequential({{reduce_on_plateau({.patience = 0}), 7}, {cosine(), 4}, {reduce_on_plateau({.patience = 1})}})}) {
    CAPTURE(fresh.name());
    const auto watched = metrics();
    Schedule original = fresh;
    for (std::size_t saved_at = 0; saved_at < watched.size(); ++saved_at) {
      Schedule plain = original, restored = fresh;
      restored.restore(original.state());
      for (std::size_t i = saved_at; i < watched.size(); ++i) {
        const StepInfo at{.step = i, .total_steps = 40};
        CHECK(restored.rate(at) == plain.rate(at));
        plain.on_epoch(watched[i]);
        restored.on_epoch(watched[i]);
      }
      CHECK(restored.state() == plain.state());
      original.on_epoch(watched[saved_at]);
    }
    CHECK(original.state() != fresh.state());
  }
}

TEST_CASE("a plateau takes its direction from the caller unless it has one, through warm-up and chain too") {
  const auto reductions = [](Schedule schedule, std::optional<bool> higher_is_better) {
    for (const double metric : {0.5, 0.6, 0.7}) schedule.on_epoch(metric, higher_is_better);
    return schedule.rate({.step = 3, .total_steps = 9}) < 1;
  };
  const Schedule plain = reduce_on_plateau({.patience = 0});
  for (const Schedule& schedule : {plain, warm_up(plain, {.steps = 0}), sequential({{plain, 9}, {constant()}})}) {
    CHECK_FALSE(reductions(schedule, true));
    CHECK(reductions(schedule, false));
    CHECK_THROWS_AS(reductions(schedule, std::nullopt), OptionError);
  }
  const Schedule higher = reduce_on_plateau({.patience = 0, .higher_is_better = true});
  CHECK_FALSE(reductions(higher, false));
  CHECK_FALSE(reductions(higher, std::nullopt));
}

TEST_CASE("a piece of a chain hears of the metrics of its own epochs only") {
  // The plateau's epochs are 3 and later: it sees 5, the best, and 6, which it does not tolerate.
  Schedule schedule = sequential({{constant(), 3}, {reduce_on_plateau({.patience = 0})}});
  for (double metric : {1.0, 2.0, 3.0, 5.0}) schedule.on_epoch(metric);
  CHECK(schedule.rate({.step = 4, .total_steps = 9}) == 1.0);
  schedule.on_epoch(6);
  CHECK(schedule.rate({.step = 5, .total_steps = 9}) == doctest::Approx(0.1).epsilon(1e-15));
}

TEST_CASE("a state of another schedule or with an impossible count is refused and changes nothing") {
  Schedule schedule = sequential({{reduce_on_plateau(), 2}, {constant()}});
  schedule.on_epoch(0.5);
  const auto before = schedule.state();
  CHECK_THROWS_AS(schedule.restore(std::vector<double>{1, 2}), DataError);
  CHECK_THROWS_WITH_AS(schedule.restore(std::vector<double>{3, 0.5, 0, 0, -1}),
                       "schedule state: a count of -1; it must be a whole number >= 0", DataError);
  CHECK_THROWS_AS(schedule.restore(std::vector<double>{std::nan(""), 0.5, 0, 0, 0}), DataError);
  CHECK(schedule.state() == before);
}

TEST_CASE("a user's function is a schedule, and a learning rate that is not a number is an error with its step") {
  const Schedule halves =
      from_function("halves", [](const StepInfo& at) { return 1.0 / static_cast<double>(2 - at.step); });
  CHECK(halves.rate({.step = 1, .total_steps = 2, .base_rate = 3}) == 3.0);
  CHECK_THROWS_WITH_AS(halves.rate({.step = 2}),
                       "schedule halves: learning rate inf at step 2; it must be finite and >= 0", NumericError);
  CHECK_THROWS_AS(halves.rate({.step = 0, .steps_per_epoch = 0}), OptionError);
}

TEST_CASE("options out of range are refused by name") {
  CHECK_THROWS_WITH_AS(step({.epochs = 0}), "schedules::step: epochs = 0; must be at least 1", OptionError);
  CHECK_THROWS_AS(step({.gamma = -1}), OptionError);
  CHECK_THROWS_AS(multi_step({.milestones = {3, 2}}), OptionError);
  CHECK_THROWS_AS(cosine({.final_factor = std::nan("")}), OptionError);
  CHECK_THROWS_AS(linear({.final_factor = -0.1}), OptionError);
  CHECK_THROWS_AS(one_cycle({.warm_up = 1.5}), OptionError);
  CHECK_THROWS_AS(warm_up(constant(), {.start_factor = -1}), OptionError);
  CHECK_THROWS_AS(sequential({}), OptionError);
  CHECK_THROWS_AS(sequential({{constant()}, {cosine()}}), OptionError);
  CHECK_THROWS_AS(reduce_on_plateau({.factor = 1}), OptionError);
  CHECK_THROWS_AS(reduce_on_plateau({.threshold = std::nan("")}), OptionError);
}

TEST_CASE("hold-then-linear climbs, holds and falls in straight lines") {
  const auto at = [](const schedules::Schedule& schedule, std::uint64_t step) {
    return schedule.rate({.step = step, .steps_per_epoch = 10, .total_steps = 100, .base_rate = 0.5});
  };
  const auto schedule =
      schedules::hold_then_linear({.warm_up = 0.2, .hold = 0.3, .start_factor = 0.1, .final_factor = 0.2});
  CHECK(at(schedule, 0) == doctest::Approx(0.05));
  CHECK(at(schedule, 10) == doctest::Approx(0.275));
  for (const std::uint64_t step : {20u, 35u, 50u}) CHECK(at(schedule, step) == 0.5);
  CHECK(at(schedule, 75) == doctest::Approx(0.3));
  CHECK(at(schedule, 100) == doctest::Approx(0.1));
  CHECK(at(schedule, 130) == doctest::Approx(0.1));
  CHECK(at(schedules::hold_then_linear(), 50) == 0.5);
  CHECK(at(schedules::hold_then_linear(), 90) == doctest::Approx(0.1));
  CHECK(at(schedules::hold_then_linear({.warm_up = 0, .hold = 1}), 99) == 0.5);
  CHECK_NOTHROW(schedules::hold_then_linear({.warm_up = 0.8, .hold = 0.2}));  // 1 - 0.8 is less than 0.2
  CHECK(schedule.name() == "hold_then_linear");
  CHECK_THROWS_AS(schedules::hold_then_linear({.warm_up = 0.6, .hold = 0.5}), OptionError);
  CHECK_THROWS_AS(schedules::hold_then_linear({.warm_up = -0.1}), OptionError);
  CHECK_THROWS_AS(schedules::hold_then_linear({.final_factor = -1}), OptionError);
}
