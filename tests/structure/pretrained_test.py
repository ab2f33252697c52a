#!/usr/bin/env python3
"""The pretrained network: pretrained_test.py answers PROGRAMS PRETRAINED PICTURE, pretrained_test.py figures ...

answers: right after the build predict_image uses it without being told to, and the file holds no path of the machine it
was made on. figures: evaluate_model gives those that are published beside it; needs CIFAR-100 and a processor with AVX2,
else exit status 77. AVX2 and AVX-512 give the same bits here; the portable path rounds differently, which moves HD@5 by
the rank of one class.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys

PROGRAMS, PRETRAINED, PICTURE = (pathlib.Path(argument).absolute() for argument in sys.argv[2:5])
MODEL = PRETRAINED / "compact_cifar100.safetensors"
METRICS = MODEL.with_suffix(".json")
LARGEST = 6_000_000  # bytes


def run(program, *arguments):
    return subprocess.run([PROGRAMS / program, *arguments], check=True, stdout=subprocess.PIPE, text=True,
                          env=os.environ | {"HCNN_ISA": "avx2"}).stdout


def header():
    with MODEL.open("rb") as file:
        return json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))


def answers():
    size = MODEL.stat().st_size
    assert size <= LARGEST, f"{size} bytes"
    notes = header()["__metadata__"]["hcnn.notes"]
    assert "/" not in notes, notes

    named = json.loads(run("predict_image", PICTURE, "--json"))
    (picture,) = named
    assert picture["picture"] == str(PICTURE) and len(picture["predictions"]) == 5, picture
    assert set(picture["predictions"][0]) == {"probability", "fine", "superclass", "group"}, picture
    assert named == json.loads(run("predict_image", MODEL, PICTURE, "--json")), "another network by its name"
    return 0


def difference(published, measured, where="test"):
    """The first figure that differs, or None: counts must be equal, and other numbers to 1e-7."""
    if isinstance(published, list) and isinstance(measured, list):
        published, measured = dict(enumerate(published)), dict(enumerate(measured))
    if isinstance(published, dict):
        if not isinstance(measured, dict) or published.keys() != measured.keys():
            return f"{where}: {published} published, {measured} measured"
        differences = (difference(published[key], measured[key], f"{where}.{key}") for key in published)
        return next(filter(None, differences), None)
    same = abs(published - measured) <= 1e-7 if isinstance(published, float) else published == measured
    return None if same else f"{where}: {published} published, {measured} measured"


def figures():
    if "HCNN_CIFAR100_DIR" not in os.environ:
        print("SKIPPED: the published figures, for want of CIFAR-100 (HCNN_CIFAR100_DIR)")
        return 77
    if " avx2 " not in pathlib.Path("/proc/cpuinfo").read_text():
        print("SKIPPED: the published figures, for want of AVX2")
        return 77
    wrong = difference(json.loads(METRICS.read_text()), json.loads(run("evaluate_model", MODEL, "--json")))
    assert wrong is None, wrong
    return 0


sys.exit({"answers": answers, "figures": figures}[sys.argv[1]]())
