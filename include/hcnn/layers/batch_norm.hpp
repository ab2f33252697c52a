// Batch normalisation over the channels of images.
#pragma once

#include <cmath>

#include "hcnn/kernels/normalization.hpp"
#include "hcnn/layers/layer.hpp"

namespace hcnn {

/// Options of BatchNorm2d.
struct BatchNorm2dOptions {
  double momentum = 0.1;  ///< weight of the newest batch in the running statistics, in [0, 1]
  double epsilon = 1e-5;  ///< added to the variance, above 0
};

/// y = weight * (x - mean) / sqrt(variance + epsilon) + bias, per channel.
/// Training normalises with the batch's mean and biased variance, and updates the running statistics:
///   running = (1 - momentum) * running + momentum * batch   (with the unbiased variance, as in PyTorch)
/// Evaluation uses the running statistics. Shapes: (N, H, W, C) -> (N, H, W, C). A training batch needs N*H*W > 1, else
/// ShapeError.
/// Parameters: weight [C] (initially 1), bias [C] (0). Buffers: running_mean (0), running_var (1), num_batches_tracked
/// (for PyTorch compatibility, otherwise unused; a float counts to 2^24).
/// Source: Ioffe, Szegedy 2015, arXiv:1502.03167, Algorithm 1.
template <class T = float>
class BatchNorm2d : public Layer<T> {
 public:
  /// Type of parameters.
  using M = Master<T>;

  /// Options are checked when the network is built, which throws OptionError.
  explicit BatchNorm2d(BatchNorm2dOptions options = {}) : options_(options) {}

  std::string type() const override { return "BatchNorm2d"; }
  /// The options that are not the default, e.g. "momentum 0.3, epsilon 0.001".
  std::string options() const override {
    const BatchNorm2dOptions usual;
    std::string text;
    if (options_.momentum != usual.momentum) text = concat("momentum ", options_.momentum);
    if (options_.epsilon != usual.epsilon) text += concat(text.empty() ? "" : ", ", "epsilon ", options_.epsilon);
    return text;
  }

  /// Weight of the newest batch in the running statistics.
  double momentum() const { return options_.momentum; }
  /// Throws OptionError for a momentum outside [0, 1].
  void set_momentum(double momentum) {
    require_option(momentum >= 0 && momentum <= 1, type(), "momentum", momentum, "must be in [0, 1]");
    options_.momentum = momentum;
  }

  /// Value added to the variance.
  double epsilon() const { return options_.epsilon; }

  Shape build(const Shape& input) override {
    if (!(options_.momentum >= 0 && options_.momentum <= 1) || !(options_.epsilon > 0))
      fail<OptionError>(type(), concat("momentum ", options_.momentum, ", epsilon ", options_.epsilon),
                        "momentum in [0, 1] and epsilon > 0");
    channels_ = input.channels;
    weight_ = Param<M>(Role::norm_scale, {channels_}, M{1});
    bias_ = Param<M>(Role::norm_shift, {channels_});
    running_mean_ = Param<M>(Role::buffer, {channels_});
    running_var_ = Param<M>(Role::buffer, {channels_}, M{1});
    batches_ = Param<M>(Role::buffer, {});
    batches_.integer = true;
    return input;
  }

  void attach(const std::string& path, ParamList<M>& list) override {
    const auto add = [&](Param<M>& param, const char* name) {
      param.name = path + name;
      list.push_back(&param);
    };
    add(weight_, ".weight");
    add(bias_, ".bias");
    add(running_mean_, ".running_mean");
    add(running_var_, ".running_var");
    add(batches_, ".num_batches_tracked");
  }

  void forward(TensorView<const T> x, TensorView<T> y, const Pass& pass, Workspace& workspace) override {
    begin(x.count, pass, workspace);
    if (training_) {
      parallel_for(x.count, [&](Index n) { measure(x.sample(n), x.shape.pixels(), n); });
      update_statistics(x.count, x.shape.pixels());
    }
    const kernels::NormalizeMap<M> map = this->map();
    parallel_for(x.count, [&](Index n) {
      kernels::run_vectorized<kernels::NormalizeImage>(map, x.sample(n), x.shape.pixels(), channels_, y.sample(n));
    });
  }

  void backward(TensorView<const T> x, TensorView<const T>, TensorView<T> dy, TensorView<T> dx,
                Workspace& workspace) override {
    const WorkspaceScope scope(workspace);
    const kernels::NormalizeMap<M> map = this->map();
    const Index pixels = x.shape.pixels();
    BackwardSums sums = begin_backward(x.count, workspace);
    parallel_for(x.count, [&](Index n) {
      kernels::run_vectorized<kernels::GradientSums>(map, mean_, x.sample(n), dy.sample(n), pixels, channels_,
                                                     sums.of_g(n), sums.of_gx(n));
    });
    const kernels::GradientMap<M> gradient = finish_sums(sums, x.count, pixels, workspace);
    if (dx.empty()) return;
    parallel_for(x.count, [&](Index n) {
      kernels::run_vectorized<kernels::GradientImage>(map, gradient, x.sample(n), dy.sample(n), pixels, channels_,
                                                      dx.sample(n));
    });
  }

  void infer(TensorView<const T> x, TensorView<T> y, Workspace& workspace) const override {
    const WorkspaceScope scope(workspace);
    M* scale = workspace.take<M>(channels_);
    M* shift = workspace.take<M>(channels_);
    running_map(scale, shift);
    const kernels::NormalizeMap<M> map{scale, shift};
    parallel_for(x.count, [&](Index n) {
      kernels::run_vectorized<kernels::NormalizeImage>(map, x.sample(n), x.shape.pixels(), channels_, y.sample(n));
    });
  }

  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<BatchNorm2d>(*this); }

  // The stages of a pass, for layers/fusion.hpp, which runs them inside the convolution's loops.

  /// Starts a pass: takes its memory from the workspace, to be kept until backward is done.
  void begin(Index count, const Pass& pass, Workspace& workspace) {
    training_ = pass.training();
    mean_ = workspace.take<M>(channels_);
    inverse_deviation_ = workspace.take<M>(channels_);
    scale_ = workspace.take<M>(channels_);
    shift_ = workspace.take<M>(channels_);
    if (!training_) {
      std::copy_n(running_mean_.value(), channels_, mean_);
      set_inverse_deviation(running_var_.value());
      running_map(scale_, shift_);
      return;
    }
    means_ = workspace.take<M>(count * channels_);
    deviations_ = workspace.take<M>(count * channels_);
  }
  /// Whether the current pass is a training pass.
  bool training() const { return training_; }
  /// Computes mean and sum of squared deviations of image n of the batch.
  void measure(const T* image, Index pixels, Index n) {
    kernels::run_vectorized<kernels::ImageMoments>(image, pixels, channels_, means_ + n * channels_,
                                                   deviations_ + n * channels_);
  }
  /// Combines the images' moments into batch statistics and updates the running statistics.
  void update_statistics(Index count, Index pixels) {
    if (count * pixels < 2)
      fail<ShapeError>(type(), "one value per channel", "training needs more than one: enlarge the batch");
    M* variance = inverse_deviation_;
    kernels::join_moments(count, pixels, channels_, means_, deviations_, mean_, variance);
    const M momentum = static_cast<M>(options_.momentum);
    const M unbiased = static_cast<M>(static_cast<double>(count * pixels) / static_cast<double>(count * pixels - 1));
    const auto move = [&](M& running, M batch) {  // momentum 1 must discard the old value, even NaN
      running = momentum == M{1} ? batch : running + momentum * (batch - running);
    };
    for (Index c = 0; c < channels_; ++c) {
      move(running_mean_.value()[c], mean_[c]);
      move(running_var_.value()[c], variance[c] * unbiased);
    }
    batches_.value()[0] += M{1};
    running_mean_.touch();
    running_var_.touch();
    batches_.touch();
    set_inverse_deviation(variance);
    for (Index c = 0; c < channels_; ++c) {
      scale_[c] = weight_.value()[c] * inverse_deviation_[c];
      shift_[c] = bias_.value()[c] - mean_[c] * scale_[c];
    }
  }
  /// Per-channel scale and shift of this pass, with the slope of a following activation.
  kernels::NormalizeMap<M> map(M slope = M{1}) const { return {scale_, shift_, slope}; }
  /// Mean of each channel used in this pass.
  const M* mean() const { return mean_; }

  /// For each image, the sums of g and of g * (x - mean).
  struct BackwardSums {
    M* values;       ///< shape (N, 2, C)
    Index channels;  ///< number of channels C
    /// Sums of g for image n.
    M* of_g(Index n) const { return values + 2 * n * channels; }
    /// Sums of g * (x - mean) for image n.
    M* of_gx(Index n) const { return values + (2 * n + 1) * channels; }
  };
  /// Takes memory for the sums of a backward pass, all 0.
  BackwardSums begin_backward(Index count, Workspace& workspace) const {
    M* values = workspace.take<M>(2 * count * channels_);
    std::fill_n(values, 2 * count * channels_, M{0});
    return {values, channels_};
  }
  /// Adds the parameters' gradients and returns dx as a map of g and x:
  ///   dx = s (g - mean(g) - (x - mean) r^2 mean(g (x - mean))),   s = weight * r, r = 1 / sqrt(variance + epsilon)
  kernels::GradientMap<M> finish_sums(const BackwardSums& sums, Index count, Index pixels, Workspace& workspace) {
    M* x_scale = workspace.take<M>(channels_);
    M* offset = workspace.take<M>(channels_);
    const double total = static_cast<double>(count * pixels);
    for (Index c = 0; c < channels_; ++c) {
      double g = 0, gx = 0;
      for (Index n = 0; n < count; ++n) {
        g += static_cast<double>(sums.of_g(n)[c]);
        gx += static_cast<double>(sums.of_gx(n)[c]);
      }
      const double r = static_cast<double>(inverse_deviation_[c]), s = static_cast<double>(scale_[c]);
      bias_.grad()[c] += static_cast<M>(g);
      weight_.grad()[c] += static_cast<M>(gx * r);
      x_scale[c] = training_ ? static_cast<M>(-s * r * r * gx / total) : M{0};
      offset[c] = training_ ? static_cast<M>(-s * g / total) - x_scale[c] * mean_[c] : M{0};
    }
    return {scale_, x_scale, offset};
  }

  /// Computes the scale and shift of evaluation mode from the running statistics.
  void running_map(M* scale, M* shift) const {
    for (Index c = 0; c < channels_; ++c) {
      scale[c] = weight_.value()[c] / std::sqrt(running_var_.value()[c] + static_cast<M>(options_.epsilon));
      shift[c] = bias_.value()[c] - running_mean_.value()[c] * scale[c];
    }
  }
  /// Increases with every change of a value that `running_map` reads.
  std::uint64_t version() const {
    return weight_.version + bias_.version + running_mean_.version + running_var_.version;
  }

 private:
  void set_inverse_deviation(const M* variance) {
    for (Index c = 0; c < channels_; ++c)
      inverse_deviation_[c] = M{1} / std::sqrt(variance[c] + static_cast<M>(options_.epsilon));
  }

  BatchNorm2dOptions options_;
  Index channels_ = 0;
  Param<M> weight_, bias_, running_mean_, running_var_, batches_;
  bool training_ = true;
  // Memory of the current pass, in its workspace:
  M* mean_ = nullptr;
  M* inverse_deviation_ = nullptr;
  M* scale_ = nullptr;
  M* shift_ = nullptr;
  M* means_ = nullptr;       // (N, C): one row per image
  M* deviations_ = nullptr;  // (N, C): one row per image, sums of squared deviations
};

}  // namespace hcnn
