// Weighted sum of losses: the objective of training.
#pragma once

#include <cmath>
#include <concepts>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/losses/loss.hpp"

namespace hcnn::losses {

/// One term of a LossValue.
template <class M>
struct LossPart {
  std::string name;  ///< `Loss::name`, e.g. "cross_entropy(fine)"
  M value = 0;       ///< nats per sample, before the term's weight
};

/// Value of a weighted sum and of its terms.
template <class M>
struct LossValue {
  M total = 0;                     ///< sum of weight * value, nats per sample
  std::vector<LossPart<M>> parts;  ///< value of each term, in the order they were added
};

/// sum_i weight_i * loss_i, written `cross_entropy("fine") + 0.5 * cross_entropy("superclass")`. A value type: copying
/// copies the losses' parameters too; moving keeps the parameters' addresses.
template <class M = float>
class LossSum {
 public:
  /// Type of logits.
  using Scalar = M;

  /// Makes a sum of one term from any loss.
  template <std::derived_from<Loss<M>> L>
  LossSum(L loss) {
    value_.parts.push_back({loss.name()});
    terms_.push_back({1.0, std::make_unique<L>(std::move(loss))});
  }
  /// Copies the terms, with their parameters.
  LossSum(const LossSum& other) : value_(other.value_), scratch_(other.scratch_) {
    for (const Term& term : other.terms_) terms_.push_back({term.weight, term.loss->clone()});
  }
  LossSum(LossSum&&) noexcept = default;
  /// Takes over the terms of `other`.
  LossSum& operator=(LossSum other) noexcept {
    terms_ = std::move(other.terms_);
    value_ = std::move(other.value_);
    scratch_ = std::move(other.scratch_);
    return *this;
  }
  ~LossSum() = default;

  /// Concatenates the terms of `a` and `b`.
  friend LossSum operator+(LossSum a, LossSum b) {
    for (Term& term : b.terms_) a.terms_.push_back(std::move(term));
    for (LossPart<M>& part : b.value_.parts) a.value_.parts.push_back(std::move(part));
    return a;
  }
  /// Multiplies every term's weight. Throws OptionError for NaN and infinity.
  friend LossSum operator*(double weight, LossSum sum) {
    if (!std::isfinite(weight)) fail<OptionError>("LossSum", concat("weight ", weight), "a finite number is needed");
    for (Term& term : sum.terms_) term.weight *= weight;
    return sum;
  }
  /// As above.
  friend LossSum operator*(LossSum sum, double weight) { return weight * std::move(sum); }

  /// Value of the sum for a batch; sets `gradients` to scale * d total / d logits, with the heads and shapes of
  /// `logits`. Adds to the gradients of the losses' parameters with the same scale. The result lives in this object
  /// until the next call.
  /// @param scale fraction of the step's samples in this batch, if a step accumulates several batches
  const LossValue<M>& evaluate(const Logits<M>& logits, const Targets& targets, Logits<M>& gradients,
                               double scale = 1) {
    return run(logits, targets, gradients, scale);
  }
  /// Value of the sum for a batch; changes no gradients. The result lives in this object until the next call.
  const LossValue<M>& value(const Logits<M>& logits, const Targets& targets) {
    return run(logits, targets, scratch_, 0.0);  // weight 0 adds nothing to the gradients of parameters
  }

  /// Number of terms.
  std::size_t size() const { return terms_.size(); }
  /// Name of term i in 0..size() - 1; not checked.
  std::string name(std::size_t i) const { return terms_[i].loss->name(); }
  /// Weight of term i in 0..size() - 1; not checked.
  double weight(std::size_t i) const { return terms_[i].weight; }

  /// Appends the parameters of every term to `list`, named `path + ".<term>..."`.
  void attach(const std::string& path, ParamList<M>& list) {
    for (std::size_t i = 0; i < terms_.size(); ++i) terms_[i].loss->attach(concat(path, '.', i), list);
  }

 private:
  struct Term {
    double weight;
    std::unique_ptr<Loss<M>> loss;
  };

  const LossValue<M>& run(const Logits<M>& logits, const Targets& targets, Logits<M>& gradients, double scale) {
    gradients.zeros_like(logits);
    double total = 0;
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      const M weight = static_cast<M>(scale * terms_[i].weight);
      const M value = terms_[i].loss->evaluate(logits, targets, gradients, weight);
      value_.parts[i].value = value;
      total += terms_[i].weight * double{value};
    }
    value_.total = static_cast<M>(total);
    return value_;
  }

  std::vector<Term> terms_;
  LossValue<M> value_;
  Logits<M> scratch_;
};

/// Makes a sum of one term with this weight from any loss: `0.5 * MyLoss<float>{}`. Throws OptionError as above.
template <class L>
requires std::derived_from<L, Loss<typename L::Scalar>> LossSum<typename L::Scalar>
operator*(double weight, L loss) { return weight * LossSum<typename L::Scalar>(std::move(loss)); }

}  // namespace hcnn::losses
