// The result of a gradient check.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"

/// Gradient checks for layers and losses.
namespace hcnn::testing {

/// Options of the gradient checks. A derivative g is correct if |analytic - numeric| <= absolute + relative |g|.
struct GradientCheckOptions {
  Index count = 2;            ///< samples in the batch; not used by `check_loss`, which gets a batch
  std::uint64_t seed = 1;     ///< seed of inputs, parameters and the projection of the output
  double step = 1e-6;         ///< step of the central difference
  double absolute = 1e-5;     ///< absolute tolerance; the same as in PyTorch's gradcheck
  double relative = 1e-3;     ///< additional tolerance as a fraction of the derivative
  double max_skipped = 0.01;  ///< largest fraction of coordinates that may lie on a kink, 0..1
};

/// Findings of a gradient check; converts to true if it passed.
class GradientReport {
 public:
  /// @param subject what is checked; starts `text`
  explicit GradientReport(std::string subject, GradientCheckOptions options)
      : subject_(std::move(subject)), options_(options) {}

  /// Records one coordinate: its derivative from the code under test, and the one-sided differences above and below. If
  /// these two disagree, the function has a kink there and the coordinate is skipped.
  void note(const std::string& coordinate, double analytic, double above, double below) {
    const double numeric = (above + below) / 2;
    const double tolerance = options_.absolute + options_.relative * std::abs(numeric);
    if (std::abs(above - below) > tolerance / 2) {  // a smooth function bends by about step * |f''| = 1e-6
      ++skipped_;
      return;
    }
    ++checked_;
    const double error = std::abs(analytic - numeric) / tolerance;
    if (error <= max_error_ || std::isinf(max_error_)) return;  // NaN gets past this and counts as infinite
    max_error_ = std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
    worst_ = concat(coordinate, " is ", analytic, ", by differences ", numeric);
  }

  /// Records an error other than a wrong derivative; keeps the first one.
  void reject(const std::string& reason) {
    if (reason_.empty()) reason_ = reason;
  }

  Index checked() const { return checked_; }       ///< number of coordinates compared
  Index skipped() const { return skipped_; }       ///< number of coordinates on a kink
  double max_error() const { return max_error_; }  ///< largest error as a multiple of the tolerance

  /// Why the check failed; empty if it passed.
  std::string failure() const {
    if (!reason_.empty()) return reason_;
    if (max_error_ > 1) return worst_;
    if (checked_ == 0) return "nothing was checked";
    if (static_cast<double>(skipped_) > options_.max_skipped * static_cast<double>(checked_ + skipped_))
      return "too many coordinates lie on a kink";
    return {};
  }
  /// True if the check passed.
  explicit operator bool() const { return failure().empty(); }

  /// "Conv2d: passed, 120 checked, 0 skipped, max error 0.01 of the tolerance".
  std::string text() const {
    const std::string why = failure();
    return concat(subject_, ": ", why.empty() ? "passed" : "FAILED: " + why, ", ", checked_, " checked, ", skipped_,
                  " skipped, max error ", max_error_, " of the tolerance");
  }

 private:
  std::string subject_;
  GradientCheckOptions options_;
  Index checked_ = 0;
  Index skipped_ = 0;
  double max_error_ = 0;
  std::string worst_;
  std::string reason_;
};

/// `report.text()`, under the name that test frameworks look for.
inline std::string to_string(const GradientReport& report) { return report.text(); }
/// Writes `report.text()`.
inline std::ostream& operator<<(std::ostream& out, const GradientReport& report) { return out << report.text(); }

}  // namespace hcnn::testing
