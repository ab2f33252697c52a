"""Writes layers.json: outputs, gradients and running statistics of every layer, as PyTorch computes them.

Run: /usr/bin/python3 tests/reference/make_layers.py     (numbers in the repository: PyTorch 1.13.0, float64)

Inputs and parameters need no file: value i of tensor t is pattern(t, i), in PyTorch's order (N, C, H, W). Step s takes
x from pattern(s) and dy from pattern(100 + s); parameter p, in the order of its name in the file, is pattern(10 + p).
Gradients of parameters add up over the steps; y and dx belong to the last one. y_eval is the last x in evaluation mode.
"""
import json
import math
import os

import torch
from torch import nn

torch.set_default_dtype(torch.float64)


def pattern(stream, index):
    """A number in [-1, 1) that any language computes exactly (all products stay below 2^53)."""
    return ((stream * 7919 + index * 104729 + 12345) % 2003) * 2.0 / 2003 - 1


def filled(stream, shape):
    return torch.tensor([pattern(stream, i) for i in range(math.prod(shape))]).reshape(shape)


class Residual(nn.Module):
    def __init__(self, body, projection=None):
        super().__init__()
        self.body = body
        self.projection = projection

    def forward(self, x):
        return self.body(x) + (x if self.projection is None else self.projection(x))


def case(name, layer, options, module, shape, steps=1):
    """One record: what the layer does to `steps` batches of shape N, C, H, W."""
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for p, parameter in enumerate(parameters.values()):
            parameter.copy_(filled(10 + p, parameter.shape))
    for step in range(steps):
        x = filled(step, shape).requires_grad_()
        y = module(x)
        y.backward(filled(100 + step, y.shape))
    evaluated = module.eval()(x)
    flat = lambda tensor: tensor.detach().flatten().tolist()
    return {"name": name, "layer": layer, "options": options, "input": shape, "output": list(y.shape), "steps": steps,
            "y": flat(y), "dx": flat(x.grad), "y_eval": flat(evaluated),
            "parameters": {key: list(value.shape) for key, value in parameters.items()},
            "gradients": {key: flat(value.grad) for key, value in parameters.items()},
            "buffers": {key: flat(value.double()) for key, value in module.named_buffers()}}


def convolution(name, shape, out, kernel=3, stride=1, padding=0, dilation=1, groups=1, bias=True):
    pair = lambda value: [value, value] if isinstance(value, int) else value
    options = {"out_channels": out, "kernel": pair(kernel), "stride": pair(stride), "padding": pair(padding),
               "dilation": pair(dilation), "groups": groups, "bias": bias}
    module = nn.Conv2d(shape[1], out, kernel, stride, padding, dilation, groups, bias)
    return case(name, "Conv2d", options, module, shape, steps=2)


def pool(name, layer, module, shape, window, stride, padding):
    pair = lambda value: [value, value] if isinstance(value, int) else value
    options = {"window": pair(window), "stride": pair(stride), "padding": pair(padding)}
    return case(name, layer, options, module(window, stride, padding), shape)


def residual_cases():
    body = lambda: nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
                                 nn.Conv2d(4, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3))
    projected = Residual(
        nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.LeakyReLU(0.1),
                      nn.Conv2d(4, 5, 3, padding=1), nn.LeakyReLU(0.1)),
        nn.Sequential(nn.Conv2d(3, 5, 1, 2, bias=False), nn.BatchNorm2d(5)))
    yield case("identity", "Residual", {"projection": False}, Residual(body()), [2, 3, 4, 5], steps=2)
    yield case("projection", "Residual", {"projection": True}, projected, [2, 3, 5, 6], steps=2)


CASES = [
    convolution("3x3", [2, 3, 5, 4], 4, padding=1),
    convolution("one channel, one sample", [1, 1, 4, 4], 1),
    convolution("1x1", [2, 4, 3, 3], 5, kernel=1),
    convolution("stride", [2, 3, 7, 6], 4, stride=2, padding=1),
    convolution("stride > kernel", [1, 2, 7, 8], 3, kernel=2, stride=3),
    convolution("dilation", [2, 2, 7, 7], 3, dilation=2, padding=2),
    convolution("groups", [2, 4, 5, 5], 6, groups=2, padding=1),
    convolution("depthwise", [2, 3, 5, 5], 3, groups=3, padding=1),
    convolution("no bias", [2, 3, 4, 4], 2, bias=False),
    convolution("not square", [2, 3, 6, 9], 2, kernel=[2, 5], stride=[1, 3], padding=[0, 2], dilation=[3, 1]),
    convolution("all options", [2, 4, 8, 7], 4, kernel=[3, 2], stride=[2, 1], padding=[2, 1], dilation=[1, 2], groups=2),
    case("three steps", "BatchNorm2d", {"momentum": 0.1, "epsilon": 1e-5}, nn.BatchNorm2d(3), [4, 3, 3, 2], steps=3),
    case("one sample", "BatchNorm2d", {"momentum": 0.1, "epsilon": 1e-5}, nn.BatchNorm2d(2), [1, 2, 3, 3], steps=3),
    case("other options", "BatchNorm2d", {"momentum": 0.3, "epsilon": 1e-2}, nn.BatchNorm2d(1, eps=1e-2, momentum=0.3),
         [3, 1, 2, 5], steps=3),
    case("bias", "Linear", {"out_features": 4, "bias": True}, nn.Sequential(nn.Flatten(), nn.Linear(7, 4)), [3, 7, 1, 1],
         steps=2),
    case("no bias", "Linear", {"out_features": 1, "bias": False},
         nn.Sequential(nn.Flatten(), nn.Linear(5, 1, bias=False)), [1, 5, 1, 1]),
    case("", "ReLU", {}, nn.ReLU(), [2, 3, 4, 5]),
    case("default", "LeakyReLU", {"slope": 0.01}, nn.LeakyReLU(), [2, 3, 4, 5]),
    case("0.2", "LeakyReLU", {"slope": 0.2}, nn.LeakyReLU(0.2), [1, 1, 4, 5]),
    pool("2", "MaxPool2d", nn.MaxPool2d, [2, 3, 6, 4], 2, 2, 0),
    pool("odd sides", "MaxPool2d", nn.MaxPool2d, [1, 2, 5, 7], 2, 2, 0),
    pool("overlap, padding", "MaxPool2d", nn.MaxPool2d, [2, 2, 6, 7], 3, 2, 1),
    pool("stride > window", "MaxPool2d", nn.MaxPool2d, [2, 1, 8, 9], 2, 3, 0),
    pool("not square", "MaxPool2d", nn.MaxPool2d, [1, 2, 5, 8], [2, 3], [1, 2], [1, 0]),
    pool("2", "AvgPool2d", nn.AvgPool2d, [2, 3, 6, 4], 2, 2, 0),
    pool("odd sides", "AvgPool2d", nn.AvgPool2d, [1, 2, 5, 7], 2, 2, 0),
    pool("overlap, padding", "AvgPool2d", nn.AvgPool2d, [2, 2, 6, 7], 3, 2, 1),
    pool("stride > window", "AvgPool2d", nn.AvgPool2d, [2, 1, 8, 9], 2, 3, 0),
    pool("not square", "AvgPool2d", nn.AvgPool2d, [1, 2, 5, 8], [2, 3], [1, 2], [1, 0]),
    case("divides", "AdaptiveAvgPool2d", {"height": 4, "width": 4}, nn.AdaptiveAvgPool2d(4), [2, 2, 8, 4]),
    case("overlap", "AdaptiveAvgPool2d", {"height": 3, "width": 4}, nn.AdaptiveAvgPool2d((3, 4)), [1, 2, 7, 9]),
    case("grows", "AdaptiveAvgPool2d", {"height": 4, "width": 5}, nn.AdaptiveAvgPool2d((4, 5)), [2, 1, 2, 3]),
    case("", "GlobalAvgPool2d", {}, nn.AdaptiveAvgPool2d(1), [2, 3, 5, 4]),
    case("", "Flatten", {}, nn.Flatten(), [2, 3, 2, 4]),
    case("evaluation", "Dropout", {"rate": 0.0}, nn.Dropout(0.0), [2, 3, 2, 4]),
    *residual_cases(),
]

for record in CASES:  # the Flatten before Linear numbers its names
    for part in ("parameters", "gradients", "buffers"):
        if record["layer"] == "Linear":
            record[part] = {key.removeprefix("1."): value for key, value in record[part].items()}

if __name__ == "__main__":
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(record) for record in CASES) + "\n]\n")
