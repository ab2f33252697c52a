// Decision rules and several observers in an evaluation.
#include "hcnn/train/evaluate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <stop_token>

#include "hcnn/metrics/conditional_risk.hpp"
#include "hcnn/metrics/inspection.hpp"
#include "hcnn/metrics/outcomes.hpp"
#include "hcnn/metrics/temperature.hpp"
#include "hcnn/metrics/tree_rules.hpp"
#include "train/small_training.hpp"

using namespace hcnn;
using namespace hcnn::testing;

TEST_CASE_TEMPLATE("an evaluation counts what the rule decides, and its loss stays that of the network", T, float,
                   double, bfloat16) {
  using M = Master<T>;
  Model<T> model = small_model<T>();
  auto loss = two_heads<M>();
  const data::Dataset images = small_images(45);
  const auto plain = train::evaluate(model, loss, images, {.batch = 45});
  // Whatever is taken for class 2 costs nothing: every decision must be 2.
  std::vector<std::vector<double>> costs(4, {1, 1, 0, 1});
  const metrics::ConditionalRisk rule("fine", CostMatrix(costs));
  metrics::Inspection inspection;
  metrics::Outcomes outcomes(images.taxonomy());
  metrics::BatchObservers observers({&inspection, &outcomes});
  const auto ruled = train::evaluate(model, loss, images, {.batch = 7, .rule = &rule, .observer = &observers});
  CHECK(ruled.find("fine")->confusion.predictions(2) == 45);
  CHECK(ruled.find("fine")->top1.count == 11);
  CHECK(ruled.find("group")->top1 == plain.find("group")->top1);
  CHECK(static_cast<double>(ruled.loss.total) == doctest::Approx(static_cast<double>(plain.loss.total)).epsilon(1e-4));
  CHECK(inspection.samples() == 45);
  CHECK(outcomes.find("fine.top1").value() == doctest::Approx(11.0 / 45));
}

TEST_CASE("heads that a rule adds are counted in every batch, mirror images or not") {
  Model<float> model(kSmallImage, seq(Flatten{}), heads(head("fine", Linear{{.out_features = 4}})));
  init::he_normal(model, Seed{1});
  losses::LossSum<float> loss = losses::cross_entropy("fine");
  const data::Dataset images = small_images(45);
  const metrics::Marginalization rule("fine", *images.taxonomy());
  for (const bool flip : {false, true}) {
    const auto result = train::evaluate(model, loss, images, {.batch = 7, .flip = flip, .rule = &rule});
    REQUIRE(result.heads.size() == 2);
    CHECK(result.heads[1].level == "group");
    CHECK(result.heads[1].confusion.total() == 45);
    CHECK(result.agreement.size() == 1);
  }
}

TEST_CASE("a prediction that is asked to stop returns the logits so far") {
  struct StopAfterFirst : metrics::BatchObserver {
    void add(const Logits<float>&, const Targets&) override { source.request_stop(); }
    void add(const Logits<double>&, const Targets&) override { source.request_stop(); }
    std::stop_source source;
  };
  Model<float> model = small_model<float>();
  const data::Dataset images = small_images(20);
  const Logits<float> all = train::predict(model, images, {.batch = 7});
  CHECK(all.count() == 20);
  StopAfterFirst first;
  const Logits<float> some =
      train::predict(model, images, {.batch = 7, .stop = first.source.get_token(), .observer = &first});
  REQUIRE(some["fine"].count() == 7);
  CHECK(std::equal(some["fine"].begin(), some["fine"].end(), all["fine"].begin()));
}

TEST_CASE("a temperature fitted on an evaluation has the least loss of all") {
  Model<float> model = small_model<float>();
  auto loss = losses::cross_entropy("fine") + 0.0 * losses::cross_entropy("group");
  const data::Dataset images = small_images(60);
  metrics::TemperatureFit fit;
  const auto plain = train::evaluate(model, loss, images, {.observer = &fit});
  CHECK(fit.negative_log_likelihood("fine") == doctest::Approx(double{plain.loss.total}).epsilon(1e-5));
  const double temperature = fit.rule().temperatures().at("fine");
  CHECK(fit.negative_log_likelihood("fine", temperature) <= fit.negative_log_likelihood("fine"));
}

TEST_CASE("figures need no loss, and predictions are the logits of every sample in order") {
  Model<float> model = small_model<float>();
  auto loss = two_heads<float>();
  const data::Dataset images = small_images(45);
  const auto measured = train::evaluate(model, loss, images, {.batch = 7, .flip = true});
  const auto figures = train::evaluate(model, images, {.batch = 7, .flip = true});
  CHECK(figures.find("fine")->top1 == measured.find("fine")->top1);
  CHECK(figures.severity == measured.severity);

  const Logits<float> logits = train::predict(model, images, {.batch = 7});
  REQUIRE(logits.size() == 2);
  CHECK(logits["fine"].count() == 45);
  Tensor<float> image(1, images.shape());
  images.copy_image(44, image.data());
  const auto alone = model.infer(image, "fine");
  for (Index k = 0; k < 4; ++k)
    CHECK(row(logits["fine"], 44)[static_cast<std::size_t>(k)] == doctest::Approx(alone[k]));
  const metrics::Marginalization rule("fine", *images.taxonomy());
  const Logits<float> ruled = train::predict(model, images, {.batch = 7, .rule = &rule});
  CHECK(row(ruled["group"], 3)[0] <= 0);  // a logarithm of a probability
  CHECK_THROWS_AS(train::predict(model, images.subset({})), DataError);
}

TEST_CASE("with the mirror image the probabilities are the means of both") {
  Model<float> model(kSmallImage, seq(Flatten{}), heads(head("fine", Linear{{.out_features = 4}})));
  init::he_normal(model, Seed{1});
  const data::Dataset images = small_images(5);
  const Logits<float> both = train::predict(model, images, {.batch = 2, .flip = true});
  Tensor<float> image(1, images.shape());
  images.copy_image(3, image.data());
  const auto plain = metrics::softmax(row(model.infer(image)["fine"], 0));
  data::mirror(image.data(), images.shape());
  const auto mirrored = metrics::softmax(row(model.infer(image)["fine"], 0));
  const auto mean = metrics::softmax(row(both["fine"], 3));
  for (std::size_t k = 0; k < 4; ++k) CHECK(mean[k] == doctest::Approx((plain[k] + mirrored[k]) / 2));
  CHECK(plain[0] != doctest::Approx(mirrored[0]));
}

TEST_CASE("a batch of everything, however large, is one batch") {
  Model<float> model = small_model<float>();
  const data::Dataset images = small_images(20);
  const auto all = train::evaluate(model, images, {.batch = std::numeric_limits<Index>::max()});
  CHECK(all.samples == 20);
}
