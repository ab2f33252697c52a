"""Writes optim.json: weights after 20 optimizer steps and learning rates of schedules, as PyTorch computes them.

Run: /usr/bin/python3 tests/reference/make_optim.py     (numbers in the repository: PyTorch 1.13.0, float64)

Weights and gradients need no file: value i of tensor t is pattern(t, i), and the gradient of step s is
0.5 * w + pattern(100 + 10 * s + t, i): it depends on the weights, so that a wrong step changes all that follow.
"""
import json
import math
import os
import warnings

import torch
from torch.optim import lr_scheduler as schedulers

warnings.simplefilter("ignore")
torch.set_default_dtype(torch.float64)
SHAPES = [[3, 4], [5], [2, 1, 3, 3]]
STEPS = 20


def pattern(stream, index):
    """A number in [-1, 1) that any language computes exactly (all products stay below 2^53)."""
    return ((stream * 7919 + index * 104729 + 12345) % 2003) * 2.0 / 2003 - 1


def filled(stream, shape):
    return torch.tensor([pattern(stream, i) for i in range(math.prod(shape))]).reshape(shape)


def run_optimizer(make, max_norm=None):
    params = [torch.nn.Parameter(filled(t, shape)) for t, shape in enumerate(SHAPES)]
    optimizer = make(params)
    norms = []
    for step in range(STEPS):
        for t, param in enumerate(params):
            param.grad = 0.5 * param.detach() + filled(100 + 10 * step + t, SHAPES[t])
        if max_norm is not None:
            norms.append(float(torch.nn.utils.clip_grad_norm_(params, max_norm)))
        optimizer.step()
    return {"weights": [p.detach().flatten().tolist() for p in params], "norms": norms}


def rates(make, steps, base=0.1, metrics=None):
    """The learning rate of each of `steps` steps; a step of the schedule follows each."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    schedule = make(optimizer)
    seen = []
    for i in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if metrics is None:
            schedule.step()
        else:
            schedule.step(metrics[i])
    return seen


def one_cycle(strategy, warm_up, steps):
    make = lambda o: schedulers.OneCycleLR(o, 0.1, total_steps=steps + 1, pct_start=warm_up, anneal_strategy=strategy,
                                           cycle_momentum=False)
    return rates(make, steps + 1)


def sequence(optimizer):
    parts = [schedulers.LinearLR(optimizer, start_factor=0.1, total_iters=4),
             schedulers.StepLR(optimizer, 3, 0.5),
             schedulers.CosineAnnealingLR(optimizer, 10, eta_min=0.01)]
    return schedulers.SequentialLR(optimizer, parts, milestones=[4, 12])


def warm_up_product(optimizer):
    return schedulers.ChainedScheduler([schedulers.LinearLR(optimizer, start_factor=0.25, total_iters=6),
                                        schedulers.MultiStepLR(optimizer, [4, 9], 0.3)])


# Falls, stalls, improves by less and by more than the threshold, turns to NaN, and stalls for long.
METRICS = [1.0, 0.8, 0.8, 0.79999, 0.81, 0.7, 0.75, 0.72, 0.71, 0.73, 0.74, 0.5, 0.5, math.nan, 0.52, 0.53,
           0.4999, 0.55, 0.54, 0.53, 0.56, 0.57, 0.58, 0.59, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]


def plateau(**options):
    return rates(lambda o: schedulers.ReduceLROnPlateau(o, **options), len(METRICS), metrics=METRICS)


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd_decay": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.03),
    "sgd_momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "sgd_nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "sgd_nesterov_decay": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.03),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "adam_l2": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.03),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01),
    "adamw_decay": lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.3),
}

SCHEDULES = {
    "step": rates(lambda o: schedulers.StepLR(o, 3, 0.5), 20),
    "multi_step": rates(lambda o: schedulers.MultiStepLR(o, [4, 9, 15], 0.3), 20),
    "cosine": rates(lambda o: schedulers.CosineAnnealingLR(o, 20, eta_min=0.01), 20),
    "one_cycle_cosine": one_cycle("cos", 0.3, 39),
    "one_cycle_linear": one_cycle("linear", 0.15, 39),
    "one_cycle_short": one_cycle("cos", 0.3, 4),
    "linear_warm_up": rates(lambda o: schedulers.LinearLR(o, start_factor=0.1, total_iters=6), 12),
    "warm_up_product": rates(warm_up_product, 20),
    "sequence": rates(sequence, 22),
    "plateau": plateau(factor=0.1, patience=2),
    "plateau_cooldown": plateau(factor=0.5, patience=1, cooldown=3, threshold=0.05),
    "plateau_floor": plateau(factor=0.2, patience=0, min_lr=0.003),
    "plateau_least_change": plateau(factor=1e-4, patience=0),
    "plateau_larger": plateau(factor=0.1, patience=3, mode="max"),
}

numbers = {name: run_optimizer(make) for name, make in OPTIMIZERS.items()}
numbers["clip"] = run_optimizer(OPTIMIZERS["sgd_momentum"], max_norm=2.5)
result = {"shapes": SHAPES, "steps": STEPS, "optimizers": numbers, "schedules": SCHEDULES,
          "metrics": ["nan" if math.isnan(m) else m for m in METRICS]}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optim.json"), "w") as file:
    json.dump(result, file, indent=0)
    file.write("\n")
