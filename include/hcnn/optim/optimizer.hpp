// Base class of all optimizers: parameters in, one step() out; groups, step count and state as named arrays.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/core/snapshot.hpp"
#include "hcnn/optim/param_group.hpp"

namespace hcnn {

/// Base of all optimizers; keeps pointers to the parameters, which must outlive it. M is a master type: float or
/// double. To write one: derive, pass the names of the per-parameter state arrays to the constructor, and implement
/// `update`, and `begin_step` for what depends on the step count.
template <class M = float>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Class name, e.g. "Adam".
  const std::string& type() const { return type_; }

  /// Updates every parameter that is not frozen, calls its `Param::touch`, and zeroes all gradients in the same pass
  /// over memory, ready for the next backward pass. Increases the step count by one.
  void step() {
    ++step_count_;
    begin_step();
    for (Slot& slot : slots_) {
      const ParamGroup<M>& group = groups_[slot.group];
      if (group.frozen) {
        slot.param->zero_grad();
        continue;
      }
      update_all(slot, learning_rate_ * group.learning_rate_scale, decay_of(slot));
      slot.param->touch();
    }
  }

  /// Sets every gradient to 0, without a step.
  void zero_grad() {
    for (Slot& slot : slots_) slot.param->zero_grad();
  }

  /// Current learning rate; that of a group is this times its scale.
  double learning_rate() const { return learning_rate_; }
  /// Sets the learning rate, e.g. from a schedule. Throws OptionError unless rate >= 0 and finite.
  void set_learning_rate(double rate) {
    require_nonnegative(type_, "learning_rate", rate);
    learning_rate_ = rate;
  }
  /// Learning rate given in the options, on which schedules are based; `set_learning_rate` does not change it.
  double initial_learning_rate() const { return initial_learning_rate_; }

  /// Groups in the order they were added; the first one holds the parameters given to the constructor.
  const std::vector<ParamGroup<M>>& groups() const { return groups_; }
  /// Appends a group with zeroed state. Throws OptionError for a null or repeated parameter or an illegal setting.
  void add_group(const ParamGroup<M>& group) {
    check(group);
    for (Param<M>* param : group.params) add_slot(param);
    groups_.push_back(group);
    list_trainable();
  }
  /// Stops or resumes the updates of a group. All groups share one step count, so moments that begin late lack Adam's
  /// bias correction: for a gentle start, use a scale of 0 from the beginning instead of freezing. Throws OptionError
  /// for a group that does not exist.
  void freeze(std::size_t group, bool frozen = true) {
    group_at(group).frozen = frozen;
    list_trainable();
  }
  /// Scales the learning rate of a group. Throws OptionError unless scale >= 0 and finite, and for a group that does
  /// not exist.
  void set_learning_rate_scale(std::size_t group, double scale) {
    require_nonnegative(type_, "learning_rate_scale", scale);
    group_at(group).learning_rate_scale = scale;
  }
  /// The parameters that step() updates, e.g. for `clip_gradient_norm`.
  const ParamList<M>& trainable() const { return trainable_; }

  /// Steps taken so far.
  std::uint64_t step_count() const { return step_count_; }
  /// Sets the step count of a resumed run; Adam's bias correction depends on it.
  void set_step_count(std::uint64_t steps) { step_count_ = steps; }
  /// All per-parameter arrays. Together with the parameters and the step count they resume a run bit for bit.
  std::vector<NamedState<M>> state() {
    std::vector<NamedState<M>> list;
    for (Slot& slot : slots_)
      for (std::size_t k = 0; k < state_names_.size(); ++k)
        list.push_back({state_names_[k] + '.' + slot.name, slot.state[k].data(), slot.param->size()});
    return list;
  }
  /// Visits everything except the parameters, to resume a run later: step count, arrays, rates and groups. Override it
  /// to add your own state, and call this one too.
  [[gnu::cold]] virtual void visit_state(StateVisitor& visitor) {
    visitor.expect("type", type_);
    visitor.expect("initial_learning_rate", initial_learning_rate_);
    visitor.expect("weight_decay", weight_decay_);
    visitor.expect("options", settings());
    visitor.visit("learning_rate", learning_rate_);
    visitor.visit("step_count", step_count_);
    visitor.expect("groups", groups_.size());
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      visitor.expect(concat("group.", g), group_lines(g));
      visitor.visit(concat("frozen.", g), groups_[g].frozen);
      visitor.visit(concat("learning_rate_scale.", g), groups_[g].learning_rate_scale);
    }
    for (const NamedState<M>& array : state())
      visitor.visit(array.name, std::span<M>(array.data, static_cast<std::size_t>(array.size)));
    if (visitor.is_loading()) list_trainable();
  }

 protected:
  static constexpr std::size_t kMaxStates = 3;  ///< largest number of state arrays per parameter

  /// Contiguous part of one parameter; `state` in the order of the names given to the constructor.
  struct Range {
    M* value;                          ///< values, changed by `update`
    M* grad;                           ///< gradients, may be overwritten
    std::array<M*, kMaxStates> state;  ///< state arrays; null after the last one
    Index size;                        ///< number of values in each of these arrays
    double learning_rate;              ///< learning rate of the group
    double weight_decay;               ///< weight decay of the parameter; 0 if exempt
  };

  /// @param params the first group; if empty, `add_group` makes the first
  /// @param decay_all false: weight decay exempts biases and normalisation, unless a group sets its own
  Optimizer(std::string type, std::vector<std::string> state_names, const ParamList<M>& params, double learning_rate,
            double weight_decay, bool decay_all)
      : type_(std::move(type)),
        state_names_(std::move(state_names)),
        initial_learning_rate_(learning_rate),
        learning_rate_(learning_rate),
        weight_decay_(weight_decay),
        decay_all_(decay_all) {
    require_option(state_names_.size() <= kMaxStates, type_, "state arrays", state_names_.size(), "at most 3 fit");
    require_nonnegative(type_, "learning_rate", learning_rate);
    require_nonnegative(type_, "weight_decay", weight_decay);
    if (!params.empty()) add_group({.params = params});
  }

  /// Options other than those of this constructor, as text: a snapshot of a run with different ones is rejected.
  virtual std::string settings() const { return {}; }
  /// Called once per step, after the step count has increased.
  virtual void begin_step() {}
  /// Updates one parameter, all of which is `whole`, and zeroes its gradient; called by one thread at a time. By
  /// default calls `update` on pieces of it in all threads. Override it if the update needs the whole parameter.
  virtual void update_param(const Param<M>& param, const Range& whole) {
    static_cast<void>(param);
    parallel_elements(whole.size, [&](Index begin, Index end) {
      Range range = whole;
      range.value += begin;
      range.grad += begin;
      for (M*& state : range.state) state = state ? state + begin : nullptr;
      range.size = end - begin;
      update(range);
      std::fill_n(range.grad, range.size, M{0});  // still in cache
    });
  }
  /// Updates `range.value` with the gradient. Called from several threads at once on disjoint ranges. The caller zeroes
  /// the gradient, which may be overwritten.
  virtual void update(const Range& range) const = 0;

 private:
  struct Slot {
    Param<M>* param;
    std::size_t group;
    std::string name;
    std::vector<AlignedBuffer<M>> state;
  };

  ParamGroup<M>& group_at(std::size_t index) {
    require_option(index < groups_.size(), type_, "group", index, "one that was added is needed");
    return groups_[index];
  }

  // What must match in a group for a run to be resumed: each parameter with its weight decay.
  std::vector<std::string> group_lines(std::size_t group) const {
    std::vector<std::string> lines;
    for (const Slot& slot : slots_)
      if (slot.group == group) lines.push_back(concat(slot.name, ", weight decay ", decay_of(slot)));
    return lines;
  }

  void update_all(Slot& slot, double rate, double decay) {
    Range whole{slot.param->value(), slot.param->grad(), {}, slot.param->size(), rate, decay};
    for (std::size_t k = 0; k < slot.state.size(); ++k) whole.state[k] = slot.state[k].data();
    update_param(*slot.param, whole);
  }

  double decay_of(const Slot& slot) const {
    const auto& own = groups_[slot.group].weight_decay;
    if (own) return *own;
    return decay_all_ || slot.param->decays() ? weight_decay_ : 0.0;
  }

  void check(const ParamGroup<M>& group) const {
    const double decay = group.weight_decay.value_or(0), scale = group.learning_rate_scale;
    require_nonnegative(type_ + " group", "weight_decay", decay);
    require_nonnegative(type_ + " group", "learning_rate_scale", scale);
    ParamList<M> all = group.params;
    for (const Slot& slot : slots_) all.push_back(slot.param);
    std::sort(all.begin(), all.end());
    const auto twice = std::adjacent_find(all.begin(), all.end());
    if (!all.empty() && !all.front()) fail<OptionError>(type_ + " group", "a null parameter", "every one must exist");
    if (twice != all.end())
      fail<OptionError>(type_ + " group", "parameter '" + (*twice)->name + "' appears twice", "once is allowed");
  }

  void add_slot(Param<M>* param) {
    if (param->is_buffer()) return;
    // a parameter outside any model has no name: its index makes the names of its state unique
    Slot slot{param, groups_.size(), param->name.empty() ? concat(slots_.size()) : param->name, {}};
    for (std::size_t k = 0; k < state_names_.size(); ++k) {
      slot.state.emplace_back(param->size());
      std::fill_n(slot.state.back().data(), param->size(), M{0});
    }
    slots_.push_back(std::move(slot));
  }

  void list_trainable() {
    trainable_.clear();
    for (const Slot& slot : slots_)
      if (!groups_[slot.group].frozen) trainable_.push_back(slot.param);
  }

  std::vector<ParamGroup<M>> groups_;
  std::vector<Slot> slots_;
  ParamList<M> trainable_;
  std::string type_;
  std::vector<std::string> state_names_;
  double initial_learning_rate_;
  double learning_rate_;
  double weight_decay_;
  bool decay_all_;
  std::uint64_t step_count_ = 0;
};

}  // namespace hcnn
