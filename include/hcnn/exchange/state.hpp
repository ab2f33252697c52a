// Parameters and buffers of a network to and from the named arrays of a file, in PyTorch's order.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/param.hpp"
#include "hcnn/io/safetensors.hpp"
#include "hcnn/io/safetensors_writer.hpp"

namespace hcnn::exchange {

/// Arrays of a network and their bytes. Movable; must live until the file is written.
struct StateArrays {
  std::vector<io::TensorToWrite> tensors;     ///< views of `bytes`
  std::vector<std::vector<std::byte>> bytes;  ///< bytes of each array
};

/// Rounds the matrices to the nearest bfloat16, the type in which a file with bfloat16 weights holds them; biases and
/// normalisation keep all their digits.
template <class M>
void round_weights(const ParamList<M>& params) {
  for (Param<M>* param : params) {
    if (!param->is_matrix()) continue;
    for (M& value : std::span(param->value(), static_cast<std::size_t>(param->size())))
      value = static_cast<M>(static_cast<float>(bfloat16(value)));
    param->touch();
  }
}

/// Copies parameters into arrays: F32 or F64, counters as I64, weights with two or more axes as BF16 if requested;
/// convolution weights become (O, C, KH, KW).
template <class M>
StateArrays state_arrays(const ParamList<M>& params, bool bfloat16_weights = false) {
  StateArrays state;
  for (const Param<M>* param : params) {
    const bool narrow = bfloat16_weights && param->is_matrix();
    const char* dtype = param->integer ? "I64" : narrow ? "BF16" : std::is_same_v<M, double> ? "F64" : "F32";
    std::vector<std::byte> bytes;
    bytes.reserve(static_cast<std::size_t>(param->size()) * io::dtype_bytes(dtype));
    const auto append = [&](const auto number) {
      const auto as_bytes = std::bit_cast<std::array<std::byte, sizeof number>>(number);
      bytes.insert(bytes.end(), as_bytes.begin(), as_bytes.end());
    };
    for (Index i = 0; i < param->size(); ++i) {
      const M value = param->value()[param->memory_index(i)];
      if (param->integer)
        append(static_cast<std::int64_t>(value));
      else if (narrow)
        append(bfloat16(value));
      else
        append(value);
    }
    state.tensors.push_back({param->name, dtype, param->dims, bytes});
    state.bytes.push_back(std::move(bytes));  // moving a vector keeps its memory, so the view above stays valid
  }
  return state;
}

/// "[64, 3, 3, 3]".
inline std::string to_string(const std::vector<Index>& dims) { return '[' + joined(dims) + ']'; }

/// The file's array for each parameter. Throws FormatError, starting with `where`, unless the file has exactly one
/// array for each, with the same extents, floating-point numbers for parameters and I64 for counters.
template <class M>
std::vector<const io::TensorEntry*> match_state(const io::SafetensorsFile& file, const ParamList<M>& params,
                                                const std::string& where) {
  std::map<std::string_view, const io::TensorEntry*> unused;
  for (const io::TensorEntry& tensor : file.tensors) unused.emplace(tensor.name, &tensor);
  std::vector<const io::TensorEntry*> matched;
  for (const Param<M>* param : params) {
    const std::string name = "tensor '" + printable(param->name) + "'";  // names of heads may come from the file
    const auto found = unused.find(param->name);
    if (found == unused.end()) fail<FormatError>(where, "no " + name, "the network has one");
    const io::TensorEntry& tensor = *found->second;
    if (tensor.dims != param->dims)
      fail<FormatError>(where, name + " of extents " + to_string(tensor.dims),
                        "the network needs " + to_string(param->dims));
    if (param->integer ? tensor.dtype != "I64" : tensor.dtype == "I64" || tensor.dtype == "U8")
      fail<FormatError>(where, name + " of type " + tensor.dtype,
                        param->integer ? "I64 is needed" : "F32, F64 or BF16 is needed");
    matched.push_back(&tensor);
    unused.erase(found);
  }
  if (!unused.empty())
    fail<FormatError>(where, "tensor '" + printable(unused.begin()->first) + "'", "the network has none of that name");
  return matched;
}

/// Copies the arrays found by `match_state` into the parameters. Returns true if a value is NaN or infinite.
template <class M>
bool assign_state(const std::vector<const io::TensorEntry*>& tensors, const ParamList<M>& params) {
  bool non_finite = false;
  std::vector<M> values;
  for (std::size_t p = 0; p < params.size(); ++p) {
    Param<M>& param = *params[p];
    values.resize(static_cast<std::size_t>(param.size()));
    io::copy_values<M>(*tensors[p], values);
    for (Index i = 0; i < param.size(); ++i) {
      const M value = values[static_cast<std::size_t>(i)];
      param.value()[param.memory_index(i)] = value;
      non_finite = non_finite || !std::isfinite(value);
    }
    param.touch();
  }
  return non_finite;
}

}  // namespace hcnn::exchange
