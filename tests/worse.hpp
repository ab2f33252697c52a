// The larger of two errors, where one may be NaN.
#pragma once

#include <cmath>

namespace hcnn::testing {

/// The larger error; NaN if either is NaN, which std::max may drop and no bound accepts.
inline double worse(double a, double b) { return std::isnan(a) || a >= b ? a : b; }

}  // namespace hcnn::testing
