"""Writes hierarchical_losses.json: the losses that know the label tree, written with PyTorch, and their gradients.

Run: python3 tests/reference/make_hierarchical_losses.py        (PyTorch 1.13, double precision)

The tree is the one of tests/losses/small_tree.hpp: six classes, three superclasses, two groups.
"""
import json
import math
import pathlib

import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax

torch.manual_seed(2)
N = 8
LEVELS = ([0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 1, 2], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0])  # ancestors; last: the root
SEVERITY = torch.tensor([[next(h for h, level in enumerate(LEVELS) if level[y] == level[k]) for k in range(6)]
                         for y in range(6)], dtype=torch.double)


def level_probabilities(z, level):
    """Probability of the true path's class at each sample's `level`: sums of leaf probabilities, for every leaf."""
    same = torch.tensor([[float(a == b) for b in level] for a in level], dtype=torch.double)
    return softmax(z, 1) @ same  # column y: probability of the class of this level that holds leaf y


def of_truth(z, y, level):
    return level_probabilities(z, level)[torch.arange(len(y)), y]


def expected_severity(z, y):
    return (softmax(z, 1) * SEVERITY[y]).sum(1).mean()


def leaf_aggregation(z, y, weights):
    return sum(-w * of_truth(z, y, level).log() for w, level in zip(weights, LEVELS)).mean()


def hierarchical_cross_entropy(z, y, alpha):
    steps = zip(LEVELS[:-1], LEVELS[1:])
    return sum(-math.exp(-alpha * h) * (of_truth(z, y, low) / of_truth(z, y, high)).log()
               for h, (low, high) in enumerate(steps)).mean()


def soft_labels(z, y, beta):
    return cross_entropy(z, softmax(-beta * SEVERITY / SEVERITY.max(), 1)[y])


def consistency(z, coarse):
    q = softmax(z, 1) @ torch.nn.functional.one_hot(torch.tensor(LEVELS[1])).double()
    r = softmax(coarse, 1)
    m = ((q + r) / 2).log()
    return (kl_div(m, q, reduction="none").sum(1) + kl_div(m, r, reduction="none").sum(1)).mean() / 2


def learnable_severity(z, y, log_weights):
    h = SEVERITY[y, z.detach().argmax(1)].long()
    each = -log_softmax(z, 1)[torch.arange(len(y)), y]
    weight = torch.cat([torch.zeros(1, dtype=torch.double), log_weights])[h]
    return (weight.exp() * each - h * weight).mean()


def record(name, loss, inputs, labels=None, **options):
    """Value and gradients by each of the named inputs."""
    inputs = {key: tensor.clone().requires_grad_() for key, tensor in inputs.items()}
    counted = slice(None) if labels is None else labels >= 0
    arguments = {"z": inputs["fine"][counted]}
    arguments.update({key: inputs[name] for key, name in (("coarse", "superclass"), ("log_weights", "log_weights"))
                      if name in inputs})
    if labels is not None:
        arguments["y"] = labels[counted]
    value = loss(**arguments, **options)
    value.backward()
    return {"name": name, "loss": loss.__name__, "options": options, "labels": None if labels is None else labels.tolist(),
            "inputs": {key: tensor.detach().tolist() for key, tensor in inputs.items()}, "value": value.item(),
            "gradients": {key: tensor.grad.tolist() for key, tensor in inputs.items()}}


fine = 2 * torch.randn(N, 6, dtype=torch.double)
superclass = 2 * torch.randn(N, 3, dtype=torch.double)
log_weights = torch.tensor([-0.3, 0.2, 0.9], dtype=torch.double)
labels = torch.tensor([0, 3, 4, 1, 2, 5, 5, 0])
some = torch.tensor([0, -1, 4, 1, -1, 5, 5, 0])
records = [
    record("expected severity", expected_severity, {"fine": fine}, labels),
    record("expected severity, skipped samples", expected_severity, {"fine": fine}, some),
    record("leaf aggregation", leaf_aggregation, {"fine": fine}, labels, weights=[1.0, 1.0, 1.0]),
    record("leaf aggregation, weights and skipped samples", leaf_aggregation, {"fine": fine}, some,
           weights=[1.0, 0.5, 2.0]),
    record("HXE, alpha 0.1", hierarchical_cross_entropy, {"fine": fine}, labels, alpha=0.1),
    record("HXE, alpha 0.7 and skipped samples", hierarchical_cross_entropy, {"fine": fine}, some, alpha=0.7),
    record("soft labels, beta 10", soft_labels, {"fine": fine}, labels, beta=10.0),
    record("soft labels, beta 4 and skipped samples", soft_labels, {"fine": fine}, some, beta=4.0),
    record("consistency", consistency, {"fine": fine, "superclass": superclass}),
    record("learnable severity", learnable_severity, {"fine": fine, "log_weights": log_weights}, labels),
    record("learnable severity, skipped samples", learnable_severity, {"fine": fine, "log_weights": log_weights}, some),
]
path = pathlib.Path(__file__).with_name("hierarchical_losses.json")
path.write_text("[\n" + ",\n".join(json.dumps(each) for each in records) + "\n]\n")
