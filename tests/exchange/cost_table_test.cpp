// Costs of mistakes as CSV.
#include "hcnn/exchange/cost_table.hpp"

#include <doctest/doctest.h>

#include "errors.hpp"
#include "hcnn/losses/severity.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using testing::error_of;

namespace {

const std::vector<std::string> kClasses{"ant", "bee, big", "elm"};

CostMatrix read_table(const std::string& text) {
  return exchange::costs_from_table(io::parse_csv(text, "c"), kClasses, "c");
}
std::string table_refusal(const std::string& text) {
  return error_of<FormatError>([&] { read_table(text); });
}

}  // namespace

TEST_CASE("costs are read by the names of rows and columns, whatever their order") {
  const CostMatrix costs{{{0, 1, 20}, {0.5, 0, 3}, {1e-3, 4, 0}}};
  CHECK(read_table("true,ant,\"bee, big\",elm\nant,0,1,20\n\"bee, big\",0.5,0,3\nelm,1e-3,4,0\n") == costs);
  CHECK(read_table(",elm,ant,\"bee, big\"\nelm,0,0.001,4\n\"bee, big\",3,.5,0\nant,20,0,1\n") == costs);
  CHECK(read_table("x, ant ,\"bee, big\",elm\r\n ant ,0, 1 ,20\r\n\"bee, big\",0.5,0,3\r\nelm,1e-3,4,0\r\n") == costs);
}

TEST_CASE("what is written is read again, to the last bit") {
  const CostMatrix costs{{{0, 0.1, 1.0 / 3}, {1e-300, 0, 3}, {20, 123456789.125, 0}}};
  const io::CsvTable table = exchange::cost_table(costs, kClasses);
  CHECK(table.header == std::vector<std::string>{"true class", "ant", "bee, big", "elm"});
  CHECK(table.rows[2] == std::vector<std::string>{"elm", "20", "123456789.125", "0"});
  const io_test::TemporaryFolder folder;
  io::write_csv(folder / "costs.csv", table);
  CHECK(exchange::read_costs(folder / "costs.csv", kClasses) == costs);
  CHECK_THROWS_AS(exchange::cost_table(costs, {"ant"}), DataError);
}

TEST_CASE("a class without row or column, one that is unknown and one that comes twice are named") {
  const std::string head = "true,ant,\"bee, big\",elm\n", bee = "\"bee, big\",1,0,1\n";
  CHECK(table_refusal(head + "ant,0,1,1\n" + bee) == "c: no row of class 'elm'; each of the 3 classes once is needed");
  CHECK(table_refusal("true,ant,elm\nant,0,1\n") ==
        "c: no column of class 'bee, big'; each of the 3 classes once is needed");
  CHECK(table_refusal("true,ant,oak,elm\n") == "c: column of 'oak'; each of the 3 classes once is needed");
  CHECK(table_refusal(head + "ant,0,1,1\nant,0,1,1\n" + bee) ==
        "c: row of 'ant'; each of the 3 classes once is needed");
}

TEST_CASE("a cost that is no number, is negative or stands where the prediction is right is named") {
  const auto with = [](const std::string& cost, const std::string& right) {
    return table_refusal("true,ant,\"bee, big\",elm\nant,0,1," + cost + "\n\"bee, big\",1," + right +
                         ",1\nelm,1,1,0\n");
  };
  CHECK(with("1", "0") == "no error");
  for (const char* cost : {"", "x", "1x", "-1", "nan", "inf", "1e999", "0x1", "1 2", "+1"})
    CHECK(with(cost, "0") ==
          concat("c: cost '", cost, "' of predicting 'elm' for 'ant'; a finite number, 0 or more, ", "is needed"));
  CHECK(with("1", "0.5") == "c: cost '0.5' of predicting 'bee, big' for 'bee, big'; 0 is needed where it is right");
}

TEST_CASE("costs from a table weigh the mistakes in a severity loss") {
  const CostMatrix costs = read_table("true,ant,\"bee, big\",elm\nant,0,1,20\n\"bee, big\",1,0,3\nelm,1,4,0\n");
  Logits<double> logits;
  Tensor<double>& scores = logits.resize("fine", 1, 3);
  std::fill(scores.begin(), scores.end(), 0.0);
  scores[2] = 4;  // elm is predicted
  Targets targets;
  targets.level("fine").labels = {0};
  CHECK(losses::severity<double>("fine", costs).value(logits, targets).total ==
        doctest::Approx(20 * std::log(2 + std::exp(4.0))));
}

TEST_CASE("blanks may belong to a class name") {
  const std::vector<std::string> classes{"cat ", "dog"};
  const CostMatrix costs{{{0, 2}, {3, 0}}};
  CHECK(exchange::costs_from_table(exchange::cost_table(costs, classes), classes, "c") == costs);
}
