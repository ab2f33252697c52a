// The search for a learning rate, on disk.
#include "hcnn/run/learning_rates.hpp"

#include <doctest/doctest.h>

#include "hcnn/io/image_reader.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;

TEST_CASE("the table has a row for each step, and the picture can be read") {
  const io_test::TemporaryFolder folder;
  const run::RunFolder run(folder.path());
  train::LearningRates found{{{1e-3, 5, 5}, {1e-2, 4, 4.5}, {1e-1, 6, 5}}, 1e-2};
  run::write_learning_rates(run, found);
  const io::CsvTable table = io::read_csv(run.learning_rates_table());
  CHECK(table.header == std::vector<std::string>{"learning_rate", "loss", "smoothed"});
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[1] == std::vector<std::string>{"0.01", "4", "4.5"});
  CHECK(io::read_image(run.learning_rates_picture()).width == 1400);
}

TEST_CASE("a loss that diverges at once leaves a table without a picture") {
  const io_test::TemporaryFolder folder;
  const run::RunFolder run(folder.path());
  run::write_learning_rates(run, {});
  CHECK(io::read_csv(run.learning_rates_table()).rows.empty());
  CHECK_FALSE(std::filesystem::exists(run.learning_rates_picture()));
}
