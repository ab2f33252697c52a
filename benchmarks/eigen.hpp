// Eigen's product as a peer, on its own threads: the three passes of a linear layer in fp32. Without Eigen
// (HCNN_WITH_EIGEN undefined) it is not available.
#pragma once

#include <hcnn/hcnn.hpp>

#include "benchmarks/pass.hpp"

#ifdef HCNN_WITH_EIGEN
#include <Eigen/Core>
#endif

namespace benchmarks {

using namespace hcnn;

#ifdef HCNN_WITH_EIGEN

/// y = x w^T, dx = dy w or dw += dy^T x.
class EigenProduct {
 public:
  static constexpr bool kAvailable = true;

  EigenProduct(Index samples, Index inputs, Index outputs, PassKind pass)
      : pass_(pass),
        x_(Matrix::Zero(samples, inputs)),
        y_(Matrix::Zero(samples, outputs)),
        w_(Matrix::Zero(outputs, inputs)) {}

  void run() {
    if (pass_ == PassKind::forward) y_.noalias() = x_ * w_.transpose();
    if (pass_ == PassKind::data_gradient) x_.noalias() = y_ * w_;
    if (pass_ == PassKind::weight_gradient) w_.noalias() += y_.transpose() * x_;
  }

 private:
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  PassKind pass_;
  Matrix x_, y_, w_;
};

#else

class EigenProduct {
 public:
  static constexpr bool kAvailable = false;
  EigenProduct(Index, Index, Index, PassKind) {}
  void run() {}
};

#endif

}  // namespace benchmarks
