// Losses against PyTorch's numbers: reference/make_losses.py made reference/losses.json.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "figure.hpp"
#include "hcnn/losses/severity.hpp"

using namespace hcnn;
using nlohmann::json;

namespace {

losses::LossSum<double> loss_of(const json& record) {
  losses::CrossEntropyOptions options{.label_smoothing = record["label_smoothing"]};
  if (!record["class_weights"].is_null()) options.class_weights = record["class_weights"].get<std::vector<double>>();
  if (record["costs"].is_null()) return losses::cross_entropy<double>("fine", options);
  const CostMatrix costs(record["costs"].get<std::vector<std::vector<double>>>());
  return losses::severity<double>(
      "fine", costs,
      {.form = record["form"] == "report" ? losses::SeverityForm::cost : losses::SeverityForm::alpha_plus_cost,
       .correct_weight = record["correct_weight"],
       .alpha = record["alpha"],
       .cross_entropy = options});
}

void fill(Tensor<double>& tensor, const json& rows) {
  tensor.resize(static_cast<Index>(rows.size()), Shape{.channels = static_cast<Index>(rows[0].size())});
  double* next = tensor.data();
  for (const json& row : rows)
    for (const json& value : row) *next++ = value;
}

bool close(double ours, double expected) {
  return std::abs(ours - expected) <= 1e-10 * std::max(1.0, std::abs(expected));
}

}  // namespace

TEST_CASE("value and gradient of every loss are PyTorch's to 1e-10") {
  const json records = json::parse(std::ifstream(HCNN_TEST_REFERENCE_DIR "/losses.json"));
  REQUIRE(records.size() == 16);
  for (const json& record : records) {
    CAPTURE(record["name"].get<std::string>());
    Logits<double> logits, gradients;
    fill(logits.resize("fine", 1, 1), record["logits"]);
    Targets targets;
    targets.level("fine").labels = record["labels"].get<std::vector<Label>>();
    if (!record["probabilities"].is_null()) fill(targets.level("fine").probabilities, record["probabilities"]);

    auto loss = loss_of(record);
    CHECK(close(loss.evaluate(logits, targets, gradients).total, record["value"]));
    Tensor<double> expected;
    fill(expected, record["gradient"]);
    const Tensor<double>& gradient = gradients["fine"];
    REQUIRE(gradient.size() == expected.size());
    Index wrong = 0;
    for (Index i = 0; i < expected.size(); ++i) wrong += close(gradient[i], expected[i]) ? 0 : 1;
    CHECK(wrong == 0);
  }
  testing::figure("R4", records.size(), " losses in double: values and gradients within 1e-10");
}
