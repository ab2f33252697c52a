// The probe: a network's logits for a fixed input, stored in its file to prove that loading gave the same network.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "hcnn/core/random.hpp"
#include "hcnn/io/json_object.hpp"
#include "hcnn/layers/model.hpp"

namespace hcnn::exchange {

/// Two samples of noise, uniform in [-1, 1): sample n holds 2u - 1 for the first doubles u of `RandomStream(Seed{0},
/// hash_name("probe"), 0, n)`, in the order H, W, C. Generated when needed, never stored.
template <class T>
Tensor<T> probe_input(const Shape& shape) {
  Tensor<T> input(2, shape);
  for (Index n = 0; n < input.count(); ++n) {
    RandomStream random(Seed{0}, hash_name("probe"), 0, static_cast<std::uint64_t>(n));
    for (T& value : input.view().slice(n, 1)) value = static_cast<T>(2 * random.uniform() - 1);
  }
  return input;
}

/// The probe of a network in evaluation mode: {"precision": "float32", "logits": {head: [of sample 0, then of sample
/// 1]}}. Non-finite logits are written as null.
template <class T>
io::Json probe_json(const Model<T>& model) {
  io::Json logits = io::Json::object();
  for (const auto& [head, values] : model.infer(probe_input<T>(model.input_shape()).view())) {
    io::Json list = io::Json::array();
    for (const auto value : values) list.push_back(std::isfinite(value) ? io::Json(value) : io::Json(nullptr));
    logits[head] = std::move(list);
  }
  const char* precision = std::is_same_v<T, bfloat16> ? "bfloat16" : std::is_same_v<T, double> ? "float64" : "float32";
  return {{"precision", precision}, {"logits", std::move(logits)}};
}

/// Throws FormatError, starting with `where`, unless the network's logits agree with the probe to 1e-4 of the largest
/// logit of the head: float sums differ by about 1e-6 between instruction sets. If either network computed in bfloat16,
/// to 0.1: each of about 27 roundings (weights, products and outputs of 9 layers) is off by up to 2^-8.
template <class T>
void check_probe(const Model<T>& model, const io::Json& probe, const std::string& where) {
  io::JsonObject object(probe, where);
  const bool coarse = object.text("precision") == "bfloat16" || std::is_same_v<T, bfloat16>;
  io::JsonObject expected(object.member("logits"), where);
  object.finish();
  const auto logits = model.infer(probe_input<T>(model.input_shape()).view());
  for (const auto& [head, values] : logits) {
    const io::Json& wanted = expected.array(head, static_cast<std::size_t>(values.size()));
    if (static_cast<Index>(wanted.size()) != values.size())
      fail<FormatError>(where, concat(wanted.size(), " logits of head '", printable(head), "'"),
                        concat(values.size(), " are needed"));
    double largest = 0, difference = 0;
    for (Index i = 0; i < values.size(); ++i) {
      const io::Json& want = wanted[static_cast<std::size_t>(i)];
      if (!want.is_number()) continue;  // the saved network overflowed here
      largest = std::max(largest, std::abs(want.get<double>()));
      const double gap = std::abs(static_cast<double>(values[i]) - want.get<double>());
      difference = std::isfinite(gap) ? std::max(difference, gap) : std::numeric_limits<double>::infinity();
    }
    if (!(difference <= (coarse ? 0.1 : 1e-4) * largest))
      fail<FormatError>(where,
                        concat("logits of head '", printable(head), "' that differ by ", difference, " of ", largest),
                        "the network that was saved gave others: the file was changed or made by another program");
  }
  expected.finish();
}

}  // namespace hcnn::exchange
