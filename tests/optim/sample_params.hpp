// Parameters and gradients that make_optim.py computes in the same way.
#pragma once

#include <cstdint>
#include <vector>

#include "hcnn/core/param.hpp"

namespace sample {

/// A number in [-1, 1), the same in every language.
inline double pattern(hcnn::Index stream, hcnn::Index index) {
  return static_cast<double>((stream * 7919 + index * 104729 + 12345) % 2003) * 2.0 / 2003 - 1;
}

/// Parameters with pattern values, and their gradients.
template <class M>
class Params {
 public:
  explicit Params(const std::vector<std::vector<hcnn::Index>>& shapes) {
    params_.reserve(shapes.size());
    for (const auto& shape : shapes) {
      params_.emplace_back(shape.size() > 1 ? hcnn::Role::weight : hcnn::Role::bias, shape);
      params_.back().name = "p" + std::to_string(params_.size() - 1);
      fill(params_.back().value(), static_cast<hcnn::Index>(params_.size()) - 1, params_.back().size());
    }
  }
  hcnn::ParamList<M> list() {
    hcnn::ParamList<M> all;
    for (auto& param : params_) all.push_back(&param);
    return all;
  }
  hcnn::Param<M>& operator[](std::size_t i) { return params_[i]; }
  std::size_t size() const { return params_.size(); }

  /// Adds the gradient of a step, 0.5 w + pattern, to the gradients.
  void backward(hcnn::Index step) {
    for (std::size_t t = 0; t < params_.size(); ++t)
      for (hcnn::Index i = 0; i < params_[t].size(); ++i)
        params_[t].grad()[i] += static_cast<M>(0.5 * static_cast<double>(params_[t].value()[i]) +
                                               pattern(100 + 10 * step + static_cast<hcnn::Index>(t), i));
  }
  /// All values, one after another.
  std::vector<M> values() const {
    std::vector<M> all;
    for (const auto& param : params_) all.insert(all.end(), param.value(), param.value() + param.size());
    return all;
  }

 private:
  static void fill(M* values, hcnn::Index stream, hcnn::Index size) {
    for (hcnn::Index i = 0; i < size; ++i) values[i] = static_cast<M>(pattern(stream, i));
  }
  std::vector<hcnn::Param<M>> params_;
};

}  // namespace sample
