// The passes of a layer, which the benchmarks of single layers time one by one.
#pragma once

namespace benchmarks {

/// The three passes of a layer.
enum class PassKind { forward, data_gradient, weight_gradient };
/// All of them.
inline constexpr PassKind kPasses[] = {PassKind::forward, PassKind::data_gradient, PassKind::weight_gradient};

/// "forward", "data_gradient" or "weight_gradient".
inline const char* to_string(PassKind pass) {
  static constexpr const char* names[] = {"forward", "data_gradient", "weight_gradient"};
  return names[static_cast<int>(pass)];
}

}  // namespace benchmarks
