// history.csv: exact round trip, and tables that are no history.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "errors.hpp"
#include "hcnn/run/history_file.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using io_test::TemporaryFolder;
using testing::error_of;
using testing::names;

TEST_CASE("a history is read back with the same columns and the same bits") {
  const double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();
  metrics::History history;
  metrics::EpochRecord first{.epoch = 1, .learning_rate = 0.1, .seconds = 12.25},
      second{.epoch = 3, .learning_rate = 1e-300};
  first.set("train.loss", 1.0 / 3);
  first.set("a, \"quoted\" name", -0.0);
  second.set("train.loss", kInfinity);
  second.set("val.loss", kNan);
  history.add(first);
  history.add(second);

  const TemporaryFolder folder;
  run::write_history(folder / "history.csv", history);
  const metrics::History back = run::read_history(folder / "history.csv");
  CHECK(back.columns() == history.columns());
  REQUIRE(back.size() == 2);
  for (std::size_t i = 0; i < 2; ++i)
    for (const std::string& column : history.columns()) {
      const double before = history[i].get_or_nan(column), after = back[i].get_or_nan(column);
      CHECK((before == after || (std::isnan(before) && std::isnan(after))));
      CHECK((std::isnan(before) || std::signbit(before) == std::signbit(after)));
    }
  CHECK(io_test::content(folder / "history.csv") ==
        "epoch,learning_rate,seconds,train.loss,\"a, \"\"quoted\"\" name\",val.loss\n"
        "1,0.1,12.25,0.3333333333333333,-0,\n"
        "3,1e-300,0,inf,,\n");
}

TEST_CASE("a table that is no history is refused with its line") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& text) {
    io_test::put(folder / "h", text);
    return error_of<FormatError>([&] { run::read_history(folder / "h"); });
  };
  const std::string header = "epoch,learning_rate,seconds,x\n";
  CHECK(names(refusal("a,b,c\n"), "other columns; epoch, learning_rate and seconds come first"));
  CHECK(names(refusal(header + "1,0.1,2,3\n2,0.1,2,four\n"), "h:3: 'four'; a number or nothing is needed"));
  CHECK(names(refusal(header + "1.5,0.1,2,3\n"), "epoch '1.5'"));
  CHECK(names(refusal(header + ",0.1,2,3\n"), "epoch ''"));
  CHECK(names(refusal(header + "2,0.1,2,3\n2,0.1,2,3\n"), "h:3: History: epoch 2"));
  CHECK(names(refusal(header + "1,0.1,2,3 \n"), "'3 '"));
}

TEST_CASE("a table of very many columns, or of two with one name, is no history") {
  const TemporaryFolder folder;
  std::string many = "epoch,learning_rate,seconds", row = "1,0,0";
  for (int column = 0; column < 10'000; ++column) {
    many += concat(",c", column);
    row += ",1";
  }
  io_test::put(folder / "many.csv", many + '\n' + row + '\n');
  CHECK(names(error_of<FormatError>([&] { run::read_history(folder / "many.csv"); }), "10003 columns"));
  io_test::put(folder / "twice.csv", "epoch,learning_rate,seconds,a,a\n1,0,0,1,2\n");
  CHECK(names(error_of<FormatError>([&] { run::read_history(folder / "twice.csv"); }), "two columns of one name"));
}
