"""Writes muon.json: matrices orthogonalised by five Newton-Schulz steps, and weights after 12 steps of Muon, from
PyTorch's products in float64. PyTorch 1.13 has no Muon: the optimizer is written here, from the article that it is from.

Run: /usr/bin/python3 tests/reference/make_muon.py     (numbers in the repository: PyTorch 1.13.0, float64)

Weights and gradients need no file: they are those of make_optim.py.
"""
import json
import math
import os

import torch

torch.set_default_dtype(torch.float64)
SHAPES = {"trunk.0.weight": [6, 2, 3, 3], "trunk.0.bias": [6], "trunk.1.weight": [9, 4], "heads.fine.0.weight": [5, 6],
          "heads.fine.0.bias": [5]}
STEPS = 12


def pattern(stream, index):
    """A number in [-1, 1) that any language computes exactly (all products stay below 2^53)."""
    return ((stream * 7919 + index * 104729 + 12345) % 2003) * 2.0 / 2003 - 1


def filled(stream, shape):
    return torch.tensor([pattern(stream, i) for i in range(math.prod(shape))]).reshape(shape)


def orthogonalize(matrix, steps):
    """The quintic iteration on the matrix divided by its norm; a tall one is transposed before and after."""
    x = matrix / (torch.linalg.matrix_norm(matrix) + 1e-7)
    if matrix.shape[0] > matrix.shape[1]:
        x = x.T
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


def train(rate, other_rate, momentum, nesterov, decay, others):
    """Muon for matrices, momentum SGD for the others; decay is decoupled in both and spares biases."""
    weights = [filled(t, shape) for t, shape in enumerate(SHAPES.values())]
    velocities = [torch.zeros(shape) for shape in SHAPES.values()]
    for step in range(STEPS):
        for t, (name, shape) in enumerate(SHAPES.items()):
            gradient = 0.5 * weights[t] + filled(100 + 10 * step + t, shape)
            velocities[t] = momentum * velocities[t] + gradient
            update = gradient + momentum * velocities[t] if nesterov else velocities[t]
            penalty = decay if len(shape) > 1 else 0
            if len(shape) > 1 and not (others and name.startswith(others)):
                matrix = orthogonalize(update.reshape(shape[0], -1), 5)
                factor = math.sqrt(max(1, matrix.shape[0] / matrix.shape[1]))
                weights[t] = (1 - rate * penalty) * weights[t] - rate * factor * matrix.reshape(shape)
            else:
                weights[t] = (1 - other_rate * penalty) * weights[t] - other_rate * update
    return [w.flatten().tolist() for w in weights]


MATRICES = [[3, 7], [7, 3], [5, 5], [1, 4], [12, 40]]
result = {
    "matrices": [{"shape": shape, "result": orthogonalize(filled(50 + i, shape), 5).flatten().tolist()}
                 for i, shape in enumerate(MATRICES)],
    "names": list(SHAPES), "shapes": list(SHAPES.values()), "steps": STEPS,
    "weights": {"plain": train(0.02, 0.05, 0.95, True, 0, "heads."),
                "decayed": train(0.1, 0.02, 0.8, False, 0.3, "heads."),
                "all": train(0.05, 0.1, 0.6, True, 0.1, "")}}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "muon.json"), "w") as file:
    json.dump(result, file, indent=0)
    file.write("\n")
