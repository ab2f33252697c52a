#!/usr/bin/env python3
"""Saves the state dict of a PyTorch network as a safetensors file, which hcnn loads into a network of the same layers.

    apt-get install python3-torch
    /usr/bin/python3 examples/save_from_pytorch.py state.pt network.safetensors --rename features=trunk

Needs:  a file of `torch.save(network.state_dict(), "state.pt")`, or a call of `write_safetensors` in your program.
Then:   `exchange::load_weights("network.safetensors", model)` in C++, or `train_multihead --weights`. hcnn calls the
        layers trunk.0, trunk.1, ... and heads.NAME.0, ...; --rename OLD=NEW changes the beginnings of names, --resnet18
        fine all those of a ResNet-18.
Expect: one line with the number of arrays. A file that exists is not overwritten.
"""
import argparse
import json
import os
import struct
import sys

try:
    import torch
except ImportError as error:
    sys.exit(f"save_from_pytorch.py: {error}; PyTorch is needed (apt-get install python3-torch)")

TYPES = {torch.float64: "F64", torch.float32: "F32", torch.bfloat16: "BF16", torch.int64: "I64", torch.uint8: "U8"}


def write_safetensors(path, state, metadata=None):
    """Writes named tensors and texts as a safetensors file; wide types first, so that every array is aligned. float16,
    which hcnn does not read, becomes float32."""
    header, payload = {"__metadata__": dict(metadata or {})}, []
    tensors = [(name, tensor.detach().cpu().contiguous()) for name, tensor in state.items()]
    tensors = [(name, tensor.float() if tensor.dtype == torch.float16 else tensor) for name, tensor in tensors]
    offset = 0
    for name, tensor in sorted(tensors, key=lambda entry: -entry[1].element_size()):
        if tensor.dtype not in TYPES:
            raise ValueError(f"'{name}': type {tensor.dtype}; expected one of {', '.join(map(str, TYPES))}")
        bits = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor  # NumPy has no bfloat16
        payload.append(bits.numpy().tobytes())
        end = offset + len(payload[-1])
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "xb") as file:
        try:
            file.write(struct.pack("<Q", len(text)) + text + b"".join(payload))
            file.flush()
        except OSError:  # a full disk: half a file is none
            os.remove(path)
            raise


def load_state(path):
    """What torch.save wrote; no code that a file may hold is run."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception:  # torch.load has many ways to say that a file is not torch.save's
        raise ValueError(f"{path}: not a file of torch.save(network.state_dict(), ...)") from None


def renamed(state, rules):
    """The state with the beginnings of its names changed, by the first rule OLD=NEW that fits."""
    names = {}
    for name, tensor in state.items():
        for old, new in rules:
            if name == old or name.startswith(old + "."):
                name = new + name[len(old):]
                break
        if name in names:
            raise ValueError(f"two arrays would be called '{name}'; expected names that differ")
        names[name] = tensor
    return names


def resnet18_rules(head):
    """Rules from the names that a ResNet-18 usually has (torchvision's; "shortcut" and "linear" are others') to those of
    hcnn's `resnet18` with this head. Its first convolution must be 3x3 and no pooling follow it, as for 32x32 pictures."""
    rules = [("conv1", "trunk.0"), ("bn1", "trunk.1"), ("fc", f"heads.{head}.0"), ("linear", f"heads.{head}.0")]
    for block in range(8):
        old, new = f"layer{block // 2 + 1}.{block % 2}", f"trunk.{3 + 2 * block}"  # an activation follows each block
        for layer, place in (("conv1", 0), ("bn1", 1), ("conv2", 3), ("bn2", 4)):
            rules.append((f"{old}.{layer}", f"{new}.body.{place}"))
        rules += [(f"{old}.downsample", f"{new}.projection"), (f"{old}.shortcut", f"{new}.projection")]
    return rules


def rule(text):
    """OLD=NEW as a pair."""
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError(f"'{text}'; expected OLD=NEW")
    return old, new


def main():
    parser = argparse.ArgumentParser(description="Saves a PyTorch state dict for hcnn")
    parser.add_argument("state", help="file of torch.save(network.state_dict(), ...)")
    parser.add_argument("out", help="safetensors file to write, must not exist yet")
    parser.add_argument("--rename", type=rule, action="append", default=[], metavar="OLD=NEW")
    parser.add_argument("--resnet18", metavar="HEAD", help="rename the layers of a ResNet-18 for 32x32 pictures to hcnn's,"
                        " its last one to this head")
    options = parser.parse_args()
    try:
        if os.path.exists(options.out):
            raise ValueError(f"{options.out} exists; nothing is overwritten")
        state = load_state(options.state)
        if not isinstance(state, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
            raise ValueError(f"{options.state}: no state dict; expected torch.save(network.state_dict(), ...)")
        state = renamed(state, options.rename + (resnet18_rules(options.resnet18) if options.resnet18 else []))
        write_safetensors(options.out, state)
    except (OSError, ValueError) as error:
        sys.exit(f"save_from_pytorch.py: {error}")
    print(f"{options.out}: {len(state)} arrays")


if __name__ == "__main__":
    main()
