#!/usr/bin/env python3
"""Networks between hcnn and PyTorch, in both directions: torch_files.py EXCHANGE_FILES FOLDER."""
import json
import pathlib
import shutil
import subprocess
import sys

from needs import Checks, needs

needs(["numpy", "torch"], "no network went from hcnn to PyTorch and back")
import numpy as np
import torch
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples"))
from load_in_pytorch import Residual, build, probe_input, read_safetensors
from save_from_pytorch import renamed, resnet18_rules, write_safetensors


class ResidualNetwork(nn.Module):
    """residual_network() of network_cases.hpp."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, 8, (3, 2), (2, 1), 1, bias=False), nn.BatchNorm2d(8), nn.LeakyReLU(0.1),
            Residual(nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
                                   nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=2))),
            Residual(nn.Sequential(nn.Conv2d(8, 12, 3, 2, 1), nn.BatchNorm2d(12)),
                     nn.Sequential(nn.Conv2d(8, 12, 1, 2), nn.BatchNorm2d(12))),
            nn.AdaptiveAvgPool2d((2, 3)), nn.Flatten(), nn.Linear(72, 10), nn.BatchNorm1d(10), nn.ReLU(), nn.Dropout())
        self.heads = nn.ModuleDict({
            "fine": nn.Sequential(nn.Linear(10, 6), nn.ReLU(), nn.Linear(6, 5)),
            "group": nn.Sequential(nn.Linear(10, 2, bias=False))})

    def forward(self, images):
        features = self.trunk(images)
        return {name: head(features) for name, head in self.heads.items()}


class BasicBlock(nn.Module):
    """Two convolutions and a shortcut, under the names that PyTorch's model zoo gave them."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class PlainResNet18(nn.Module):
    """ResNet-18 for 32x32 pictures, written on its own: not from hcnn's description."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        for stage, (outputs, stride) in enumerate(((64, 1), (128, 2), (256, 2), (512, 2)), 1):
            blocks = nn.Sequential(BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1))
            setattr(self, f"layer{stage}", blocks)
            inputs = outputs
        self.fc = nn.Linear(512, 100)

    def forward(self, images):
        x = torch.relu(self.bn1(self.conv1(images)))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return {"fine": self.fc(x.mean((2, 3)))}


def resnet18_state(network, check):
    """The state dict under hcnn's names."""
    state = renamed(network.state_dict(), resnet18_rules("fine"))
    count = sum(parameter.numel() for parameter in network.parameters())
    check(f"PyTorch's ResNet-18 has 11,220,132 parameters, not {count}", count == 11_220_132)
    return state


def logits_of(network, images):
    """Logits of every head, in evaluation mode, as arrays."""
    with torch.no_grad():
        return {head: values.numpy() for head, values in network.eval()(images).items()}


def randomize(network):
    """Other parameters and statistics than PyTorch's start values."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.dtype == torch.int64:
                tensor.fill_(23)
            elif name.endswith("running_var"):
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
            else:
                tensor.copy_(tensor + 0.2 * torch.randn(tensor.shape, generator=generator))


def randomize_lightly(network):
    """Statistics as training leaves them: large random weights would blow eighteen layers up."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("running_var"):
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
            elif name.endswith(("running_mean", "bias")):
                tensor.copy_(0.1 * torch.randn(tensor.shape, generator=generator))


def save_for_hcnn(folder, name, network, description):
    """Writes torch_NAME.safetensors; with a description also what lets hcnn build the network and prove its logits."""
    metadata = {}
    if description:
        probe = {head: values.ravel().tolist()
                 for head, values in logits_of(network, probe_input(**description["input"])).items()}
        metadata = {"hcnn.format": "1", "hcnn.network": json.dumps(description),
                    "hcnn.probe": json.dumps({"precision": "float32", "logits": probe})}
    write_safetensors(folder / f"torch_{name}.safetensors", network.state_dict(), metadata)


def check_pretrained(check):
    """The pretrained network, whose weights are BF16, answers the probe as hcnn does."""
    arrays, metadata = read_safetensors(ROOT / "pretrained/compact_cifar100.safetensors")
    description, probe = json.loads(metadata["hcnn.network"]), json.loads(metadata["hcnn.probe"])["logits"]
    network = build(description)
    network.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in arrays.items()}, strict=True)
    for head, values in logits_of(network, probe_input(**description["input"])).items():
        check.close(f"pretrained, {head}", values.ravel(), np.array(probe[head]))


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    torch.set_num_threads(1)
    check = Checks()
    subprocess.run([program, "torch", folder], check=True)
    describe = lambda name: json.loads(read_safetensors(folder / f"hcnn_{name}.safetensors")[1]["hcnn.network"])
    description = describe("cnn")
    answers = {}
    for name, network in (("cnn", build(description)), ("residual", ResidualNetwork()),
                          ("resnet9", build(describe("resnet9"))), ("resnet18", build(describe("resnet18")))):
        images = torch.from_numpy(np.load(folder / f"hcnn_{name}.npy"))
        randomize(network)
        save_for_hcnn(folder, name, network, description if name == "cnn" else None)
        answers[name] = logits_of(network, images)
        arrays, _ = read_safetensors(folder / f"hcnn_{name}.safetensors")
        network.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in arrays.items()}, strict=True)
        for head, values in logits_of(network, images).items():
            check.close(f"hcnn to PyTorch, {name}, {head}", values, np.load(folder / f"hcnn_{name}.{head}.npy"))
            check(f"{name}, {head}: both networks differ", abs(values - answers[name][head]).max() > 0.01)

    check_pretrained(check)
    plain = PlainResNet18()
    randomize_lightly(plain)
    answers["resnet18_full"] = logits_of(plain, torch.from_numpy(np.load(folder / "hcnn_resnet18_full.npy")))
    write_safetensors(folder / "torch_resnet18_full.safetensors", resnet18_state(plain, check))

    subprocess.run([program, "torch", folder], check=True)
    for name, expected in answers.items():
        for head, values in expected.items():
            check.close(f"PyTorch to hcnn, {name}, {head}", np.load(folder / f"answer_{name}.{head}.npy"), values)
    for head, values in answers["cnn"].items():
        answer = np.load(folder / f"answer_whole.{head}.npy")
        check.close(f"PyTorch to a network that hcnn builds, {head}", answer, values)
    check.finish("networks between hcnn and PyTorch " + torch.__version__)


if __name__ == "__main__":
    main()
