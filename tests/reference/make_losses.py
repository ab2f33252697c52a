"""Writes losses.json: values and gradients of PyTorch's cross-entropy, and of the severity forms written with it.

Run: python3 tests/reference/make_losses.py        (PyTorch 1.13, double precision)
"""
import json
import pathlib

import torch
from torch.nn.functional import cross_entropy

torch.manual_seed(1)
N, K = 6, 5


def case(name, logits, labels, probabilities=None, costs=None, form=None, correct_weight=1.0, alpha=1.0, **options):
    """One record: the inputs, the mean loss and its gradient with respect to the logits."""
    z = logits.double().clone().requires_grad_()
    weight = options.get("class_weights")
    smoothing = options.get("label_smoothing", 0.0)
    if costs is None:
        target = labels if probabilities is None else probabilities
        extra = {} if probabilities is not None else {"ignore_index": -1}
        value = cross_entropy(z, target, weight=weight, label_smoothing=smoothing, **extra)
    else:
        counted = labels >= 0
        rows, truth = z[counted], labels[counted]
        each = cross_entropy(rows, truth, label_smoothing=smoothing, reduction="none")
        predicted = rows.detach().argmax(1)
        cost = costs[truth, predicted]
        if form == "report":
            factor = torch.where(predicted == truth, torch.full_like(cost, correct_weight), cost)
        else:
            factor = alpha + cost
        value = (each * factor).mean()
    value.backward()
    as_list = lambda tensor: None if tensor is None else tensor.tolist()
    return {"name": name, "logits": as_list(z.detach()), "labels": as_list(labels),
            "probabilities": as_list(probabilities), "class_weights": as_list(weight), "label_smoothing": smoothing,
            "costs": as_list(costs), "form": form, "correct_weight": correct_weight, "alpha": alpha,
            "value": value.item(), "gradient": as_list(z.grad)}


logits = 2 * torch.randn(N, K, dtype=torch.double)
labels = torch.tensor([0, 3, 4, 1, 2, 3])
some = torch.tensor([0, -1, 4, 1, -1, 3])
soft = torch.softmax(torch.randn(N, K, dtype=torch.double), 1)
weights = torch.tensor([0.5, 2.0, 0.0, 1.25, 3.0], dtype=torch.double)
costs = torch.rand(K, K, dtype=torch.double) * 3
mixed = logits.clone()
mixed[torch.arange(0, N, 2), labels[::2]] += 8  # every second prediction is right
cases = [
    case("labels", logits, labels),
    case("label smoothing", logits, labels, label_smoothing=0.1),
    case("class weights", logits, labels, class_weights=weights),
    case("class weights and label smoothing", logits, labels, class_weights=weights, label_smoothing=0.2),
    case("skipped samples", logits, some),
    case("skipped samples, class weights and label smoothing", logits, some, class_weights=weights,
         label_smoothing=0.1),
    case("soft targets", logits, labels, probabilities=soft),
    case("soft targets and label smoothing", logits, labels, probabilities=soft, label_smoothing=0.1),
    case("logits of 1e4", 1e4 * torch.sign(logits), labels),
    case("equal logits", torch.full((N, K), 3.0), labels),
    case("severity, report", mixed, labels, costs=costs, form="report"),
    case("severity, report, correct weight 0.25", mixed, labels, costs=costs, form="report", correct_weight=0.25),
    case("severity, report, skipped samples", mixed, some, costs=costs, form="report"),
    case("severity, readme", mixed, labels, costs=costs, form="readme"),
    case("severity, readme, alpha 0.5 and label smoothing", mixed, labels, costs=costs, form="readme", alpha=0.5,
         label_smoothing=0.1),
    case("severity, readme, skipped samples", mixed, some, costs=costs, form="readme"),
]
path = pathlib.Path(__file__).with_name("losses.json")
path.write_text("[\n" + ",\n".join(json.dumps(each) for each in cases) + "\n]\n")
