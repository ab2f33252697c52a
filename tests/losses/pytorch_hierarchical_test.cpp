// Losses that know the label tree against the same written with PyTorch: reference/make_hierarchical_losses.py made
// reference/hierarchical_losses.json.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "figure.hpp"
#include "hcnn/losses/consistency.hpp"
#include "hcnn/losses/expected_severity.hpp"
#include "hcnn/losses/hierarchical_cross_entropy.hpp"
#include "hcnn/losses/leaf_aggregation.hpp"
#include "hcnn/losses/learnable_severity.hpp"
#include "hcnn/losses/soft_labels.hpp"
#include "losses/small_tree.hpp"

using namespace hcnn;
using nlohmann::json;

namespace {

losses::LossSum<double> loss_of(const std::string& name, const json& options) {
  const Taxonomy tree = testing::small_tree();
  if (name == "expected_severity") return losses::expected_severity<double>("fine", severity_matrix(tree));
  if (name == "leaf_aggregation")
    return losses::leaf_aggregation<double>("fine", tree, {.weights = options["weights"].get<std::vector<double>>()});
  if (name == "hierarchical_cross_entropy")
    return losses::hierarchical_cross_entropy<double>("fine", tree, {.alpha = options["alpha"]});
  if (name == "soft_labels")
    return losses::soft_labels<double>("fine", severity_matrix(tree), {.beta = options["beta"]});
  if (name == "consistency") return losses::consistency<double>("fine", "superclass", tree);
  REQUIRE(name == "learnable_severity");
  return losses::learnable_severity<double>("fine", tree);
}

std::vector<double> flat(const json& rows) {
  std::vector<double> values;
  for (const json& row : rows) {
    if (row.is_number())
      values.push_back(row);
    else
      values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

Index wrong(const double* ours, const json& expected) {
  Index count = 0;
  for (const double value : flat(expected))
    count += std::abs(*ours++ - value) <= 1e-10 * std::max(1.0, std::abs(value)) ? 0 : 1;
  return count;
}

}  // namespace

TEST_CASE("value and gradients of every loss that knows the tree are PyTorch's to 1e-10") {
  const json records = json::parse(std::ifstream(HCNN_TEST_REFERENCE_DIR "/hierarchical_losses.json"));
  REQUIRE(records.size() == 11);
  for (const json& record : records) {
    CAPTURE(record["name"].get<std::string>());
    auto loss = loss_of(record["loss"], record["options"]);
    ParamList<double> params;
    loss.attach("loss", params);
    Logits<double> logits, gradients;
    for (const auto& [input, values] : record["inputs"].items()) {
      const auto numbers = flat(values);
      if (input == "log_weights") {
        REQUIRE(params.size() == 1);
        std::copy(numbers.begin(), numbers.end(), params.front()->value());
      } else {
        const auto count = static_cast<Index>(values.size()), classes = static_cast<Index>(values[0].size());
        std::copy(numbers.begin(), numbers.end(), logits.resize(input, count, classes).data());
      }
    }
    Targets targets;
    if (!record["labels"].is_null()) targets.level("fine").labels = record["labels"].get<std::vector<Label>>();

    const double value = loss.evaluate(logits, targets, gradients).total, expected = record["value"];
    CHECK(std::abs(value - expected) <= 1e-10 * std::max(1.0, std::abs(expected)));
    for (const auto& [input, values] : record["gradients"].items())
      CHECK(wrong(input == "log_weights" ? params.front()->grad() : gradients[input].data(), values) == 0);
  }
  testing::figure("R4", records.size(), " losses that know the tree in double: values and gradients within 1e-10");
}
