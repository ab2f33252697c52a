// A training that is stopped anywhere and resumed ends as an undisturbed one, bit for bit; and what is no checkpoint of
// it is refused.
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "count_allocations.hpp"
#include "errors.hpp"
#include "hcnn/hcnn.hpp"
#include "hcnn/run.hpp"
#include "io/temporary_folder.hpp"
#include "train/small_training.hpp"

using namespace hcnn;
using io_test::content;
using io_test::TemporaryFolder;
using testing::error_of;
using testing::names;

namespace {

/// A stop within an epoch or, with step 0, at the end of one: the program is gone there.
struct Place {
  Index epoch, step;
};

/// One way to train; every run of it has its own network, loss, optimizer, schedule and callbacks.
template <class T>
struct Setup {
  using M = Master<T>;

  Index epochs = 4, batch = 8;
  std::uint64_t seed = 3;
  std::function<std::unique_ptr<Optimizer<M>>(const ParamList<M>&)> optimizer = [](const ParamList<M>& params) {
    return std::make_unique<Adam<M>>(params, AdamOptions{.learning_rate = 0.01});
  };
  schedules::Schedule schedule = {};
  std::function<train::Callbacks<T>()> callbacks = [] { return train::Callbacks<T>{}; };
  data::Dataset images = testing::small_images(44);  // 6 steps, the last of 4 samples
  data::Dataset validate = testing::small_images(20, 2);
  double dropout = 0.25;
  data::Prefetch prefetch = data::Prefetch::none;
  Index accumulate = 1;
  data::Augmentations augment = {data::pad_crop(1), data::horizontal_flip()};
};

/// Ends the training as a killed program would end it: nothing is saved after this.
struct Killed {};

template <class T>
struct KillAt : train::Callback<T> {
  explicit KillAt(Place p) : place(p) {}
  void on_step_end(train::FitState<T>& state) override {
    if (state.epoch == place.epoch && state.step == place.step) throw Killed();
  }
  void on_epoch_end(train::FitState<T>& state, metrics::EpochRecord&) override {
    if (state.epoch == place.epoch && place.step == 0) throw Killed();
  }
  Place place;
};

/// What is left of a run: weights, history and the files, all without wall-clock times.
template <class T>
struct Outcome {
  std::vector<Master<T>> weights;
  metrics::History history;
  std::string stop_reason, history_file, steps_file, last, best;
  bool interrupted = false;
};

std::string without_seconds(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return "";
  io::CsvTable table = io::read_csv(path);
  for (auto& row : table.rows) row[2] = "";
  return to_text(table);
}

template <class T>
Outcome<T> train_once(const Setup<T>& setup, const std::filesystem::path& folder, train::Callbacks<T> extra = {},
                      std::stop_token stop = {}, Index every_steps = 0) {
  using M = Master<T>;
  Model<T> model = testing::small_model<T>(setup.dropout);
  auto loss = testing::two_heads<M>();
  const auto optimizer = setup.optimizer(model.parameters());
  train::evaluate(model, loss, setup.validate);  // packs weights that loading must make stale
  train::Callbacks<T> callbacks = setup.callbacks();
  callbacks.insert(callbacks.end(), extra.begin(), extra.end());
  callbacks.push_back(run::checkpoint(folder, {}, {.every_seconds = 0, .every_steps = every_steps}));
  const run::RunFolder files(folder);
  const bool there = std::filesystem::exists(files.resume());
  const auto result = train::fit(model, loss, *optimizer, setup.images,
                                 {.epochs = setup.epochs,
                                  .batch = setup.batch,
                                  .accumulate = setup.accumulate,
                                  .seed = setup.seed,
                                  .validate = setup.validate,
                                  .augment = setup.augment,
                                  .prefetch = setup.prefetch,
                                  .schedule = setup.schedule,
                                  .clip_norm = 5,
                                  .callbacks = callbacks,
                                  .stop = stop,
                                  .resume = there ? run::resume(folder) : nullptr});
  return {testing::weights(model), result.history,        result.stop_reason,    without_seconds(files.history()),
          content(files.steps()),  content(files.last()), content(files.best()), result.interrupted};
}

template <class T>
void kill_once(const Setup<T>& setup, const std::filesystem::path& folder, Place place, Index every_steps) {
  CHECK_THROWS_AS(train_once<T>(setup, folder, {std::make_shared<KillAt<T>>(place)}, {}, every_steps), Killed);
}

template <class T>
void stop_once(const Setup<T>& setup, const std::filesystem::path& folder, Place place) {
  const auto stop = std::make_shared<testing::StopAt<T>>(place.epoch, place.step);
  CHECK(train_once<T>(setup, folder, {stop}, stop->token()).interrupted);
}

template <class T>
void check_same(const Outcome<T>& resumed, const Outcome<T>& undisturbed) {
  CHECK(resumed.weights == undisturbed.weights);
  CHECK(resumed.history_file == undisturbed.history_file);
  CHECK(resumed.steps_file == undisturbed.steps_file);
  CHECK((resumed.last == undisturbed.last));  // in brackets: a failure prints no binary file
  CHECK((resumed.best == undisturbed.best));
  CHECK(resumed.stop_reason == undisturbed.stop_reason);
  CHECK(resumed.history.columns() == undisturbed.history.columns());
}

/// Stops at each of these places, kills at each, and kills and stops at all of them one after another.
template <class T>
void check_every_way(const Setup<T>& setup, const std::vector<Place>& places) {
  const TemporaryFolder folder;
  const Outcome<T> expected = train_once(setup, folder / "undisturbed");
  int number = 0;
  const auto next = [&] { return folder / concat("run", ++number); };
  for (const Place place : places) {
    CAPTURE(place.epoch);
    CAPTURE(place.step);
    const auto stopped = next(), killed = next();
    stop_once(setup, stopped, place);
    check_same(train_once(setup, stopped), expected);
    kill_once(setup, killed, place, 2);
    check_same(train_once(setup, killed), expected);
  }
  const auto often = next();
  for (const Place place : places) {
    stop_once(setup, often, place);
    const Place later = place.step == 0  ? Place{place.epoch + 1, 1}
                        : place.step < 4 ? Place{place.epoch, place.step + 2}
                                         : Place{place.epoch, 0};
    kill_once(setup, often, later, 1);
  }
  check_same(train_once(setup, often), expected);
}

const std::vector<Place> kPlaces = {{1, 1}, {2, 3}, {2, 6}, {3, 0}, {4, 4}};

}  // namespace

TEST_CASE_TEMPLATE("Adam, dropout, augmentation and batch normalisation go on to the same bits", T, float, bfloat16) {
  check_every_way<T>({}, kPlaces);
}

TEST_CASE("momentum and a schedule in steps go on to the same bits, prepared by a thread of its own") {
  Setup<float> setup{.schedule = schedules::one_cycle()};
  setup.optimizer = [](const ParamList<float>& params) {
    return std::make_unique<SGD<float>>(
        params, SGDOptions{.learning_rate = 0.05, .momentum = 0.9, .nesterov = true, .weight_decay = 1e-3});
  };
  setup.prefetch = data::Prefetch::background;
  check_every_way(setup, kPlaces);
}

TEST_CASE("a schedule that waits for the validation loss goes on to the same bits") {
  // No improvement ever counts: the rate falls after every second epoch.
  Setup<double> setup{.epochs = 7,
                      .schedule = schedules::reduce_on_plateau({.factor = 0.3, .patience = 1, .threshold = 0.9})};
  check_every_way(setup, {{2, 2}, {3, 0}, {4, 5}, {6, 1}});
}

TEST_CASE("early stopping counts on, and a training that it ended has nothing left to do") {
  Setup<float> setup{.epochs = 30};
  setup.callbacks = [] {
    return train::Callbacks<float>{
        train::early_stopping({.monitor = "train.loss", .patience = 3, .min_delta = 100})};  // ends after epoch 4
  };
  check_every_way(setup, {{1, 0}, {2, 2}, {3, 4}});
  const TemporaryFolder folder;
  const auto first = train_once(setup, folder / "run");
  CHECK(first.stop_reason == "no better train.loss for 3 epochs");
  CHECK(first.history.size() == 4);
  CHECK(train::finished(*run::resume(folder / "run")));
  check_same(train_once(setup, folder / "run"), first);
}

TEST_CASE("the best weights are kept over an interruption, and are those of last.safetensors") {
  Setup<float> setup{.epochs = 6};
  setup.callbacks = [] {  // the first epoch's loss is never beaten by 100: its weights are the best
    return train::Callbacks<float>{
        train::early_stopping({.monitor = "train.loss", .patience = 4, .min_delta = 100, .restore_best = true})};
  };
  check_every_way(setup, {{1, 0}, {2, 2}, {3, 4}});
  const TemporaryFolder folder;
  const auto result = train_once(setup, folder / "run");
  const auto loaded = exchange::read_info(folder / "run/last.safetensors");
  CHECK(loaded.notes["weights"] == "weights of epoch 1");
  Model<float> first = testing::small_model<float>(setup.dropout);
  exchange::load_weights(folder / "run/last.safetensors", first);
  CHECK(testing::weights(first) == result.weights);
}

TEST_CASE("a stop by a callback in an epoch's last step leaves its validation for later where that is interrupted") {
  struct StopLast : train::Callback<float> {
    void on_step_end(train::FitState<float>& state) override {
      if (state.epoch == 2 && state.step == state.steps_per_epoch) state.stop("enough");
    }
  };
  Setup<float> setup;
  setup.callbacks = [] { return train::Callbacks<float>{std::make_shared<StopLast>()}; };
  const TemporaryFolder folder;
  const auto expected = train_once(setup, folder / "undisturbed");
  REQUIRE(expected.history.size() == 2);
  stop_once(setup, folder / "run", {2, 6});
  CHECK_FALSE(train::finished(*run::resume(folder / "run")));
  check_same(train_once(setup, folder / "run"), expected);
  CHECK(train::finished(*run::resume(folder / "run")));
}

TEST_CASE("a training whose steps are of several batches goes on at the right batch") {
  check_every_way(Setup<float>{.batch = 4, .accumulate = 2}, {{1, 1}, {2, 3}, {3, 0}});  // 11 batches, 6 steps
}

TEST_CASE("the parameters of a loss, and the clock, go on where they stood") {
  struct Watch : train::Callback<float> {
    void on_step_end(train::FitState<float>& state) override {
      if (state.epoch == 1 && state.step == 1) std::this_thread::sleep_for(std::chrono::milliseconds(60));
    }
    void on_snapshot(train::FitState<float>&, const Snapshot& snapshot) override {
      last = std::make_shared<Snapshot>(snapshot);
    }
    std::shared_ptr<const Snapshot> last;
  };
  const data::Dataset images = testing::small_images(40);
  const auto watch = std::make_shared<Watch>();
  const auto train = [&](Index stop_epoch, std::shared_ptr<const Snapshot> resume) {
    Model<float> model = testing::small_model<float>();
    auto loss = losses::learnable_severity("fine", *images.taxonomy()) + losses::cross_entropy("group");
    ParamList<float> of_loss;
    loss.attach("loss", of_loss);
    Adam optimizer{model.parameters(), {.learning_rate = 0.01}};
    optimizer.add_group({.params = of_loss});
    const auto stop = std::make_shared<testing::StopAt<float>>(stop_epoch, 2);
    const auto result = train::fit(
        model, loss, optimizer, images,
        {.epochs = 3, .batch = 8, .callbacks = {stop, watch}, .stop = stop->token(), .resume = std::move(resume)});
    CHECK(result.seconds >= 0.06);  // in the second call too
    std::vector<float> all = testing::weights(model);
    all.insert(all.end(), of_loss[0]->value(), of_loss[0]->value() + of_loss[0]->size());
    return all;
  };
  const auto undisturbed = train(9, nullptr);
  train(2, nullptr);
  CHECK(train(9, watch->last) == undisturbed);
}

TEST_CASE("an interruption during validation repeats the validation, not the epoch") {
  const TemporaryFolder folder;
  const Setup<float> setup;
  const auto expected = train_once(setup, folder / "undisturbed");
  stop_once(setup, folder / "run", {2, 6});  // the last step: the validation begins and is asked to stop
  CHECK(run::read_history(folder / "run/history.csv").size() == 1);
  CHECK(io::read_csv(folder / "run/steps.csv").rows.size() == 12);
  check_same(train_once(setup, folder / "run"), expected);
}

TEST_CASE("a callback that users write takes part") {
  struct Mean : train::Callback<float> {  // of all batches' losses
    double sum = 0;
    std::vector<double> seen;
    std::string last;
    void on_train_begin(train::FitState<float>&) override { seen.clear(), last.clear(), sum = 0; }
    void on_step_end(train::FitState<float>& state) override { sum += state.loss; }
    void on_epoch_end(train::FitState<float>& state, metrics::EpochRecord& record) override {
      seen.push_back(sum);
      last = concat("epoch ", state.epoch);
      record.set("sum", sum);
      record.set("seen", static_cast<double>(seen.size() + last.size()));
    }
    void visit_state(StateVisitor& state) override {
      state.visit("sum", sum);
      state.visit("seen", seen);
      state.visit("last", last);
    }
  };
  Setup<float> setup;
  setup.callbacks = [] { return train::Callbacks<float>{std::make_shared<Mean>()}; };
  check_every_way(setup, {{2, 3}, {3, 0}});
}

TEST_CASE("weight averages, frozen groups and their rates go on to the same bits") {
  struct Average : train::Callback<float> {
    std::unique_ptr<ExponentialMovingAverage<float>> average;
    void on_train_begin(train::FitState<float>& state) override {
      average = std::make_unique<ExponentialMovingAverage<float>>(state.model.state());
    }
    void on_step_end(train::FitState<float>& state) override {
      average->update(0.9);
      if (state.epoch == 2 && state.step == 2) state.optimizer.freeze(1, false);
      if (state.epoch == 2 && state.step == 2) state.optimizer.set_learning_rate_scale(1, 0.5);
    }
    void on_epoch_end(train::FitState<float>&, metrics::EpochRecord& record) override {
      record.set("average", static_cast<double>(average->state()[0].data[3]));
    }
    void visit_state(StateVisitor& state) override { state.visit("average", *average); }
  };
  Setup<float> setup;
  setup.callbacks = [] { return train::Callbacks<float>{std::make_shared<Average>()}; };
  setup.optimizer = [](const ParamList<float>& params) {
    auto optimizer = std::make_unique<Adam<float>>(ParamList<float>(params.begin(), params.begin() + 2));
    optimizer->add_group({.params = ParamList<float>(params.begin() + 2, params.end()), .frozen = true});
    return optimizer;
  };
  check_every_way(setup, {{1, 3}, {2, 4}, {3, 0}});
}

TEST_CASE("between two checkpoints a training step allocates nothing") {
  struct Count : train::Callback<float> {
    long first = 0, last = 0;
    void on_step_end(train::FitState<float>& state) override {
      if (state.epoch == 3 && state.step == 2) first = allocation_count;
      if (state.epoch == 3 && state.step == 5) last = allocation_count;
    }
  };
  const TemporaryFolder folder;
  const auto count = std::make_shared<Count>();
  train_once<float>({}, folder / "run", {count});
  CHECK(count->last - count->first == 0);
  CHECK(testing::allocations_in([] {}) == 0);  // proves, where it can, that allocations are counted
}

TEST_CASE("a finished run is told apart, and resuming it changes nothing") {
  const TemporaryFolder folder;
  const Setup<float> setup;
  stop_once(setup, folder / "run", {1, 2});
  CHECK_FALSE(train::finished(*run::resume(folder / "run")));
  const auto first = train_once(setup, folder / "run");
  CHECK(train::finished(*run::resume(folder / "run")));
  const std::string checkpoint = content(folder / "run/resume.safetensors");
  check_same(train_once(setup, folder / "run"), first);
  CHECK((content(folder / "run/resume.safetensors") == checkpoint));
}

TEST_CASE("a run that was killed before its first epoch ended begins where it was saved") {
  const TemporaryFolder folder;
  const Setup<float> setup;
  kill_once(setup, folder / "run", {1, 2}, 0);
  const std::int64_t step = std::get<std::vector<std::int64_t>>(run::resume(folder / "run")->values.at("at.step"))[0];
  CHECK(step == 0);
  check_same(train_once(setup, folder / "run"), train_once(setup, folder / "undisturbed"));
}

namespace {

/// Text of the error of resuming `folder` with another setup; the folder's files must stay as they are.
template <class T = float>
std::string refusal(const Setup<T>& setup, const std::filesystem::path& folder) {
  std::vector<std::string> before, after;
  const auto read = [&](std::vector<std::string>& all) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) all.push_back(content(entry.path()));
  };
  read(before);
  const std::string text = error_of<Error>([&] { train_once<T>(setup, folder); });
  read(after);
  CHECK((before == after));
  return text;
}

}  // namespace

TEST_CASE("a checkpoint of another training is refused with the difference, and nothing changes") {
  const TemporaryFolder folder;
  const auto run = folder / "run";
  const Setup<float> setup;
  stop_once(setup, run, {2, 2});
  const std::string file = (run / "resume.safetensors").string();
  const auto expect = [&](const std::string& text, const std::string& part) {
    CAPTURE(text);
    CHECK(names(text, part));
    CHECK(names(text, file));
  };
  expect(refusal<float>({.epochs = 5}, run), "epochs 4; here it is epochs 5");
  expect(refusal<float>({.batch = 4}, run), "batch 8; here it is batch 4");
  expect(refusal<float>({.seed = 4}, run), "seed 3; here it is seed 4");
  expect(refusal<float>({.dropout = 0.5}, run), "Dropout(rate 0.25)");
  expect(refusal<float>({.schedule = schedules::one_cycle()}, run), "schedule constant; here it is schedule one_cycle");
  expect(refusal<float>({.images = testing::small_images(44, 5)}, run), "44 samples of 6x6x2, content ");
  expect(refusal<float>({.images = testing::small_images(40)}, run), "here it is images to train on: 40 samples");
  expect(refusal<float>({.validate = testing::small_images(20, 5)}, run), "images to validate");
  expect(refusal<float>({.augment = {data::pad_crop(1)}}, run), "augmentation");
  expect(refusal<float>({.accumulate = 2}, run), "accumulate");
  expect(refusal<bfloat16>({}, run), "activations float32; here it is activations bfloat16");
  Setup<float> other;
  other.optimizer = [](const ParamList<float>& params) { return std::make_unique<SGD<float>>(params); };
  expect(refusal(other, run), "optimizer.type = Adam; here it is SGD");
  other.optimizer = [](const ParamList<float>& params) {
    return std::make_unique<Adam<float>>(params, AdamOptions{.learning_rate = 0.5});
  };
  expect(refusal(other, run), "initial_learning_rate = 0.01; here it is 0.5");
  other = {};
  other.callbacks = [] { return train::Callbacks<float>{train::early_stopping()}; };
  expect(refusal(other, run), "callback.0.");
}

TEST_CASE("a network that could not be resumed is as it was") {
  const TemporaryFolder folder;
  stop_once<float>({}, folder / "run", {2, 2});
  testing::SmallTraining<float> training{{.learning_rate = 0.01}};
  const auto before = testing::weights(training.model);
  const Setup<float> setup;
  const auto snapshot = std::make_shared<Snapshot>(*run::resume(folder / "run"));
  const auto error = [&] {
    return error_of<FormatError>([&] {
      training.fit(setup.images, {.epochs = 4,
                                  .batch = 8,
                                  .seed = 3,
                                  .validate = setup.validate,
                                  .augment = {data::pad_crop(1), data::horizontal_flip()},
                                  .clip_norm = 5,
                                  .resume = snapshot});
    });
  };
  CHECK(names(error(), "a value 'callback.0.best'; nothing here has such state"));
  snapshot->values.erase("history.values");  // noticed after the weights were loaded
  CHECK(names(error(), "history.values = nothing"));
  CHECK(testing::weights(training.model) == before);
  CHECK(training.optimizer.step_count() == 0);
}

TEST_CASE("a damaged or foreign checkpoint is refused wherever it is damaged") {
  const TemporaryFolder folder;
  const auto run = folder / "run", file = run / "resume.safetensors";
  const Setup<float> setup;
  stop_once(setup, run, {2, 2});
  const std::string good = content(file);
  RandomStream random(Seed{1}, hash_name("damage"));
  const auto is_refused = [&](const std::string& bytes) {
    io_test::put(file, bytes);
    const std::string text = error_of<Error>([&] { run::resume(run); });
    CAPTURE(text);
    CHECK(names(text, file.string()));
  };
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{100},
                                 good.size() / 2, good.size() - 1})
    is_refused(good.substr(0, size));
  is_refused(good + "x");
  for (int i = 0; i < 40; ++i) {  // header length, header, payload
    std::string bytes = good;
    const std::size_t place = i < 8    ? static_cast<std::size_t>(i)
                              : i < 20 ? 8 + random.below(2000)
                                       : random.below(static_cast<std::uint32_t>(good.size()));
    bytes[place] = static_cast<char>(bytes[place] ^ (1 << random.below(8)));
    is_refused(bytes);
  }
  std::filesystem::copy_file(run / "last.safetensors", file, std::filesystem::copy_options::overwrite_existing);
  CHECK(names(error_of<FormatError>([&] { run::resume(run); }), "not a checkpoint"));
  io::write_safetensors(file, {}, {{"hcnn.snapshot", "2"}, {"hcnn.texts", "{}"}});
  CHECK(names(error_of<FormatError>([&] { run::resume(run); }), "checkpoint format '2'; 1 is known"));
  const std::vector<std::uint8_t> blob{1, 2};
  io::write_safetensors(file, {{"blob", "U8", {2}, std::as_bytes(std::span(blob))}},
                        {{"hcnn.snapshot", "1"}, {"hcnn.texts", "{}"}});
  CHECK(
      names(error_of<FormatError>([&] { run::resume(run); }), "'blob' of type U8; a checkpoint has F32, F64 and I64"));
  for (const char* texts : {"[]", "{\"a\":1}", "{\"a\":[1]}", "7"}) {
    io::write_safetensors(file, {}, {{"hcnn.snapshot", "1"}, {"hcnn.texts", texts}});
    CHECK(names(error_of<FormatError>([&] { run::resume(run); }), "texts"));
  }
  const std::string header = R"({"__metadata__":{"hcnn.snapshot":"1","hcnn.texts":"{}"}})";
  const std::uint64_t length = header.size();
  io_test::put(file, std::string(reinterpret_cast<const char*>(&length), 8) + header);
  CHECK(names(error_of<FormatError>([&] { run::resume(run); }), "no checksum"));
  CHECK(names(error_of<Error>([&] { run::resume(folder / "nowhere"); }), "it holds no resume.safetensors"));
  io_test::put(file, good);
  CHECK_NOTHROW(run::resume(run));
}

TEST_CASE("steps.csv is cut back to the checkpoint; a shorter one is refused and a missing one begins anew") {
  const TemporaryFolder folder;
  const auto run = folder / "run", steps = run / "steps.csv";
  const Setup<float> setup;
  stop_once(setup, run, {2, 2});
  const std::string lines = content(steps);
  io_test::put(steps, lines.substr(0, lines.size() - 5));
  CHECK(names(refusal(setup, run), "steps.csv: "));
  io_test::put(steps, lines + "a line of the future\n");
  check_same(train_once(setup, run), train_once(setup, folder / "undisturbed"));
  stop_once(setup, folder / "other", {2, 2});
  std::filesystem::remove(folder / "other/steps.csv");
  train_once(setup, folder / "other");
  CHECK(io::read_csv(folder / "other/steps.csv").rows.size() == 6 * 4 - 8);
}

TEST_CASE("when a checkpoint is written, every line of steps.csv before it is on disk") {
  struct Read : train::Callback<float> {
    explicit Read(std::filesystem::path p) : path(std::move(p)) {}
    void on_snapshot(train::FitState<float>& state, const Snapshot&) override {
      const Index done = (state.epoch - 1) * state.steps_per_epoch + state.step;
      CHECK(io::read_csv(path).rows.size() == static_cast<std::size_t>(done));
    }
    std::filesystem::path path;
  };
  const TemporaryFolder folder;
  testing::SmallTraining<float> training;
  training.fit(testing::small_images(40), {.epochs = 2,
                                           .batch = 8,
                                           .callbacks = {run::checkpoint(folder / "run", {}, {.every_steps = 2}),
                                                         std::make_shared<Read>(folder / "run/steps.csv")}});
}

TEST_CASE("a folder serves one training at a time, and temporary files of a killed one are removed") {
  const TemporaryFolder folder;
  const Setup<float> setup;
  const auto run = folder / "run";
  stop_once(setup, run, {2, 2});
  io_test::put(run / ".resume.safetensors.tmp2147483647.0", "left behind");
  const unsigned number = io::AtomicFile::next_number().fetch_add(1);  // one that this process has given out
  io_test::put(run / concat(".last.safetensors.tmp", ::getpid(), '.', number), "being written");
  io_test::put(run / ".tmp", "mine");
  {
    const run::FolderLock lock(run);
    CHECK(names(refusal(setup, run), "another program is writing to it"));
  }
  train_once(setup, run);
  CHECK_FALSE(std::filesystem::exists(run / ".resume.safetensors.tmp2147483647.0"));
  CHECK(std::filesystem::exists(run / concat(".last.safetensors.tmp", ::getpid(), '.', number)));
  CHECK(std::filesystem::exists(run / ".tmp"));
}

TEST_CASE("callbacks are told once where a training is resumed, with its mean loss so far") {
  struct Look : train::Callback<float> {
    void on_resume(train::FitState<float>& state) override {
      ++calls;
      epoch = state.epoch;
      step = state.step;
      running_loss = state.running_loss;
      snapshot = state.snapshot != nullptr;
    }
    int calls = 0;
    Index epoch = 0, step = 0;
    double running_loss = 0;
    bool snapshot = false;
  };
  const TemporaryFolder folder;
  const Setup<float> setup;
  stop_once(setup, folder / "run", {2, 3});
  double loss = 0;
  for (const auto& row : io::read_csv(run::RunFolder(folder / "run").steps()).rows)
    if (row[0] == "2") loss += run::parse_number(row[2], "steps") / 3;  // three equal batches
  const auto look = std::make_shared<Look>();
  train_once(setup, folder / "run", {look});
  CHECK(look->calls == 1);
  CHECK(look->epoch == 2);
  CHECK(look->step == 3);
  CHECK(look->snapshot);
  CHECK(look->running_loss == doctest::Approx(loss).epsilon(1e-6));
}
