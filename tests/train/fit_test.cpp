// The training loop: determinism, partial batches, stopping, errors, learning sanity.
#include "hcnn/train/fit.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "count_allocations.hpp"
#include "figure.hpp"
#include "hcnn/data/synthetic.hpp"
#include "hcnn/layers/diagnose.hpp"
#include "hcnn/losses/learnable_severity.hpp"
#include "hcnn/metrics/inspection.hpp"
#include "hcnn/optim/adam.hpp"
#include "hcnn/optim/schedule_curves.hpp"
#include "hcnn/optim/schedule_plateau.hpp"
#include "hcnn/optim/sgd.hpp"
#include "kernels/each_isa.hpp"
#include "train/small_training.hpp"

using namespace hcnn;
using namespace hcnn::testing;

namespace {

template <class T>
std::vector<Master<T>> train_weights(int threads, Index epochs = 10) {
  const ThreadCountScope scope(threads);
  SmallTraining<T> training{{.learning_rate = 0.01}};
  training.fit(small_images(75),
               {.epochs = epochs, .batch = 8, .augment = {data::pad_crop(1), data::horizontal_flip()}});
  return weights(training.model);
}

// Notes the threads that it runs on.
class ThreadNotes : public data::Augmentation {
 public:
  std::string name() const override { return "thread notes"; }
  void apply(float*, const Shape&, RandomStream&, Workspace&) const override {
    const std::lock_guard lock(mutex_);
    threads_.insert(std::this_thread::get_id());
  }
  const std::set<std::thread::id>& threads() const { return threads_; }

 private:
  mutable std::mutex mutex_;
  mutable std::set<std::thread::id> threads_;
};

}  // namespace

TEST_CASE_TEMPLATE("200 steps with augmentation and dropout give the same bits at 1, 2, 3, 4 and 8 threads", T, float,
                   bfloat16) {
  const std::string isas = testing::on_each_isa([] {
    const auto expected = train_weights<T>(1, 20);  // 20 epochs of 10 batches
    for (const int threads : {2, 3, 4, 8}) CHECK(train_weights<T>(threads, 20) == expected);
  });
  testing::figure("R5", std::is_same_v<T, float> ? "fp32" : "bf16",
                  ": equal bits after 200 steps on 1, 2, 3, 4 and 8 threads with ", isas);
}

TEST_CASE("batches that a thread of their own prepares give the same bits") {
  const ThreadCountScope scope(1);
  const auto train = [](data::Prefetch prefetch, const std::shared_ptr<const ThreadNotes>& notes) {
    SmallTraining<float> training{{.learning_rate = 0.01}};
    training.fit(small_images(75),
                 {.epochs = 3, .batch = 8, .augment = {data::pad_crop(1), notes}, .prefetch = prefetch});
    return weights(training.model);
  };
  const auto here = std::make_shared<ThreadNotes>(), elsewhere = std::make_shared<ThreadNotes>();
  CHECK(train(data::Prefetch::none, here) == train(data::Prefetch::background, elsewhere));
  CHECK(here->threads() == std::set{std::this_thread::get_id()});
  CHECK_FALSE(elsewhere->threads().empty());
  CHECK_FALSE(elsewhere->threads().contains(std::this_thread::get_id()));
}

TEST_CASE("4 batches of 8 added up are a step of 32, the last partial one too") {
  const auto train = [](Index batch, Index accumulate) {
    Model<double> model(
        kSmallImage, seq(Flatten<double>{}, Linear<double>{{.out_features = 16}}, ReLU<double>{}),
        heads(head("fine", Linear<double>{{.out_features = 4}}), head("group", Linear<double>{{.out_features = 2}})));
    init::he_normal(model, Seed{1});
    auto loss = two_heads<double>();
    Adam<double> optimizer{model.parameters(), {.learning_rate = 0.01}};
    const auto result = train::fit(model, loss, optimizer, small_images(75),
                                   {.epochs = 3, .batch = batch, .accumulate = accumulate, .clip_norm = 0.5});
    CHECK(optimizer.step_count() == 9);  // of 32, 32 and 11 samples
    auto values = weights(model);
    values.push_back(result.history.back().get("train.loss"));
    return values;
  };
  const auto at_once = train(32, 1), added = train(8, 4);
  REQUIRE(at_once.size() == added.size());
  for (std::size_t i = 0; i < added.size(); ++i) CHECK(added[i] == doctest::Approx(at_once[i]).epsilon(1e-9));
}

TEST_CASE("an epoch ends after limit_batches, inside a step of several too") {
  for (const Index accumulate : {Index{1}, Index{2}}) {
    SmallTraining<float> training{{.learning_rate = 0.01}};
    std::vector<Index> images;
    training.fit(small_images(75),
                 {.epochs = 2,
                  .batch = 8,
                  .accumulate = accumulate,
                  .limit_batches = 3,
                  .callbacks = {train::on_epoch_end([&](auto& state, auto&) { images.push_back(state.images); })}});
    CHECK(images == std::vector<Index>{24, 24});
    CHECK(training.optimizer.step_count() == (accumulate == 1 ? 6 : 4));
  }
}

TEST_CASE("two heads learn, and the history says how") {
  SmallTraining<float> training{{.learning_rate = 0.01}};
  const data::Dataset train_set = small_images(200), val_set = small_images(60, 2);
  const auto result = training.fit(train_set, {.epochs = 12, .batch = 16, .validate = val_set});
  CHECK(result.history.size() == 12);
  CHECK(result.stop_reason.empty());
  const auto& last = result.history.back();
  CHECK(last.get("val.fine.top1") > 0.9);
  CHECK(last.get("val.group.top1") > 0.9);
  CHECK(last.get("train.loss") < result.history[0].get("train.loss"));
  CHECK(last.get("val.severity.0") + last.get("val.severity.1") + last.get("val.severity.2") == 60);
  CHECK(last.get("train.loss.cross_entropy(fine)") + 0.5 * last.get("train.loss.cross_entropy(group)") ==
        doctest::Approx(last.get("train.loss")).epsilon(1e-5));
}

TEST_CASE("one batch can be overfitted to 100 %") {
  SmallTraining<float> training{{.learning_rate = 0.01}, /*dropout=*/0.0};
  const data::Dataset batch = small_images(16, 1, true);
  training.fit(batch, {.epochs = 150, .batch = 16});
  const double top1 = train::evaluate(training.model, training.loss, batch).heads[0].top1.value();
  CHECK(top1 == 1);
  testing::figure("R15", "one batch learnt by heart: ", 100 * top1, " %");
}

TEST_CASE("shuffled labels stay at chance on validation") {
  SmallTraining<float> training{{.learning_rate = 0.005}};
  const data::Dataset train_set = small_images(300, 1, true), val_set = small_images(400, 2, true);
  const auto result = training.fit(train_set, {.epochs = 5, .batch = 16, .validate = val_set});
  // 400 guesses at 1/4: standard deviation 2.2 %
  const double top1 = result.history.back().get("val.fine.top1");
  CHECK(std::abs(top1 - 0.25) < 4 * std::sqrt(0.25 * 0.75 / 400));
  testing::figure("R15", "shuffled labels of 4 classes: ", 100 * top1, " % of the validation images");
}

TEST_CASE("an inspection follows an evaluation sample by sample, whatever the batch") {
  Model<float> model = small_model<float>();
  auto loss = two_heads<float>();
  const data::Dataset images = small_images(40);
  metrics::Inspection whole, parts;
  const auto result = train::evaluate(model, loss, images, {.batch = 40, .observer = &whole});
  train::evaluate(model, loss, images, {.batch = 7, .observer = &parts});
  CHECK(parts.samples() == 40);
  const metrics::HeadInspection &first = *whole.find("fine"), &second = *parts.find("fine");
  CHECK(first.calibration.total() == 40);
  CHECK(first.mistakes == second.mistakes);
  CHECK_FALSE(first.mistakes.empty());
  for (const auto& [pair, samples] : first.mistakes) {
    CHECK(result.find("fine")->confusion(pair.first, pair.second) >= static_cast<Index>(samples.size()));
    for (const Index sample : samples) CHECK(images.label(0, sample) == pair.first);
  }
}

TEST_CASE("with zeroed head weights the first loss is ln(classes) per head") {
  Model<float> model = small_model<float>();
  init::normal(model, "heads.", 0.0, Seed{1});
  auto loss = losses::cross_entropy("fine") + losses::cross_entropy("group");
  const auto value = train::evaluate(model, loss, small_images(40)).loss;
  CHECK(value.parts[0].value == doctest::Approx(std::log(4.0)).epsilon(1e-6));
  CHECK(value.parts[1].value == doctest::Approx(std::log(2.0)).epsilon(1e-6));
  testing::figure("R15", "first losses with zeroed heads: ", value.parts[0].value, " and ", value.parts[1].value,
                  ", ln(4) and ln(2)");
}

TEST_CASE("a last partial batch and a data set smaller than a batch count every sample once") {
  for (const Index count : {Index{5}, Index{17}}) {
    SmallTraining<float> training;
    struct Count : train::Callback<float> {
      void on_step_end(train::FitState<float>& state) override { images = state.images; }
      Index images = 0;
    };
    const auto counter = std::make_shared<Count>();
    const auto result = training.fit(small_images(count), {.epochs = 2, .batch = 8, .callbacks = {counter}});
    CHECK(counter->images == count);
    const auto& record = result.history.back();
    CHECK(record.get("train.severity.0") + record.get("train.severity.1") + record.get("train.severity.2") ==
          static_cast<double>(count));
  }
  testing::figure("R17", "a last batch of 1 after two of 8, and 5 images in batches of 8: each counted once");
}

TEST_CASE("the stop token ends the loop after the running batch") {
  SmallTraining<float> training;
  const auto stop = std::make_shared<StopAt<float>>(2, 2);
  const auto result =
      training.fit(small_images(64), {.epochs = 5, .batch = 16, .callbacks = {stop}, .stop = stop->token()});
  CHECK(result.interrupted);
  CHECK(result.history.size() == 1);
  CHECK(training.optimizer.step_count() == 4 + 2);
}

TEST_CASE("a stop that is asked for in the very last step comes too late") {
  SmallTraining<float> training;
  const auto stop = std::make_shared<StopAt<float>>(2, 4);
  const auto result =
      training.fit(small_images(64), {.epochs = 2, .batch = 16, .callbacks = {stop}, .stop = stop->token()});
  CHECK(result.history.size() == 2);
  CHECK_FALSE(result.interrupted);
  CHECK(result.stop_reason.empty());
}

TEST_CASE("gradients that were there before a training are no part of it") {
  const auto train = [](float gradient) {
    SmallTraining<float> training{{.learning_rate = 0.01}};
    for (auto* param : training.model.parameters()) std::fill_n(param->grad(), param->size(), gradient);
    training.fit(small_images(16), {.batch = 8});
    return weights(training.model);
  };
  CHECK(train(7) == train(0));
}

TEST_CASE("without a schedule the learning rate is the optimizer's, whoever has set it") {
  SmallTraining<float> training{{.learning_rate = 1e-3}};
  struct Halve : train::Callback<float> {
    void on_epoch_end(train::FitState<float>& state, metrics::EpochRecord&) override {
      state.optimizer.set_learning_rate(state.optimizer.learning_rate() / 2);
    }
  };
  training.optimizer.set_learning_rate(1e-4);
  const auto result =
      training.fit(small_images(16), {.epochs = 3, .batch = 8, .callbacks = {std::make_shared<Halve>()}});
  CHECK(result.history.get("learning_rate") == std::vector<double>{1e-4, 5e-5, 2.5e-5});
}

TEST_CASE("the schedule may follow a column that a callback adds") {
  SmallTraining<float> training{{.learning_rate = 1e-6}};
  struct Figure : train::Callback<float> {
    void on_epoch_end(train::FitState<float>&, metrics::EpochRecord& record) override { record.set("val.f1", 0.5); }
  };
  const auto result =
      training.fit(small_images(16),
                   {.epochs = 4,
                    .batch = 8,
                    .schedule = schedules::reduce_on_plateau({.factor = 0.5, .patience = 1, .higher_is_better = true}),
                    .monitor = "val.f1",
                    .callbacks = {std::make_shared<Figure>()}});
  CHECK(result.history.get("learning_rate") == std::vector<double>{1e-6, 1e-6, 1e-6, 5e-7});
}

TEST_CASE("a plateau of an accuracy waits for higher values, one of a column of no known direction is refused") {
  SmallTraining<float> training{{.learning_rate = 1e-6}};
  const data::Dataset images = small_images(16);
  const auto fit = [&](const std::string& column) {
    const auto rising = train::on_epoch_end(
        [column](auto& state, auto& record) { record.set(column, static_cast<double>(state.epoch)); });
    return training.fit(images, {.epochs = 4,
                                 .batch = 8,
                                 .schedule = schedules::reduce_on_plateau({.factor = 0.5, .patience = 0}),
                                 .monitor = column,
                                 .callbacks = {rising}});
  };
  CHECK(fit("val.fine.top1").history.get("learning_rate") == std::vector<double>(4, 1e-6));
  CHECK(fit("val.hd1").history.get("learning_rate").back() < 1e-6);
  CHECK_THROWS_WITH_AS(
      fit("mine"), "schedules::reduce_on_plateau: a metric of unknown direction; set higher_is_better, true or false",
      OptionError);
}

TEST_CASE("drop_last leaves out the batch that is not full") {
  const auto steps = [](bool drop_last) {
    SmallTraining<float> training;
    training.fit(small_images(41), {.batch = 8, .drop_last = drop_last});
    return training.optimizer.step_count();
  };
  CHECK(steps(false) == 6);
  CHECK(steps(true) == 5);
  SmallTraining<float> training;
  CHECK_THROWS_WITH_AS(training.fit(small_images(5), {.batch = 8, .drop_last = true}),
                       "fit: 5 samples, batches of 8 and drop_last; a full batch is needed", DataError);
}

TEST_CASE("images to validate of another shape are refused before the first step") {
  SmallTraining<float> training;
  const data::Dataset others = data::synthetic({.samples = 8});
  CHECK_THROWS_AS(training.fit(small_images(16), {.validate = others}), ShapeError);
  CHECK(training.optimizer.step_count() == 0);
}

TEST_CASE("batches of all that there is add up to one step, however many are asked for") {
  SmallTraining<float> training;
  training.fit(small_images(41), {.batch = 8, .accumulate = std::numeric_limits<Index>::max()});
  CHECK(training.optimizer.step_count() == 1);
}

TEST_CASE("callbacks hear of the epoch that ran last when a training ends") {
  struct End : train::Callback<float> {
    void on_train_end(train::FitState<float>& state) override { epoch = state.epoch; }
    Index epoch = 0;
  };
  const auto end = std::make_shared<End>();
  SmallTraining<float> training;
  training.fit(small_images(16), {.epochs = 3, .callbacks = {end}});
  CHECK(end->epoch == 3);
}

TEST_CASE("two terms of one name have a column each") {
  SmallTraining<float> training;
  training.loss =
      losses::cross_entropy<float>("fine") + 0.5F * losses::cross_entropy<float>("fine", {.label_smoothing = 0.2});
  const auto record = training.fit(small_images(16), {.batch = 8}).history.back();
  CHECK(record.get("train.loss") == doctest::Approx(record.get("train.loss.cross_entropy(fine)") +
                                                    0.5 * record.get("train.loss.cross_entropy(fine) 2")));
}

TEST_CASE_TEMPLATE("a frozen trunk stays as it is, statistics included, and the heads see it in evaluation mode", T,
                   float, bfloat16) {
  using M = Master<T>;
  const data::Dataset images = small_images(40);
  Model<T> model = small_model<T>(0.5);
  auto loss = two_heads<M>();
  train::fit(model, loss, *std::make_unique<Adam<M>>(model.parameters(), AdamOptions{}), images, {.batch = 8});
  Model<T> before = model.clone();
  SGD<M> optimizer{ParamList<M>{}, {.learning_rate = 0.1}};
  optimizer.add_group({.params = model.parameters("trunk."), .frozen = true});
  optimizer.add_group({.params = model.parameters("heads.")});
  train::fit(model, loss, optimizer, images, {.batch = 40});
  for (const auto* param : model.state()) {
    CAPTURE(param->name);
    const auto* old = &before.param(param->name);
    CHECK(std::equal(param->value(), param->value() + param->size(), old->value()) ==
          param->name.starts_with("trunk."));
  }
  // One step on all images: the gradient of the heads on the trunk's features in evaluation mode.
  Tensor<T> all(40, kSmallImage);
  Targets targets;
  targets.level("fine").labels.resize(40);
  targets.level("group").labels.resize(40);
  Tensor<float> image(1, kSmallImage);
  for (Index i = 0; i < 40; ++i) {
    images.copy_image(i, image.data());
    for (Index k = 0; k < image.size(); ++k) all.data()[i * image.size() + k] = static_cast<T>(image.data()[k]);
    for (const Index level : {Index{0}, Index{1}})
      targets.level(images.level_name(level)).labels[static_cast<std::size_t>(i)] = images.label(level, i);
  }
  Logits<M> gradients;
  zero_gradients(before.parameters());
  loss.evaluate(before.forward(all, {.train_trunk = false}), targets, gradients);
  before.backward(gradients);
  for (const auto* param : model.parameters("heads."))
    for (Index i = 0; i < param->size(); ++i) {
      const auto* old = &before.param(param->name);
      const double moved = static_cast<double>(old->value()[i]) - static_cast<double>(param->value()[i]);
      CHECK(std::abs(moved / 0.1 - static_cast<double>(old->grad()[i])) <= 1e-5);  // another order of 40 samples
    }
}

TEST_CASE("a trunk that is thawed learns again") {
  Model<float> model = small_model<float>();
  auto loss = two_heads<float>();
  SGD<float> optimizer{ParamList<float>{}, {.learning_rate = 0.1}};
  optimizer.add_group({.params = model.parameters("trunk."), .frozen = true});
  optimizer.add_group({.params = model.parameters("heads.")});
  std::vector<std::vector<float>> trunks;
  const auto thaw = train::on_epoch_end([&](auto& state, auto&) {
    const auto* weight = &state.model.param("trunk.0.weight");
    trunks.emplace_back(weight->value(), weight->value() + weight->size());
    if (state.epoch == 2) state.optimizer.freeze(0, false);
  });
  train::fit(model, loss, optimizer, small_images(16), {.epochs = 3, .batch = 8, .callbacks = {thaw}});
  CHECK(trunks[0] == trunks[1]);
  CHECK(trunks[1] != trunks[2]);
}

TEST_CASE("the batch of a loss that is not finite is counted, not the step") {
  SmallTraining<float> training;
  struct Break : data::Augmentation {  // of the third batch, of 8 images each
    std::string name() const override { return "break"; }
    void apply(float* image, const Shape&, RandomStream&, Workspace&) const override {
      if (++images == 17) image[0] = std::numeric_limits<float>::quiet_NaN();
    }
    mutable std::atomic<int> images = 0;  // of all threads
  };
  try {
    training.fit(small_images(64), {.batch = 8, .accumulate = 4, .augment = {std::make_shared<Break>()}});
    FAIL("no error");
  } catch (const NumericError& error) {
    CHECK(std::string(error.what()).starts_with("epoch 1, batch 3: the loss is nan"));
  }
}

TEST_CASE("a loss that is not finite stops with layer, epoch and batch") {
  SmallTraining<float> training;
  training.model.param("trunk.5.weight").value()[3] = std::numeric_limits<float>::quiet_NaN();
  training.model.param("trunk.5.weight").touch();
  try {
    training.fit(small_images(20), {.batch = 8});
    FAIL("no error");
  } catch (const NumericError& error) {
    CHECK(std::string(error.what()) ==
          "epoch 1, batch 1: the loss is nan; the first value that is not finite is in parameter trunk.5.weight; a "
          "smaller learning rate or clip_norm may help");
    testing::figure("R11", "\"", error.what(), "\"");
  }
}

TEST_CASE("a steady step of loader, network, loss, figures and optimizer allocates nothing") {
  const ThreadCountScope scope(2);
  const Taxonomy tree({{"fine class", {"a", "b", "c", "d"}, {0, 0, 1, 2}},  // long names: no room inside a string
                       {"superclass of it", {"ab", "c", "d"}, {0, 0, 1}},
                       {"group of these classes", {"abc", "d"}, {}}});
  std::vector<float> pixels(static_cast<std::size_t>(64 * kSmallImage.size()), 0.5f);
  std::vector<Label> labels(64);
  for (std::size_t n = 0; n < labels.size(); ++n) labels[n] = static_cast<Label>(n % 4);
  data::BatchLoader<float> loader(data::Dataset(kSmallImage, std::move(pixels), tree, std::move(labels)),
                                  {.batch = 16, .augment = {data::pad_crop(1), data::horizontal_flip()}});
  Model<float> model(
      kSmallImage, seq(Conv2d{{.out_channels = 4}}, BatchNorm2d{}, ReLU{}, Flatten{}, Dropout{{.rate = 0.5}}),
      heads(head("fine class", Linear{{.out_features = 4}}), head("superclass of it", Linear{{.out_features = 3}}),
            head("group of these classes", Linear{{.out_features = 2}})));
  init::he_normal(model, Seed{1});
  auto loss = losses::cross_entropy("fine class") + losses::cross_entropy("superclass of it") +
              losses::cross_entropy("group of these classes");
  Adam optimizer{model.parameters(), {}};
  metrics::Evaluator<float> evaluator(tree);
  Logits<float> gradients;
  const auto epoch = [&](std::uint64_t number) {
    loader.start(number);
    while (const auto* batch = loader.next()) {
      const auto& logits = model.forward(batch->images, {.epoch = number, .samples = batch->ids});
      loss.evaluate(logits, batch->targets, gradients);
      model.backward(gradients);
      optimizer.step();
      evaluator.add(logits, batch->targets);
    }
  };
  for (std::uint64_t warm_up = 1; warm_up <= 3; ++warm_up) epoch(warm_up);
  const long allocations = allocations_in([&] { epoch(4); });
  CHECK(allocations == 0);
  testing::figure("R12", allocations, " allocations in an epoch of loading, training and counting");
}

TEST_CASE("a network without start values is refused") {
  SmallTraining<float> training;
  for (auto* param : training.model.parameters())
    if (param->role == Role::weight) init::fill_constant(*param, 0);
  const data::Dataset images = small_images(8);
  CHECK_THROWS_WITH_AS(training.fit(images, {.epochs = 1}),
                       "fit: every weight is 0; call init::he_normal(model, seed), or load a model, first",
                       OptionError);
  init::normal(training.model, "heads.fine", 0.01, Seed{1});
  CHECK_NOTHROW(training.fit(images, {.epochs = 1}));
}

TEST_CASE("nothing to train on, to validate or to monitor is refused") {
  SmallTraining<float> training;
  const data::Dataset images = small_images(20), none = images.subset({});
  CHECK_THROWS_AS(training.fit(none, {.batch = 8}), DataError);
  CHECK_THROWS_AS(training.fit(images, {.batch = 8, .validate = none}), DataError);
  CHECK_THROWS_AS(training.fit(images, {.batch = 8, .monitor = "val.los"}), OptionError);
  CHECK_THROWS_AS(training.fit(images, {.batch = 8, .clip_norm = -1}), OptionError);
  CHECK_THROWS_AS(train::evaluate(training.model, training.loss, none), DataError);
}

TEST_CASE("an exploding learning rate is noticed") {
  SmallTraining<float> training{{.learning_rate = 1e30}};
  CHECK_THROWS_AS(training.fit(small_images(64), {.epochs = 5, .batch = 8}), NumericError);
}

TEST_CASE("the schedule sets each step's rate and the plateau follows the monitored column") {
  SmallTraining<float> training{{.learning_rate = 1e-6}};  // the loss stands still
  const data::Dataset images = small_images(40);
  const auto result =
      training.fit(images, {.epochs = 6,
                            .validate = images,
                            .schedule = schedules::reduce_on_plateau({.factor = 0.5, .patience = 1, .threshold = 0.5}),
                            .monitor = "train.loss"});
  CHECK(result.history.get("learning_rate") == std::vector<double>{1e-6, 1e-6, 1e-6, 5e-7, 5e-7, 2.5e-7});
}

TEST_CASE("validation images are normalised as those trained on, and the history has the figures of the evaluation") {
  SmallTraining<float> training{{.learning_rate = 0.01}};
  const data::Dataset images = small_images(40), others = small_images(40, 2, /*shuffled_labels=*/true);
  const data::Normalization normalization{{0.3F, 0.4F}, {0.2F, 0.1F}};
  const auto result =
      training.fit(images, {.epochs = 2, .batch = 8, .validate = others, .normalization = normalization});
  const auto measured =
      train::evaluate(training.model, training.loss, others, {.batch = 8, .normalization = normalization});
  const auto& last = result.history.back();
  CHECK(last.get("val.loss") == doctest::Approx(double{measured.loss.total}).epsilon(1e-6));
  CHECK(last.get("val.fine.top1") == measured.find("fine")->top1.value());
  CHECK(last.get("val.hd1") == measured.severity.hd1());
  CHECK(last.get("val.ms") == measured.severity.ms());
  CHECK(measured.severity.ms() != measured.severity.hd1());
}

TEST_CASE("a schedule in steps runs over the whole training") {
  struct Rates : train::Callback<float> {
    void on_step_end(train::FitState<float>& state) override { seen.push_back(state.learning_rate); }
    std::vector<double> seen;
  };
  SmallTraining<float> training{{.learning_rate = 0.01}};
  const auto rates = std::make_shared<Rates>();
  training.fit(small_images(40),
               {.epochs = 2, .batch = 8, .schedule = schedules::linear({.final_factor = 0}), .callbacks = {rates}});
  REQUIRE(rates->seen.size() == 10);
  for (std::size_t i = 0; i < 10; ++i)
    CHECK(rates->seen[i] == doctest::Approx(0.01 * (1 - static_cast<double>(i) / 10)));
}

TEST_CASE("a schedule that watches nothing by name watches the validation loss") {
  SmallTraining<float> training{{.learning_rate = 0.01}};
  const data::Dataset images = small_images(40);
  const auto made_up = train::on_epoch_end([](auto& state, auto& record) {
    record.set("train.loss", 10.0 - static_cast<double>(state.epoch));
    record.set("val.loss", 1);
  });
  const auto result = training.fit(images, {.epochs = 3,
                                            .batch = 8,
                                            .validate = images,
                                            .schedule = schedules::reduce_on_plateau({.factor = 0.5, .patience = 0}),
                                            .callbacks = {made_up}});
  CHECK(result.history.get("learning_rate") == std::vector<double>{0.01, 0.01, 0.005});
}

TEST_CASE("gradients of frozen parameters do not count for clip_norm") {
  Model<double> model = small_model<double>(0);
  auto loss = two_heads<double>();
  SGD<double> optimizer{ParamList<double>{}, {.learning_rate = 1}};
  // A part of the trunk: with all of it frozen there would be no backward pass through it, and no gradients.
  ParamList<double> frozen, moving;
  for (auto* param : model.parameters()) (param->name.starts_with("trunk.0.") ? frozen : moving).push_back(param);
  REQUIRE(frozen.size() == 2);
  optimizer.add_group({.params = frozen, .frozen = true});
  optimizer.add_group({.params = moving});
  Model<double> start = model.clone();
  train::fit(model, loss, optimizer, small_images(8), {.batch = 8, .clip_norm = 1e-3});
  double squares = 0;
  for (const auto* param : moving)
    for (Index i = 0; i < param->size(); ++i)
      squares += std::pow(param->value()[i] - start.param(param->name).value()[i], 2);
  CHECK(std::sqrt(squares) == doctest::Approx(1e-3).epsilon(1e-5));
}

TEST_CASE("an input with a number that is not finite is blamed itself") {
  Model<float> model = small_model<float>();
  Tensor<float> images(2, kSmallImage, 0.5F);
  CHECK(find_non_finite<float>(model, images).empty());
  images[100] = std::numeric_limits<float>::quiet_NaN();
  CHECK(find_non_finite<float>(model, images) == "the input");
}

TEST_CASE("an optimizer that could move nothing of the model, or not the loss's parameters, is refused") {
  Model<float> model = small_model<float>(), copy = model.clone();
  const data::Dataset images = small_images(20);
  auto loss = two_heads<float>();
  Adam optimizer{model.parameters(), {}};
  CHECK_THROWS_WITH_AS(train::fit(copy, loss, optimizer, images, {.batch = 8}),
                       "fit: the optimizer has none of this model's parameters; make it from this model's parameters()",
                       OptionError);
  auto learnable = losses::learnable_severity("fine", *images.taxonomy());
  CHECK_THROWS_AS(train::fit(model, learnable, optimizer, images, {.batch = 8}), OptionError);
  ParamList<float> of_loss;
  learnable.attach("loss", of_loss);
  REQUIRE_FALSE(of_loss.empty());
  optimizer.add_group({.params = of_loss, .frozen = true});
  CHECK_NOTHROW(train::fit(model, learnable, optimizer, images, {.batch = 8}));
}

TEST_CASE("a loss that nobody keeps trains as one that has a name") {
  const data::Dataset images = small_images(40);
  const auto train = [&](bool kept) {
    Model<float> model = small_model<float>();
    Adam optimizer{model.parameters(), {}};
    auto loss = losses::cross_entropy("fine");
    kept ? train::fit(model, loss, optimizer, images, {.batch = 8})
         : train::fit(model, losses::cross_entropy("fine"), optimizer, images, {.batch = 8});
    return weights(model);
  };
  CHECK(train(true) == train(false));
}
