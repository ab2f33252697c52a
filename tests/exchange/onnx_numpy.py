"""Computes an ONNX graph with NumPy, in double, operator by operator as ONNX's documentation defines them.

It knows the operators that hcnn writes, and is no proof that others understand the file as it does: that is
onnxruntime_files.py's, where onnxruntime is installed. This one needs Debian's packages alone.
"""
import numpy as np
from onnx import numpy_helper


def taps(x, attributes, border, kernel):
    """(row, column, the inputs of all windows at this place of the kernel), the border being filled."""
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    strides, dilations = attributes.get("strides", (1, 1)), attributes.get("dilations", (1, 1))
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=border)
    sizes = [(x.shape[2 + axis] - dilations[axis] * (kernel[axis] - 1) - 1) // strides[axis] + 1 for axis in (0, 1)]
    for i, j in np.ndindex(*kernel):
        first = i * dilations[0], j * dilations[1]
        rows, columns = (slice(first[axis], first[axis] + (sizes[axis] - 1) * strides[axis] + 1, strides[axis])
                         for axis in (0, 1))
        yield i, j, x[:, :, rows, columns]


def conv(attributes, x, weight, bias=None):
    groups, y = attributes.get("group", 1), 0
    for i, j, inputs in taps(x, attributes, 0, weight.shape[2:]):
        y = y + np.concatenate([np.einsum("nchw,oc->nohw", part, rows) for part, rows in
                                zip(np.split(inputs, groups, 1), np.split(weight[:, :, i, j], groups, 0))], 1)
    return y if bias is None else y + bias[:, None, None]


def max_pool(attributes, x):
    return np.max([inputs for _, _, inputs in taps(x, attributes, -np.inf, attributes["kernel_shape"])], 0)


def average_pool(attributes, x):
    kernel = attributes["kernel_shape"]
    total = sum(inputs for _, _, inputs in taps(x, attributes, 0, kernel))
    if attributes.get("count_include_pad", 0):
        return total / np.prod(kernel)
    return total / sum(inputs for _, _, inputs in taps(np.ones_like(x), attributes, 0, kernel))


def batch_normalization(attributes, x, scale, shift, mean, variance):
    scale, shift, mean, variance = (array.reshape(-1, *[1] * (x.ndim - 2)) for array in (scale, shift, mean, variance))
    return scale * (x - mean) / np.sqrt(variance + attributes.get("epsilon", 1e-5)) + shift


def gemm(attributes, a, b, c=0.0):
    assert a.ndim == 2
    return a @ (b.T if attributes.get("transB", 0) else b) + c


OPERATORS = {
    "Add": lambda _, a, b: a + b,
    "AveragePool": average_pool,
    "BatchNormalization": batch_normalization,
    "Conv": conv,
    "Div": lambda _, a, b: a / b,
    "Flatten": lambda attributes, x: x.reshape(int(np.prod(x.shape[:attributes.get("axis", 1)])), -1),
    "Gemm": gemm,
    "GlobalAveragePool": lambda _, x: x.mean((2, 3), keepdims=True),
    "Identity": lambda _, x: x,
    "LeakyRelu": lambda attributes, x: np.where(x < 0, attributes.get("alpha", 0.01) * x, x),
    "MatMul": lambda _, a, b: a @ b,
    "MaxPool": max_pool,
    "Mul": lambda _, a, b: a * b,
    "Relu": lambda _, x: np.maximum(x, 0),
    "Sigmoid": lambda _, x: 1 / (1 + np.exp(-x)),
    "Sub": lambda _, a, b: a - b,
    "Unsqueeze": lambda _, x, axes: np.expand_dims(x, tuple(int(axis) for axis in axes)),
}


def run(model, images):
    """The outputs of a model by name."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    values = {name: array.astype(float) if array.dtype.kind == "f" else array for name, array in values.items()}
    values[model.graph.input[0].name] = images.astype(float)
    for node in model.graph.node:
        attributes = {each.name: getattr(each, {1: "f", 2: "i", 7: "ints"}[each.type]) for each in node.attribute}
        values[node.output[0]] = OPERATORS[node.op_type](attributes, *(values[name] for name in node.input))
    return {output.name: values[output.name] for output in model.graph.output}
