// Decision rules, which change a network's scores before the argmax: base class, and chains of rules.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/logits.hpp"

namespace hcnn::metrics {

/// Base of decision rules: replaces a network's scores by those used to decide: `train::evaluate(..., {.rule =
/// &rule})`. A rule may add heads. Not a template, so that programs without rules do not compile any of it. To write
/// one: derive from `DecisionRuleOf`.
class DecisionRule {
 public:
  virtual ~DecisionRule() = default;
  /// Name in tables of results, e.g. "temperature(fine 1.5)".
  virtual std::string name() const = 0;
  /// True if the softmax of the new scores is a probability, as losses and calibration need.
  virtual bool gives_probabilities() const { return true; }
  /// Changes the scores of a batch. Several threads may call it at once. Throws DataError for a missing head,
  /// ShapeError if its number of classes differs from the rule's.
  virtual void apply(Logits<float>& logits) const = 0;
  /// As above, for networks in double.
  virtual void apply(Logits<double>& logits) const = 0;
};

/// CRTP base of rules: implement `name` and `template <class M> void change(Logits<M>&) const`.
template <class Rule>
class DecisionRuleOf : public DecisionRule {
 public:
  /// Calls `change`.
  void apply(Logits<float>& logits) const final { static_cast<const Rule&>(*this).change(logits); }
  /// Calls `change`.
  void apply(Logits<double>& logits) const final { static_cast<const Rule&>(*this).change(logits); }
};

/// Several rules applied in sequence, each to the scores left by the previous one.
class DecisionRules final : public DecisionRuleOf<DecisionRules> {
 public:
  /// Appends a rule. Throws OptionError for a null pointer.
  void add(std::shared_ptr<const DecisionRule> rule) {
    if (!rule) fail<OptionError>("DecisionRules", "a null pointer", "a rule is needed");
    rules_.push_back(std::move(rule));
  }
  /// True without rules, when nothing changes.
  bool empty() const { return rules_.empty(); }

  /// Names of all rules, in order.
  std::string name() const override {
    std::string names;
    for (const auto& rule : rules_) names += (names.empty() ? "" : ", then ") + rule->name();
    return names;
  }
  /// True only if all rules give probabilities: a later rule may leave an earlier one's scores unchanged.
  bool gives_probabilities() const override {
    return std::all_of(rules_.begin(), rules_.end(), [](const auto& rule) { return rule->gives_probabilities(); });
  }
  /// Applies the rules in order.
  template <class M>
  void change(Logits<M>& logits) const {
    for (const auto& rule : rules_) rule->apply(logits);
  }

 private:
  std::vector<std::shared_ptr<const DecisionRule>> rules_;
};

/// Throws ShapeError, beginning with `rule`, unless the head has this number of classes.
template <class M>
void require_classes(const std::string& rule, const Logits<M>& logits, const std::string& head, Index classes) {
  if (const Index there = logits[head].shape().size(); there != classes)
    fail<ShapeError>(rule, concat("head '", head, "' has ", there, " classes"), concat(classes, " are needed"));
}

}  // namespace hcnn::metrics
