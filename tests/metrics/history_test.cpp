// History: columns, series, best epoch.
#include "hcnn/metrics/history.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace hcnn;
using namespace hcnn::metrics;

namespace {

EpochRecord record(Index epoch, double loss) {
  EpochRecord result{.epoch = epoch, .learning_rate = 0.1, .seconds = 2};
  result.set("loss", loss);
  return result;
}

}  // namespace

TEST_CASE("columns keep the place where they first appeared") {
  History history;
  CHECK(history.columns() == std::vector<std::string>{"epoch", "learning_rate", "seconds"});
  history.add(record(1, 5));
  EpochRecord second{.epoch = 2};
  second.set("accuracy", 0.5);
  second.set("loss", 4);
  history.add(second);
  CHECK(history.columns() == std::vector<std::string>{"epoch", "learning_rate", "seconds", "loss", "accuracy"});
  CHECK(history.get("loss") == std::vector<double>{5, 4});
  CHECK(history.get("epoch") == std::vector<double>{1, 2});
  CHECK(std::isnan(history.get("accuracy")[0]));
  CHECK(history.get("accuracy")[1] == 0.5);
  CHECK(history.size() == 2);
  CHECK(history.back().epoch == 2);
}

TEST_CASE("setting a column twice replaces its value") {
  EpochRecord twice = record(1, 5);
  twice.set("loss", 6);
  CHECK(twice.get("loss") == 6);
  CHECK(twice.values.size() == 1);
  CHECK(twice.get("learning_rate") == 0.1);
  CHECK(twice.get("seconds") == 2);
  CHECK(std::isnan(twice.get_or_nan("accuracy")));
}

TEST_CASE("the best record is the earliest with the lowest or highest value, never NaN") {
  History history;
  const double losses[] = {std::nan(""), 3, 1, 2, 1, 3};
  for (Index i = 0; i < 6; ++i) history.add(record(i + 1, losses[i]));
  CHECK(history.best("loss", false).epoch == 3);
  CHECK(history.best("loss", true).epoch == 2);
}

TEST_CASE("unknown columns, columns without values and epochs out of order are refused") {
  History history;
  CHECK_THROWS_WITH_AS(history.best("epoch", true), "History: no value in column 'epoch'; at least one is needed",
                       DataError);
  history.add(record(3, std::nan("")));
  CHECK_THROWS_AS(history.best("loss", true), DataError);
  CHECK_THROWS_WITH_AS(history.get("top1"),
                       "History: no column 'top1'; columns are: epoch, learning_rate, seconds, loss", DataError);
  CHECK_THROWS_WITH_AS(history.add(record(3, 1)), "History: epoch 3; epoch 3 is there", DataError);
  EpochRecord clash{.epoch = 4};
  clash.set("seconds", 1);
  CHECK_THROWS_AS(history.add(clash), DataError);
  CHECK(history.size() == 1);
}

TEST_CASE("a history comes back from a snapshot with its columns, late and empty ones included") {
  History history;
  EpochRecord first = record(1, 3), second = record(2, std::nan(""));
  first.set("empty", std::nan(""));
  second.set("late", 0.1);
  history.add(first);
  history.add(second);
  Snapshot snapshot;
  StateVisitor saving = StateVisitor::saving(snapshot);
  history.visit_state(saving);
  History loaded;
  StateVisitor loading = StateVisitor::loading(snapshot);
  loaded.visit_state(loading);
  CHECK(loaded.columns() == history.columns());
  CHECK(loaded.get("late")[1] == 0.1);
  CHECK(std::isnan(loaded.get("late")[0]));
  CHECK(loaded[1].seconds == 2);

  snapshot.values["values"] = std::vector<double>{1, 2};
  StateVisitor broken = StateVisitor::loading(snapshot);
  CHECK_THROWS_WITH_AS(loaded.visit_state(broken),
                       "History: 6 columns and 2 values; a row of all columns for each epoch is needed", FormatError);
  CHECK(loaded.size() == 2);
}

TEST_CASE("the name of a column tells what is better, or its direction has to be told") {
  for (const char* column : {"val.fine.top1", "train.group.top5", "val.fine.macro_f1", "top1"})
    CHECK(higher_is_better(column) == true);
  for (const char* column : {"val.loss", "train.loss.cross_entropy(fine)", "val.hd1", "val.ms"})
    CHECK(higher_is_better(column) == false);
  for (const char* column : {"mine", "seconds", "val.severity.1"}) CHECK_FALSE(higher_is_better(column).has_value());
  CHECK(direction_of("val.loss", std::nullopt, "x") == false);
  CHECK(direction_of("val.loss", true, "x") == true);
  CHECK(direction_of("mine", false, "x") == false);
  CHECK_THROWS_AS(direction_of("mine", std::nullopt, "x"), OptionError);
}

TEST_CASE("a column that a record lacks is an error that lists the others, or NaN where that is asked for") {
  const EpochRecord one = record(1, 5);
  CHECK_THROWS_WITH_AS(one.get("los"), "EpochRecord: no column 'los'; columns are: epoch, learning_rate, seconds, loss",
                       DataError);
  CHECK(std::isnan(one.get_or_nan("los")));
  CHECK(one.get_or_nan("loss") == 5);
}
