#!/usr/bin/env python3
"""Loads a model file of hcnn into PyTorch and shows that both give the same logits.

    apt-get install python3-torch
    /usr/bin/python3 examples/load_in_pytorch.py runs/train_multihead-001/best.safetensors

Takes:  a few seconds. Expect: one line per head with the largest difference, below 1e-4 of the largest logit (0.1 for a
bfloat16 training); a larger one is an exit status of 1. save_from_pytorch.py goes the other way.
The file is read with json and numpy alone; `pip install safetensors` does the same in one call.
"""
import json
import os
import struct
import sys

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as error:
    sys.exit(f"load_in_pytorch.py: {error}; PyTorch is needed (apt-get install python3-torch)")


def read_safetensors(path):
    """Arrays and metadata of a safetensors file."""
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        if length > os.path.getsize(path) - 8:
            raise ValueError(f"header length {length}")
        header = json.loads(file.read(length))
        payload = file.read()
    types = {"F64": np.float64, "F32": np.float32, "BF16": np.uint16, "I64": np.int64}
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(payload[begin:end], types[entry["dtype"]])
        if entry["dtype"] == "BF16":  # the upper halves of floats
            values = (values.astype(np.uint32) << 16).view(np.float32)
        arrays[name] = values.reshape(entry["shape"])
    return arrays, metadata


class MultiHeadCnn(nn.Module):
    """The network of hcnn's multi_head_cnn: the same structure, so the same parameter names."""

    def __init__(self, options):
        super().__init__()
        activation = nn.ReLU if options["activation"] == "relu" else nn.LeakyReLU
        trunk, inputs = [], options["input"]["channels"]
        for channels in options["channels"]:
            block = []
            for _ in range(2):
                block.append(nn.Conv2d(inputs, channels, 3, padding=1))
                block += [nn.BatchNorm2d(channels)] if options["batch_norm"] else []
                block.append(activation())
                inputs = channels
            trunk.append(nn.Sequential(*block, nn.MaxPool2d(2)))
        trunk += [nn.AdaptiveAvgPool2d(options["pooled"]), nn.Flatten()]
        inputs *= options["pooled"] ** 2
        for width in options["hidden"]:
            trunk += [nn.Linear(inputs, width), activation(), nn.Dropout(options["dropout"])]
            inputs = width
        self.trunk = nn.Sequential(*trunk)
        heads = {head["name"]: nn.Sequential(nn.Linear(inputs, head["classes"])) for head in options["heads"]}
        self.heads = nn.ModuleDict(heads)

    def forward(self, images):
        features = self.trunk(images)
        return {name: head(features) for name, head in self.heads.items()}


class Residual(nn.Module):
    """hcnn's Residual: the names of its branches are part of the parameters' names."""

    def __init__(self, body, projection=None):
        super().__init__()
        self.body = body
        if projection is not None:
            self.projection = projection

    def forward(self, x):
        return self.body(x) + (self.projection(x) if hasattr(self, "projection") else x)


class ResNet(nn.Module):
    """The network of hcnn's resnet with 9 or 18 layers."""

    def __init__(self, options):
        super().__init__()
        activation = nn.ReLU if options["activation"] == "relu" else nn.LeakyReLU
        width = options["width"]

        def conv(inputs, outputs, kernel=3, stride=1):
            return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]

        def block(inputs, outputs, pool):
            return nn.Sequential(*conv(inputs, outputs), activation(), *([nn.MaxPool2d(2)] if pool else []))

        def twice(channels):
            return Residual(nn.Sequential(block(channels, channels, False), block(channels, channels, False)))

        channels = options["input"]["channels"]
        if options["layers"] == 9:
            left = (options["input"]["height"] // 8, options["input"]["width"] // 8)
            trunk = [block(channels, width, False), block(width, 2 * width, True), twice(2 * width),
                     block(2 * width, 4 * width, True), block(4 * width, 8 * width, True), twice(8 * width),
                     nn.MaxPool2d(left)]
        else:
            trunk, inputs = [*conv(channels, width), activation()], width
            for i in range(8):
                outputs, stride = width << (i // 2), 2 if i in (2, 4, 6) else 1
                body = nn.Sequential(*conv(inputs, outputs, 3, stride), activation(), *conv(outputs, outputs))
                shortcut = nn.Sequential(*conv(inputs, outputs, 1, stride)) if stride == 2 else None
                trunk += [Residual(body, shortcut), activation()]
                inputs = outputs
            trunk.append(nn.AdaptiveAvgPool2d(1))
        trunk += [nn.Flatten()] + ([nn.Dropout(options["dropout"])] if options["dropout"] > 0 else [])
        self.trunk = nn.Sequential(*trunk)
        heads = {head["name"]: nn.Sequential(nn.Linear(8 * width, head["classes"])) for head in options["heads"]}
        self.heads = nn.ModuleDict(heads)

    def forward(self, images):
        features = self.trunk(images)
        return {name: head(features) for name, head in self.heads.items()}


def build(options):
    """The PyTorch network of a model file's description."""
    return {"multi_head_cnn": MultiHeadCnn, "resnet": ResNet}[options["builder"]](options)


def philox(counter, key):
    """Ten rounds of Philox4x32 (Salmon et al. 2011) on arrays of counters."""
    c, low = [np.asarray(word, np.uint64) for word in counter], np.uint64(0xFFFFFFFF)
    for i in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        k0, k1 = (np.uint64((word + i * step) & 0xFFFFFFFF) for word, step in zip(key, (0x9E3779B9, 0xBB67AE85)))
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ k0, p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ k1, p0 & low]
    return c


def probe_input(height, width, channels):
    """The two samples of noise that the file's probe belongs to (include/hcnn/exchange/probe.hpp), N, C, H, W."""
    purpose = 0xCBF29CE484222325
    for byte in b"probe":
        purpose = ((purpose ^ byte) * 0x100000001B3) % 2**64
    mixed = philox((0, 0, purpose & 0xFFFFFFFF, purpose >> 32), (0x68636E6E, 0))
    key, size, samples = (int(mixed[0]), int(mixed[1])), height * width * channels, []
    blocks = np.arange((size + 1) // 2, dtype=np.uint64)  # a block of four words makes two numbers
    for sample in (0, 1):
        zero = np.zeros_like(blocks)
        words = np.stack(philox((blocks, zero, zero + np.uint64(sample), zero), key), axis=1).reshape(-1, 2)
        uniform = ((words[:, 0] << np.uint64(21)) ^ (words[:, 1] >> np.uint64(11))).astype(np.float64) * 2.0**-53
        samples.append((2 * uniform[:size] - 1).astype(np.float32).reshape(height, width, channels).transpose(2, 0, 1))
    return torch.from_numpy(np.stack(samples))


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: load_in_pytorch.py MODEL.safetensors")
    try:
        arrays, metadata = read_safetensors(sys.argv[1])
        network, probe = json.loads(metadata["hcnn.network"]), json.loads(metadata["hcnn.probe"])
    except (OSError, ValueError, KeyError, struct.error) as error:
        sys.exit(f"load_in_pytorch.py: {sys.argv[1]}: {error}; a model file that describes its network is needed")
    model = build(network).eval()
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()}, strict=True)
    with torch.no_grad():
        logits = model(probe_input(**network["input"]))
    equal = True
    for head, values in logits.items():
        expected = torch.tensor(probe["logits"][head]).reshape(values.shape)
        difference, largest = (values - expected).abs().max().item(), expected.abs().max().item()
        equal = equal and difference <= (0.1 if probe["precision"] == "bfloat16" else 1e-4) * largest
        print(f"head {head}: logits differ by at most {difference:.2g}; the largest is {largest:.3g}")
    sys.exit(0 if equal else "load_in_pytorch.py: the logits are not those of the file")


if __name__ == "__main__":
    main()
