#!/usr/bin/python3
"""Times hcnn against PyTorch on the same network, batch and threads, and prints the ratios.

    apt-get install python3-torch          # Debian 12: PyTorch 1.13.1 with oneDNN 2.6.3
    /usr/bin/python3 benchmarks/compare_pytorch.py [--threads 2] [--batch 128] [--network multihead|severity|compact]

Needs an idle machine and a Release build (--build names its folder). Takes about 8 minutes. The two programs take
turns, so that a machine that slows down slows both: each round runs hcnn, then PyTorch in both memory layouts, every
one in a process of its own. A ratio is hcnn / PyTorch's better layout of the same round for images per second, and
PyTorch / hcnn for the latency of a batch of one and for memory; the table gives the median of the rounds and, in
brackets, the 10th and 90th percentile. Memory is the peak of training minus what the process had before the network
was built. The last table limits both to AVX2.
"""
import argparse
import copy
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

HEADS = {"multihead": (100, 20, 9), "severity": (100,), "compact": (100, 20, 9)}


def median(values):
    return sorted(values)[len(values) // 2]


def percentile(values, share):
    return sorted(values)[round(share * (len(values) - 1))]


def peak_rss_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def timed(function, steps):
    function()
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def torch_worker(arguments):
    """Measures PyTorch in this process and prints one JSON line."""
    import torch
    import torch.nn as nn
    import torch.nn.functional as functional
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    class Net(nn.Module):
        def __init__(self):
            super().__init__()

            def pair(inputs, outputs):
                return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(),
                        nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]

            self.trunk = nn.Sequential(*pair(3, 64), *pair(64, 128), *pair(128, 256), nn.AdaptiveAvgPool2d(4),
                                       nn.Flatten())
            widths = [4096, 320] if arguments.network == "compact" else [4096, 1024, 512]
            shared = []
            for i, o in zip(widths, widths[1:]):
                shared += [nn.Linear(i, o), nn.ReLU(), nn.Dropout(0.5)]
            self.shared = nn.Sequential(*shared)
            self.heads = nn.ModuleList([nn.Linear(widths[-1], k) for k in HEADS[arguments.network]])

        def forward(self, x):
            features = self.shared(self.trunk(x))
            return [head(features) for head in self.heads]

    def folded(net, bf16):
        """A copy for inference: batch norms folded into the convolutions, weights in the precision."""
        net = copy.deepcopy(net).eval()
        layers = []
        for layer in net.trunk:
            if isinstance(layer, nn.BatchNorm2d):
                layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
            else:
                layers.append(layer)
        net.trunk = nn.Sequential(*layers)
        return net.to(torch.bfloat16) if bf16 else net

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    baseline = peak_rss_mib()
    bf16 = arguments.precision == "bf16"
    net = Net().train()
    x = torch.rand(arguments.batch, 3, 32, 32)
    labels = [torch.randint(0, k, (arguments.batch,)) for k in HEADS[arguments.network]]
    if arguments.layout == "channels_last":
        net, x = net.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    result = {"parameters": sum(p.numel() for p in net.parameters())}

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = sum(functional.cross_entropy(o.float(), y) for o, y in zip(net(x), labels))
        loss.backward()
        optimizer.step()

    if not arguments.inference_only:
        result["train_step_s"] = timed(step, arguments.steps)
        result["memory_mib"] = peak_rss_mib() - baseline
    fast = folded(net, bf16)
    images = x.to(torch.bfloat16) if bf16 else x

    def infer():
        with torch.no_grad():
            fast(images)

    result["inference_s"] = timed(infer, arguments.steps)
    result["version"] = torch.__version__
    print(json.dumps(result))


def run_json(command, environment):
    done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"compare_pytorch.py: {' '.join(command)}: exit status {done.returncode}; expected 0")
    return json.loads(done.stdout.strip().splitlines()[-1])


class Peers:
    """Runs both programs with one set of options."""

    def __init__(self, options, program, precision, batch, steps, inference_only, avx2):
        common = ["--network", options.network, "--precision", precision, "--batch", str(batch), "--threads",
                  str(options.threads), "--steps", str(steps)] + (["--inference-only"] if inference_only else [])
        self.hcnn_command = [str(program), "--json"] + common
        self.torch_command = [sys.executable, __file__, "--worker"] + common
        self.environment = {}
        if avx2:
            self.environment = {"HCNN_ISA": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}

    def round(self):
        hcnn = run_json(self.hcnn_command, self.environment)
        if "train_step_s" in hcnn:
            hcnn["memory_mib"] = hcnn["peak_rss_mib"] - hcnn["baseline_rss_mib"]
        torch = [run_json(self.torch_command + ["--layout", layout], self.environment)
                 for layout in ("channels_last", "contiguous")]
        if any(peer["parameters"] != hcnn["parameters"] for peer in torch):
            sys.exit("compare_pytorch.py: the two networks have different numbers of parameters")
        return hcnn, torch


def row(name, rounds, key, unit, convert):
    """One line of the table: hcnn, PyTorch's better layout, and how many times better hcnn is."""
    hcnn = [convert(mine[key]) for mine, _ in rounds]
    torch = [convert(min(peer[key] for peer in peers)) for _, peers in rounds]
    ratios = [min(peer[key] for peer in peers) / mine[key] for mine, peers in rounds]
    print(f"| {name} | {median(hcnn):,.{unit[1]}f} {unit[0]} | {median(torch):,.{unit[1]}f} {unit[0]} | "
          f"{median(ratios):.2f} ({percentile(ratios, 0.1):.2f} to {percentile(ratios, 0.9):.2f}) |", flush=True)


def compare(options, program):
    images = ("images/s", 0)

    def per_second(seconds):
        return options.batch / seconds

    print("| | hcnn | PyTorch | times better |\n|---|---|---|---|")
    for precision in ("fp32", "bf16"):
        peers = Peers(options, program, precision, options.batch, options.steps, False, False)
        rounds = [peers.round() for _ in range(options.rounds)]
        row(f"training, {precision}", rounds, "train_step_s", images, per_second)
        row(f"inference, {precision}", rounds, "inference_s", images, per_second)
        row(f"memory of training, {precision}", rounds, "memory_mib", ("MiB", 0), float)
        single = Peers(options, program, precision, 1, 30 * options.steps, True, False)
        row(f"latency of one image, {precision}", [single.round() for _ in range(options.rounds)], "inference_s",
            ("ms", 2), lambda seconds: 1e3 * seconds)
    peers = Peers(options, program, "fp32", options.batch, options.steps, False, True)
    rounds = [peers.round() for _ in range(options.rounds)]
    row("training, fp32, AVX2 only", rounds, "train_step_s", images, per_second)
    row("inference, fp32, AVX2 only", rounds, "inference_s", images, per_second)
    print(f"\n{options.network}, batch {options.batch}, {options.threads} threads, {options.rounds} rounds, "
          f"PyTorch {rounds[0][1][0]['version']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2, help="of both (default: 2)")
    parser.add_argument("--batch", type=int, default=128, help="images a step (default: 128)")
    parser.add_argument("--steps", type=int, default=5, help="timed steps a round (default: 5)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of the two programs (default: 3)")
    parser.add_argument("--network", choices=HEADS, default="multihead")
    parser.add_argument("--build", type=Path, default=Path(__file__).parent.parent / "build" / "release",
                        help="folder of the Release build (default: build/release)")
    for name in ("--worker", "--inference-only"):
        parser.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help=argparse.SUPPRESS)
    parser.add_argument("--layout", choices=["channels_last", "contiguous"], default="contiguous",
                        help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return torch_worker(options)
    program = options.build / "benchmarks" / "bench_train_step"
    if not program.exists():
        sys.exit(f"compare_pytorch.py: {program}: not there; build it with tools/run.sh or cmake --preset release")
    compare(options, program)


if __name__ == "__main__":
    main()
