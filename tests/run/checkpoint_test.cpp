// The checkpoint callback in real trainings: models, history, steps, the best epoch, an interruption.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "errors.hpp"
#include "hcnn/hcnn.hpp"
#include "hcnn/run/checkpoint.hpp"
#include "io/temporary_folder.hpp"
#include "train/small_training.hpp"

using namespace hcnn;
using io_test::content;
using io_test::TemporaryFolder;
using testing::error_of;
using testing::names;

namespace {

const Taxonomy kTree({{"fine", {"a", "b", "c"}, {0, 0, 1}}, {"kind", {"x", "y"}, {}}});

models::MultiHeadCnnOptions small_options() {
  return {.input = {4, 4, 1}, .channels = {2}, .pooled = 1, .hidden = {}, .heads = {{"fine", 3}, {"kind", 2}}};
}

/// 12 noise images: 3 steps of 4 an epoch.
data::Dataset noise() {
  RandomStream random(Seed{1}, hash_name("noise"));
  std::vector<float> pixels(12 * 16);
  for (float& pixel : pixels) pixel = static_cast<float>(random.uniform());
  std::vector<Label> labels(12);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<Label>(i % 3);
  return data::Dataset({4, 4, 1}, std::move(pixels), kTree, std::move(labels));
}

/// Sets a column of each epoch to a given value.
auto column(const std::string& name, std::vector<double> values) {
  return train::on_epoch_end(
      [=](auto& state, auto& record) { record.set(name, values[static_cast<std::size_t>(state.epoch - 1)]); });
}

struct Training {
  Model<float> model = models::multi_head_cnn<float>(small_options());
  data::Dataset images = noise();

  train::FitResult run(Index epochs, train::Callbacks<float> callbacks, bool validate = true, std::stop_token stop = {},
                       std::shared_ptr<const Snapshot> resume = nullptr) {
    init::he_normal(model, Seed{1});
    auto loss = losses::cross_entropy("fine") + losses::cross_entropy("kind");
    Adam optimizer{model.parameters(), {.learning_rate = 1e-2}};
    return train::fit(model, loss, optimizer, images,
                      {.epochs = epochs,
                       .batch = 4,
                       .validate = validate ? std::optional(images) : std::nullopt,
                       .callbacks = std::move(callbacks),
                       .stop = stop,
                       .resume = std::move(resume)});
  }
};

exchange::ModelInfo info() { return {.network = exchange::network_json(small_options()), .taxonomy = kTree}; }

io::Json notes_of_file(const std::filesystem::path& path) { return exchange::read_info(path).notes; }
io::Json notes(const std::filesystem::path& path) { return exchange::load_model(path).info.notes; }

}  // namespace

TEST_CASE("each epoch leaves the model, the history and a line for each step") {
  const TemporaryFolder folder;
  Training training;
  const auto result = training.run(2, {run::checkpoint(folder / "new/run", info())});
  const run::RunFolder files(folder / "new/run");
  const metrics::History history = run::read_history(files.history());
  CHECK(history.columns() == result.history.columns());
  CHECK(history.size() == 2);
  CHECK(history[1].get("val.loss") == result.history[1].get("val.loss"));

  auto loaded = exchange::load_model(files.last());
  CHECK(loaded.info.taxonomy == kTree);
  CHECK(loaded.info.notes["epoch"] == 2);
  for (std::size_t p = 0; p < training.model.state().size(); ++p) {
    const auto &trained = *training.model.state()[p], &read = *loaded.model.state()[p];
    CHECK(std::equal(trained.value(), trained.value() + trained.size(), read.value()));
  }
  const io::CsvTable steps = io::read_csv(files.steps());
  CHECK(steps.header == std::vector<std::string>{"epoch", "step", "loss", "hd1"});
  REQUIRE(steps.rows.size() == 6);
  double loss = 0, severity = 0;
  for (std::size_t i = 3; i < 6; ++i) {
    CHECK(steps.rows[i][0] == "2");
    CHECK(steps.rows[i][1] == std::to_string(i - 2));
    loss += run::parse_number(steps.rows[i][2], "steps") / 3;
    severity += run::parse_number(steps.rows[i][3], "steps") / 3;
  }
  // Batches are equal: the mean of their means, which the history holds as a float (relative rounding 2^-24).
  CHECK(loss == doctest::Approx(history[1].get("train.loss")).epsilon(1e-7));
  CHECK(severity == doctest::Approx(history[1].get("train.hd1")).epsilon(1e-12));
}

TEST_CASE("the folder is up to date at the end of each epoch, not only of the training") {
  struct Read : train::Callback<float> {
    run::RunFolder files;
    std::vector<std::size_t> epochs, steps;
    explicit Read(const run::RunFolder& folder) : files(folder) {}
    void on_epoch_end(train::FitState<float>&, metrics::EpochRecord&) override {
      epochs.push_back(run::read_history(files.history()).size());
      steps.push_back(io::read_csv(files.steps()).rows.size());
    }
  };
  const TemporaryFolder folder;
  const auto read = std::make_shared<Read>(run::RunFolder(folder / "run"));
  Training training;
  training.run(2, {run::checkpoint(folder / "run", info()), read});
  CHECK(read->epochs == std::vector<std::size_t>{1, 2});
  CHECK(read->steps == std::vector<std::size_t>{3, 6});
}

TEST_CASE("the best epoch is the first one with the best value of the monitored column") {
  const TemporaryFolder folder;
  Training training;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  training.run(5, {column("mine", {nan, 2, 3, 3, 1}),
                   run::checkpoint(folder / "up", info(), {.monitor = "mine", .higher_is_better = true})});
  CHECK(notes(folder / "up/best.safetensors") == io::Json({{"epoch", 3}, {"mine", 3.0}}));
  CHECK(notes(folder / "up/last.safetensors")["epoch"] == 5);
  training.run(5, {column("mine", {nan, 2, 3, 1, 1}),
                   run::checkpoint(folder / "down", info(), {.monitor = "mine", .higher_is_better = false})});
  CHECK(notes(folder / "down/best.safetensors")["epoch"] == 4);
}

TEST_CASE("by default the finest head's validation accuracy is watched, and without validation the training loss") {
  const TemporaryFolder folder;
  Training training;
  training.run(3, {column("val.fine.top1", {0.25, 0.75, 0.5}), run::checkpoint(folder / "val", info())});
  CHECK(notes(folder / "val/best.safetensors") == io::Json({{"epoch", 2}, {"val.fine.top1", 0.75}}));
  training.run(3, {column("train.loss", {0.5, 0.75, 0.25}), run::checkpoint(folder / "train", info())},
               /*validate=*/false);
  CHECK(notes(folder / "train/best.safetensors") == io::Json({{"epoch", 3}, {"train.loss", 0.25}}));
  CHECK(names(error_of<OptionError>(
                  [&] { training.run(1, {run::checkpoint(folder / "no", info(), {.monitor = "typo.loss"})}); }),
              "checkpoint: no column 'typo.loss'"));
  CHECK(names(error_of<OptionError>([&] { run::checkpoint(folder / "no", info(), {.monitor = "mine"}); }),
              "checkpoint: column 'mine'"));
  training.run(3,
               {column("val.loss", {0.5, 0.25, 0.75}), run::checkpoint(folder / "loss", {}, {.monitor = "val.loss"})});
  CHECK(notes_of_file(folder / "loss/best.safetensors") == io::Json({{"epoch", 2}, {"val.loss", 0.25}}));
}

TEST_CASE("an interruption within an epoch saves the model as it is then") {
  const TemporaryFolder folder;
  Training training;
  const auto stop = std::make_shared<testing::StopAt<float>>(2, 2);
  const auto result = training.run(3, {stop, run::checkpoint(folder / "run", info())}, true, stop->token());
  CHECK(result.interrupted);
  auto loaded = exchange::load_model(folder / "run/last.safetensors");
  CHECK(loaded.info.notes == io::Json({{"epoch", 2}, {"step", 2}}));
  CHECK(loaded.model.param("heads.fine.0.bias").value()[0] == training.model.param("heads.fine.0.bias").value()[0]);
  CHECK(run::read_history(folder / "run/history.csv").size() == 1);
  CHECK(io::read_csv(folder / "run/steps.csv").rows.size() == 5);
  CHECK(notes(folder / "run/best.safetensors")["epoch"] == 1);
}

TEST_CASE("a folder that holds a history is refused, and so are notes that are no object") {
  const TemporaryFolder folder;
  io_test::put(folder / "history.csv", "kept");
  Training training;
  CHECK(names(error_of<Error>([&] { training.run(1, {run::checkpoint(folder.path(), info())}); }),
              "nothing is overwritten"));
  CHECK(io_test::content(folder / "history.csv") == "kept");
  CHECK(folder.entries() == 1);
  CHECK_THROWS_AS(run::checkpoint(folder.path(), {.notes = 3}), OptionError);
}

TEST_CASE("models get the training's normalisation and the images' tree unless they are told others") {
  const TemporaryFolder folder;
  const auto files_of = [&](const char* name, exchange::ModelInfo told) {
    Training training;
    init::he_normal(training.model, Seed{1});
    Adam optimizer{training.model.parameters(), {}};
    train::fit(training.model, losses::cross_entropy("fine"), optimizer, training.images,
               {.batch = 4, .normalization = {{0.5F}, {0.25F}}, .callbacks = {run::checkpoint(folder / name, told)}});
    return exchange::read_info(folder / name / "last.safetensors");
  };
  const exchange::ModelInfo own = files_of("own", {});
  CHECK(own.normalization.mean == std::vector<float>{0.5F});
  CHECK(own.normalization.deviation == std::vector<float>{0.25F});
  CHECK(own.taxonomy == kTree);
  const exchange::ModelInfo told = files_of("told", {.normalization = {{0}, {1}}});
  CHECK(told.normalization.mean == std::vector<float>{0});
}

TEST_CASE("a run is resumed in its own folder or goes on in a new one, never over another run") {
  const TemporaryFolder folder;
  const auto go = [&](const char* name, Index epochs, std::shared_ptr<const Snapshot> resume) {
    Training training;
    init::he_normal(training.model, Seed{1});
    auto loss = losses::cross_entropy("fine") + losses::cross_entropy("kind");
    Adam optimizer{training.model.parameters(), {.learning_rate = 1e-2}};
    std::stop_source stop;
    const auto stop_behind_first = train::on_epoch_end([&](auto& state, auto&) {
      if (state.epoch >= epochs) stop.request_stop();
    });
    train::fit(training.model, loss, optimizer, training.images,
               {.epochs = 4,
                .batch = 4,
                .callbacks = {stop_behind_first, run::checkpoint(folder / name)},
                .stop = stop.get_token(),
                .resume = std::move(resume)});
  };
  CHECK(run::resume_if_begun(folder / "a") == nullptr);
  go("a", 1, run::resume_if_begun(folder / "a"));
  go("b", 3, nullptr);
  const std::string steps = io_test::content(folder / "b/steps.csv"),
                    last = io_test::content(folder / "b/last.safetensors");
  CHECK(names(error_of<Error>([&] { go("b", 4, run::resume(folder / "a")); }),
              "it holds a run; the folder that is resumed"));
  CHECK(io_test::content(folder / "b/steps.csv") == steps);
  CHECK(io_test::content(folder / "b/last.safetensors") == last);
  go("a", 4, run::resume_if_begun(folder / "a"));
  CHECK(run::read_history(folder / "a/history.csv").size() == 4);
  CHECK_NOTHROW(go("c", 4, run::resume(folder / "b")));
}

TEST_CASE("a resumed run without validation still keeps the model of the lowest loss") {
  const TemporaryFolder folder;
  const auto go = [&](Index last_epoch) {
    Training training;
    init::he_normal(training.model, Seed{1});
    auto loss = losses::cross_entropy("fine") + losses::cross_entropy("kind");
    Adam optimizer{training.model.parameters(), {.learning_rate = 1e-2}};
    const auto stop = std::make_shared<testing::StopAt<float>>(last_epoch, 0);
    train::fit(training.model, loss, optimizer, training.images,
               {.epochs = 3,
                .batch = 4,
                .callbacks = {column("train.loss", {0.5, 0.75, 0.25}), stop, run::checkpoint(folder / "run", info())},
                .stop = stop->token(),
                .resume = run::resume_if_begun(folder / "run")});
  };
  go(2);
  CHECK(notes(folder / "run/best.safetensors") == io::Json({{"epoch", 1}, {"train.loss", 0.5}}));
  go(3);
  CHECK(notes(folder / "run/best.safetensors") == io::Json({{"epoch", 3}, {"train.loss", 0.25}}));
}

TEST_CASE("weights that are averaged at the end are those of last.safetensors") {
  const TemporaryFolder folder;
  Training training;
  training.run(2, {train::ema(training.images, {.decay = 0.5, .from = 0, .statistics = {.batch = 4}}),
                   run::checkpoint(folder / "run", info())});
  auto loaded = exchange::load_model(folder / "run/last.safetensors");
  for (std::size_t p = 0; p < training.model.state().size(); ++p) {
    const auto &trained = *training.model.state()[p], &read = *loaded.model.state()[p];
    CHECK(std::equal(trained.value(), trained.value() + trained.size(), read.value()));
  }
}

TEST_CASE("the same callback serves a training and the one that resumes it") {
  const TemporaryFolder folder;
  Training training;
  const std::shared_ptr<train::Callback<float>> callback = run::checkpoint(folder / "run", info());
  const auto stop = std::make_shared<testing::StopAt<float>>(1, 2);
  training.run(2, {stop, callback}, true, stop->token());
  // It holds a run, but is locked by nobody, while the callback lives and after it has been refused.
  for (int i = 0; i < 2; ++i) {
    CHECK_THROWS_WITH_AS(training.run(1, {run::checkpoint(folder / "run", info())}),
                         doctest::Contains("it holds a run"), Error);
    CHECK_THROWS_WITH_AS(training.run(1, {callback}), doctest::Contains("it holds a run"), Error);
  }
  CHECK(training.run(2, {callback}, true, {}, run::resume(folder / "run")).history.size() == 2);
  CHECK(notes(folder / "run/last.safetensors")["epoch"] == 2);
}

TEST_CASE("a callback that is used again begins anew") {
  const TemporaryFolder folder;
  Training training;
  const std::shared_ptr<train::Callback<float>> callback =
      run::checkpoint(folder / "run", info(), {.monitor = "mine", .higher_is_better = true});
  training.run(2, {column("mine", {5, 6}), callback});
  std::filesystem::remove_all(folder / "run");
  training.run(2, {column("mine", {2, 1}), callback});
  CHECK(notes(folder / "run/best.safetensors") == io::Json({{"epoch", 1}, {"mine", 2.0}}));
}

TEST_CASE("a description that does not fit the network is refused before the first step") {
  const TemporaryFolder folder;
  Training training;
  exchange::ModelInfo wrong = info();
  wrong.network = exchange::network_json(models::network_options("compact"), "compact");
  CHECK_THROWS_AS(training.run(1, {run::checkpoint(folder / "run", wrong)}), FormatError);
  CHECK_FALSE(std::filesystem::exists(folder / "run/resume.safetensors"));
}

TEST_CASE("every_seconds counts seconds") {
  struct Slow : train::Callback<float> {
    void on_step_end(train::FitState<float>&) override { std::this_thread::sleep_for(std::chrono::milliseconds(60)); }
    void on_snapshot(train::FitState<float>& state, const Snapshot&) override { steps.push_back(state.step); }
    std::vector<Index> steps;
  };
  const TemporaryFolder folder;
  Training training;
  const auto slow = std::make_shared<Slow>();
  training.run(1, {slow, run::checkpoint(folder / "run", info(), {.every_seconds = 0.05})});
  CHECK(std::count(slow->steps.begin(), slow->steps.end(), 1) == 1);
}

TEST_CASE("a checkpoint that could not be read again is not written") {
  const TemporaryFolder folder;
  Snapshot snapshot;
  snapshot.values["log"] = std::vector<std::string>{std::string(70'000, 'x')};
  CHECK_THROWS_AS(run::write_snapshot(folder / "resume.safetensors", snapshot), FormatError);
  CHECK(folder.entries() == 0);
  Snapshot other = snapshot;
  CHECK(same_values(snapshot, other));
  other.values["log"] = std::vector<std::string>{"y"};
  CHECK_FALSE(same_values(snapshot, other));
  other.values["log"] = std::vector<double>{0};
  CHECK_FALSE(same_values(snapshot, other));
}

TEST_CASE("weights that are no numbers are never saved: the checkpoint before them stays, and can be resumed") {
  struct Poison : train::Callback<float> {
    explicit Poison(run::RunFolder folder) : files(std::move(folder)) {}
    void on_step_end(train::FitState<float>& state) override {
      if (state.epoch != 2 || state.step != 2) return;
      last = content(files.last());
      resume = content(files.resume());
      auto* const param = state.model.parameters().front();
      param->value()[0] = std::numeric_limits<float>::quiet_NaN();
      param->touch();
    }
    run::RunFolder files;
    std::string last, resume;
  };
  const TemporaryFolder folder;
  const run::RunFolder files(folder / "run");
  const auto poison = std::make_shared<Poison>(files);
  const run::CheckpointOptions often{.every_seconds = 0, .every_steps = 1};
  Training training;
  CHECK(names(error_of<NumericError>([&] {
                training.run(3, {poison, run::checkpoint(files.path(), info(), often)});
              }),
              "epoch 2: parameter trunk."));
  CHECK_FALSE(poison->resume.empty());
  CHECK((content(files.last()) == poison->last));
  CHECK((content(files.resume()) == poison->resume));
  Training again;
  const auto result = again.run(3, {run::checkpoint(files.path(), info(), often)}, true, {}, run::resume(files.path()));
  CHECK(result.history.size() == 3);
}
