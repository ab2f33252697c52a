// Schedules made of schedules: a warm-up before another schedule, and several in sequence.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/optim/schedule.hpp"

namespace hcnn::schedules {

/// Options of `warm_up`.
struct WarmUpOptions {
  std::uint64_t steps = 500;   ///< length of the warm-up in steps; 0: none
  double start_factor = 0.01;  ///< factor on the schedule's rate at the first step; finite and >= 0
};

/// Policy of `warm_up`.
class WarmUpPolicy final : public Policy {
 public:
  /// Throws OptionError for a start_factor outside its range.
  WarmUpPolicy(Schedule schedule, const WarmUpOptions& options) : schedule_(std::move(schedule)), options_(options) {
    require_nonnegative("schedules::warm_up", "start_factor", options.start_factor);
  }

  std::string name() const override { return "warm_up, " + schedule_.name(); }
  double rate(const StepInfo& at) const override {
    const double rate = schedule_.rate(at);
    if (at.step >= options_.steps) return rate;
    const double progress = static_cast<double>(at.step) / static_cast<double>(options_.steps);
    return rate * (options_.start_factor + (1 - options_.start_factor) * progress);
  }
  void on_epoch(double metric, std::optional<bool> higher_is_better) override {
    schedule_.on_epoch(metric, higher_is_better);
  }
  std::vector<double> state() const override { return schedule_.state(); }
  void restore(std::span<const double> state) override { schedule_.restore(state); }

 private:
  Schedule schedule_;
  WarmUpOptions options_;
};

/// Multiplies the schedule's rate by a factor that grows linearly from start_factor to 1 over the first steps. The
/// schedule is not delayed: its milestones stay the same. Throws OptionError for an option outside its range. Source:
/// Goyal et al. 2017, arXiv:1706.02677, section 2.2.
inline Schedule warm_up(Schedule schedule, const WarmUpOptions& options = {}) {
  return WarmUpPolicy(std::move(schedule), options);
}

/// One piece of `sequential`.
struct Piece {
  Schedule schedule;         ///< schedule; its steps and epochs count from the start of the piece
  std::uint64_t epochs = 0;  ///< length, at least 1; ignored for the last piece, which lasts to the end
};

/// Policy of `sequential`.
class SequentialPolicy final : public Policy {
 public:
  /// Throws OptionError if there are no pieces, or one other than the last has no epochs.
  explicit SequentialPolicy(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {
    require_option(!pieces_.empty(), "schedules::sequential", "pieces", pieces_.size(), "at least 1 is needed");
    for (std::size_t i = 0; i + 1 < pieces_.size(); ++i)
      require_option(pieces_[i].epochs > 0, "schedules::sequential", "epochs", pieces_[i].epochs, "must be at least 1");
  }

  std::string name() const override {
    std::string names;
    for (const Piece& piece : pieces_) names += (names.empty() ? "" : ", then ") + piece.schedule.name();
    return names;
  }
  double rate(const StepInfo& at) const override {
    const auto [index, first_epoch] = find(at.epoch());
    const std::uint64_t first_step = first_epoch * at.steps_per_epoch;
    StepInfo inside = at;
    inside.step = at.step - first_step;
    inside.total_steps = index + 1 < pieces_.size() ? pieces_[index].epochs * at.steps_per_epoch
                                                    : std::max(at.total_steps, first_step + 1) - first_step;
    return pieces_[index].schedule.rate(inside);
  }
  void on_epoch(double metric, std::optional<bool> higher_is_better) override {
    pieces_[find(epochs_done_++).index].schedule.on_epoch(metric, higher_is_better);
  }

  std::vector<double> state() const override {
    std::vector<double> all{static_cast<double>(epochs_done_)};
    for (const Piece& piece : pieces_)
      for (double value : piece.schedule.state()) all.push_back(value);
    return all;
  }
  void restore(std::span<const double> state) override {
    epochs_done_ = count_from(state[0]);
    std::size_t next = 1;
    for (Piece& piece : pieces_) {
      const std::size_t size = piece.schedule.state().size();
      piece.schedule.restore(state.subspan(next, size));
      next += size;
    }
  }

 private:
  struct Place {
    std::size_t index;          // index of the piece
    std::uint64_t first_epoch;  // first epoch of that piece
  };
  Place find(std::uint64_t epoch) const {
    Place place{0, 0};
    while (place.index + 1 < pieces_.size() && epoch >= place.first_epoch + pieces_[place.index].epochs)
      place.first_epoch += pieces_[place.index++].epochs;
    return place;
  }

  std::vector<Piece> pieces_;
  std::uint64_t epochs_done_ = 0;
};

/// Runs schedules in sequence, each counting steps and epochs from its own start and starting from the base rate:
/// `sequential({{constant(), 30}, {cosine()}})`. Each piece receives only the metrics of its own epochs. Throws
/// OptionError as SequentialPolicy does.
inline Schedule sequential(std::vector<Piece> pieces) { return SequentialPolicy(std::move(pieces)); }

}  // namespace hcnn::schedules
