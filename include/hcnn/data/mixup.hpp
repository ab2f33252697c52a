// Mixup: training on weighted means of two images and of their targets.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "hcnn/data/batch_augmentation.hpp"

namespace hcnn::data {

/// Logarithm of a number drawn from the gamma distribution with this shape, above 0, and scale 1. A logarithm, because
/// for shapes below 0.0009 most of the numbers themselves are 0 in double. Source: Marsaglia, Tsang 2000, "A simple
/// method for generating gamma variables", ACM Trans. Math. Softw. 26.
inline double log_gamma_variate(double shape, RandomStream& random) {
  const double raised = shape < 1 ? shape + 1 : shape, d = raised - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = random.normal(), v = std::pow(1 + c * x, 3);
    if (v <= 0 || std::log(1 - random.uniform()) >= x * x / 2 + d - d * v + d * std::log(v)) continue;
    const double log_value = std::log(d * v);
    return shape < 1 ? log_value + std::log(1 - random.uniform()) / shape : log_value;
  }
}

/// A number in [0, 1] from the beta distribution with parameters (shape, shape), shape > 0.
inline double symmetric_beta_variate(double shape, RandomStream& random) {
  const double a = log_gamma_variate(shape, random), b = log_gamma_variate(shape, random);
  return 1 / (1 + std::exp(b - a));
}

/// x = m x_i + (1 - m) x_j and t = m t_i + (1 - m) t_j, where t are one-hot labels of every level. Mixes neighbours in
/// the shuffled batch with each other, each pair with its own m = max(lambda, 1 - lambda), lambda ~ Beta(alpha, alpha);
/// the last sample of an odd batch is unchanged. Soft targets go into `LevelTargets::probabilities`, by which the
/// losses mix; `labels` keeps the label with the larger weight, which accuracy uses. If only x_i has a label, t is its
/// one-hot label. Source: Zhang, Cisse, Dauphin, Lopez-Paz 2018, "mixup: Beyond Empirical Risk Minimization",
/// arXiv:1710.09412, section 2.
class Mixup final : public BatchAugmentationOf<Mixup> {
 public:
  /// @param alpha the larger, the more even the means. Throws OptionError unless it is finite and above 0.
  explicit Mixup(double alpha) : alpha_(alpha) {
    require_option(alpha > 0 && std::isfinite(alpha), "mixup", "alpha", alpha, "must be finite and above 0");
  }

  std::string name() const override { return concat("mixup(", alpha_, ')'); }
  /// Mixes the pairs of the batch.
  template <class T>
  void change(Batch<T>& batch, std::span<const Index> classes, RandomStream& random) const {
    set_one_hot(batch.targets, classes);
    const TensorView<T> images = batch.images;
    for (Index n = 0; n + 1 < images.count; n += 2) {
      const double lambda = symmetric_beta_variate(alpha_, random), share = std::max(lambda, 1 - lambda);
      mix(images.sample(n), images.sample(n + 1), images.shape.size(), static_cast<Master<T>>(share));
      for (const LevelTargets& level : batch.targets) {
        const auto first = static_cast<std::size_t>(n);
        if (level.labels[first] == kNoLabel || level.labels[first + 1] == kNoLabel) continue;
        LevelTargets& own = batch.targets.level(level.level);
        const TensorView<double> rows = own.probabilities;
        mix(rows.sample(n), rows.sample(n + 1), rows.shape.size(), share);
      }
    }
  }

 private:
  static void set_one_hot(Targets& targets, std::span<const Index> classes) {
    std::size_t position = 0;
    for (const LevelTargets& each : targets) {
      LevelTargets& level = targets.level(each.level);
      level.probabilities.resize(static_cast<Index>(level.labels.size()), Shape{.channels = classes[position++]});
      std::fill(level.probabilities.begin(), level.probabilities.end(), 0.0);
      for (std::size_t n = 0; n < level.labels.size(); ++n)
        if (const Label label = level.labels[n]; label != kNoLabel)
          level.probabilities.view().sample(static_cast<Index>(n))[label] = 1;
    }
  }
  // (a, b) = (m a + (1 - m) b, m b + (1 - m) a)
  template <class V, class M>
  static void mix(V* a, V* b, Index size, M m) {
    for (Index i = 0; i < size; ++i) {
      const M x = a[i], y = b[i];
      a[i] = static_cast<V>(m * x + (1 - m) * y);
      b[i] = static_cast<V>(m * y + (1 - m) * x);
    }
  }

  double alpha_;
};

/// Mixup with this alpha, for `FitOptions::mix`. Throws OptionError unless it is finite and above 0.
inline std::shared_ptr<const BatchAugmentation> mixup(double alpha = 0.2) { return std::make_shared<Mixup>(alpha); }

}  // namespace hcnn::data
