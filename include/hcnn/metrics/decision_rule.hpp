// What becomes of a network's scores before the class of the greatest one is taken: the contract, and rules in a row.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/logits.hpp"

namespace hcnn::metrics {

/// Turns the scores of a network into others, by which it then decides: `train::evaluate(..., {.rule = &rule})`. It may
/// add heads. Not a template, so that programs without rules compile none of it. To write one: derive from
/// `DecisionRuleOf`.
class DecisionRule {
 public:
  virtual ~DecisionRule() = default;
  /// What a table of results calls it: "temperature(fine 1.5)".
  virtual std::string name() const = 0;
  /// True where the softmax of what it leaves is a probability, as losses and calibration need it.
  virtual bool gives_probabilities() const { return true; }
  /// Changes the scores of a batch. Several threads may call it at once. Throws DataError for a head that is missing,
  /// ShapeError where its classes are not those of the rule.
  virtual void apply(Logits<float>& logits) const = 0;
  /// The same for networks in double.
  virtual void apply(Logits<double>& logits) const = 0;
};

/// Base of rules: implement `name` and `template <class M> void change(Logits<M>&) const`.
template <class Rule>
class DecisionRuleOf : public DecisionRule {
 public:
  /// Calls `change`.
  void apply(Logits<float>& logits) const final { static_cast<const Rule&>(*this).change(logits); }
  /// Calls `change`.
  void apply(Logits<double>& logits) const final { static_cast<const Rule&>(*this).change(logits); }
};

/// Rules in a row: the second sees what the first has left.
class DecisionRules final : public DecisionRuleOf<DecisionRules> {
 public:
  /// Appends a rule.
  void add(std::shared_ptr<const DecisionRule> rule) { rules_.push_back(std::move(rule)); }
  /// True without rules: nothing changes.
  bool empty() const { return rules_.empty(); }

  /// The names of all, in their order.
  std::string name() const override {
    std::string names;
    for (const auto& rule : rules_) names += (names.empty() ? "" : ", then ") + rule->name();
    return names;
  }
  /// True where every rule says so: what one has made of a head, the next may leave as it is.
  bool gives_probabilities() const override {
    return std::all_of(rules_.begin(), rules_.end(), [](const auto& rule) { return rule->gives_probabilities(); });
  }
  /// Applies them one after another.
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
