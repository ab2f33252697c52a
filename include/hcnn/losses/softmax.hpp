// Softmax of one sample's logits and its backward pass, shared by losses on probabilities.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "hcnn/core/argmax.hpp"

namespace hcnn::losses {

/// p = softmax(z) of one row of logits, and log p, computed in double for any type of logits. An object is scratch
/// memory, reused for one row after another: it allocates nothing after the first.
class Softmax {
 public:
  /// Computes p and log p of a row of at least one logit. Logits of +-1e4 stay finite: p may become 0, log p does not
  /// overflow.
  template <class M>
  void assign(std::span<const M> z) {
    likeliest_ = argmax(z);
    const double shift = z[static_cast<std::size_t>(likeliest_)];  // exp(z - shift) <= 1 cannot overflow
    p_.resize(z.size());
    log_p_.resize(z.size());
    double sum = 0;
    for (std::size_t k = 0; k < z.size(); ++k) sum += p_[k] = std::exp(z[k] - shift);
    const double log_sum = std::log(sum);
    for (std::size_t k = 0; k < z.size(); ++k) {
      p_[k] /= sum;
      log_p_[k] = z[k] - shift - log_sum;
    }
  }

  /// Number of classes.
  std::size_t size() const { return p_.size(); }
  /// Probability of class k.
  double operator[](std::size_t k) const { return p_[k]; }
  /// Log probability of class k.
  double log(std::size_t k) const { return log_p_[k]; }
  /// The class with the greatest logit; the first among equals.
  Label likeliest() const { return likeliest_; }

  /// Adds scale * df/dz to `gradient`, given dp = df/dp:  df/dz_k = p_k (dp_k - sum_j p_j dp_j).
  template <class M>
  void add_gradient(std::span<const double> dp, double scale, M* gradient) const {
    double mean = 0;
    for (std::size_t k = 0; k < size(); ++k) mean += p_[k] * dp[k];
    for (std::size_t k = 0; k < size(); ++k) gradient[k] += static_cast<M>(scale * p_[k] * (dp[k] - mean));
  }

 private:
  Label likeliest_ = 0;
  std::vector<double> p_, log_p_;
};

}  // namespace hcnn::losses
