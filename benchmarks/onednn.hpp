// oneDNN's convolutions and matrix products as peers: one layer, one pass, in the layouts that oneDNN prefers. Without
// oneDNN (HCNN_WITH_ONEDNN undefined) nothing here is available.
#pragma once

#include <hcnn/hcnn.hpp>

#include "benchmarks/pass.hpp"

#ifdef HCNN_WITH_ONEDNN
#include <cstring>
#include <dnnl.hpp>
#include <unordered_map>
#endif

namespace benchmarks {

using namespace hcnn;

#ifdef HCNN_WITH_ONEDNN

/// Activations and their gradients are NHWC, as hcnn's; weights are in the layout that oneDNN chooses, reordered
/// outside the timed loop, and weight gradients are float.
class OnednnConvolution {
 public:
  static constexpr bool kAvailable = true;

  /// oneDNN 2.6.3 refuses some cases in bf16 on machines without its instructions.
  static bool supports(const kernels::ConvGeometry& g, bool bf16, PassKind pass) {
    try {
      OnednnConvolution(g, 1, bf16, pass);
      return true;
    } catch (const dnnl::error&) {
      return false;
    }
  }

  OnednnConvolution(const kernels::ConvGeometry& g, Index batch, bool bf16, PassKind pass)
      : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    using dnnl::memory;
    using tag = memory::format_tag;
    const auto type = bf16 ? memory::data_type::bf16 : memory::data_type::f32;
    const Shape out = g.output();
    const memory::desc x({batch, g.input.channels, g.input.height, g.input.width}, type, tag::nhwc);
    const memory::desc y({batch, out.channels, out.height, out.width}, type, tag::nhwc);
    const memory::dims w{g.out_channels, g.input.channels, g.kernel.height, g.kernel.width};
    const memory::desc weights(w, type, tag::any), gradient(w, memory::data_type::f32, tag::any);
    const memory::dims strides{g.stride.height, g.stride.width}, padding{g.padding.height, g.padding.width};
    const auto algorithm = dnnl::algorithm::convolution_direct;
    const dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, algorithm, x, weights, y, strides, padding, padding}, engine_);
    x_ = zeros(x);
    y_ = zeros(y);
    if (pass == PassKind::forward) {
      w_ = zeros(forward.weights_desc());
      primitive_ = dnnl::convolution_forward(forward);
      arguments_ = {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, w_}, {DNNL_ARG_DST, y_}};
    } else if (pass == PassKind::data_gradient) {
      const dnnl::convolution_backward_data::primitive_desc backward(
          {algorithm, x, weights, y, strides, padding, padding}, engine_, forward);
      w_ = zeros(backward.weights_desc());
      primitive_ = dnnl::convolution_backward_data(backward);
      arguments_ = {{DNNL_ARG_DIFF_DST, y_}, {DNNL_ARG_WEIGHTS, w_}, {DNNL_ARG_DIFF_SRC, x_}};
    } else {
      const dnnl::convolution_backward_weights::primitive_desc backward(
          {algorithm, x, gradient, y, strides, padding, padding}, engine_, forward);
      w_ = zeros(backward.diff_weights_desc());
      primitive_ = dnnl::convolution_backward_weights(backward);
      arguments_ = {{DNNL_ARG_SRC, x_}, {DNNL_ARG_DIFF_DST, y_}, {DNNL_ARG_DIFF_WEIGHTS, w_}};
    }
  }

  void run() {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  dnnl::memory zeros(const dnnl::memory::desc& desc) {
    dnnl::memory memory(desc, engine_);
    std::memset(memory.get_data_handle(), 0, desc.get_size());
    return memory;
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::memory x_, y_, w_;
  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

/// The products of a linear layer; the operand that holds weights is in the layout that oneDNN chooses. Results are
/// float, as hcnn's.
class OnednnProduct {
 public:
  static constexpr bool kAvailable = true;

  /// False where oneDNN refuses bfloat16 on this machine.
  static bool supports(bool bf16) {
    try {
      OnednnProduct(1, 16, 16, bf16, PassKind::forward);
      return true;
    } catch (const dnnl::error&) {
      return false;
    }
  }

  OnednnProduct(Index samples, Index inputs, Index outputs, bool bf16, PassKind pass)
      : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    using dnnl::memory;
    using tag = memory::format_tag;
    const auto type = bf16 ? memory::data_type::bf16 : memory::data_type::f32;
    const auto matrix = [&](Index rows, Index columns, tag layout) {
      return memory::desc({rows, columns}, type, layout);
    };
    const auto result = [](Index rows, Index columns) {
      return memory::desc({rows, columns}, memory::data_type::f32, tag::ab);
    };
    memory::desc a, b, c;
    if (pass == PassKind::forward) {
      a = matrix(samples, inputs, tag::ab), b = matrix(inputs, outputs, tag::any), c = result(samples, outputs);
    } else if (pass == PassKind::data_gradient) {
      a = matrix(samples, outputs, tag::ab), b = matrix(outputs, inputs, tag::any), c = result(samples, inputs);
    } else {  // dy transposed
      a = matrix(outputs, samples, tag::ba), b = matrix(samples, inputs, tag::ab), c = result(outputs, inputs);
    }
    const dnnl::matmul::primitive_desc description({a, b, c}, engine_);
    for (const auto& [argument, desc] : {std::pair{DNNL_ARG_SRC, description.src_desc()},
                                         {DNNL_ARG_WEIGHTS, description.weights_desc()},
                                         {DNNL_ARG_DST, description.dst_desc()}}) {
      dnnl::memory memory(desc, engine_);
      std::memset(memory.get_data_handle(), 0, desc.get_size());
      arguments_.emplace(argument, memory);
    }
    primitive_ = dnnl::matmul(description);
  }

  void run() {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

#else

class OnednnProduct {
 public:
  static constexpr bool kAvailable = false;
  static bool supports(bool) { return false; }
  OnednnProduct(Index, Index, Index, bool, PassKind) {}
  void run() {}
};

class OnednnConvolution {
 public:
  static constexpr bool kAvailable = false;
  static bool supports(const kernels::ConvGeometry&, bool, PassKind) { return false; }
  OnednnConvolution(const kernels::ConvGeometry&, Index, bool, PassKind) {}
  void run() {}
};

#endif

}  // namespace benchmarks
