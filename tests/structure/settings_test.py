#!/usr/bin/env python3
"""Settings that come from config.json and from the command line together, and options that a program must not take
silently: settings_test.py build/release/examples FOLDER."""
import fcntl
import json
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios

from checks import Checks

PROGRAMS, WORK = (pathlib.Path(argument).absolute() for argument in sys.argv[1:3])
ROOT = pathlib.Path(__file__).resolve().parents[2]
check = Checks()


def run(program, arguments, status=0):
    """Standard output of a program that succeeds, standard error of one that must not."""
    done = subprocess.run([PROGRAMS / program, *map(str, arguments)], cwd=WORK, capture_output=True, text=True, timeout=240)
    check(done.returncode == status, f"{program} {arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stderr if status else done.stdout


def settings(program, *arguments):
    return json.loads(run(program, [*arguments, "--print-config"]))


def config(name, program, *arguments, **changed):
    """A file with the settings of a run, some of them changed."""
    (WORK / name).write_text(json.dumps(settings(program, "--data", "synthetic", *arguments) | changed))
    return name


def test_config():
    moved = config("moved.json", "train_multihead", trunk="base.safetensors")
    found = settings("train_multihead", "--config", moved)
    check((found["weights"], found["trunk"]) == ("", "base.safetensors"), f"the trunk of the file: {found}")
    found = settings("train_multihead", "--config", moved, "--weights", "tuned.safetensors")
    check((found["weights"], found["trunk"]) == ("tuned.safetensors", ""), f"weights in place of a trunk: {found}")

    soft = config("soft.json", "train_severity", "--loss", "soft-labels", "--label-smoothing", "0.1")
    check(settings("train_severity", "--config", soft)["label_smoothing"] == 0.1, "smoothing of the file")
    check(settings("train_severity", "--config", soft, "--loss", "leaf")["label_smoothing"] == 0, "of another loss")

    deep = config("deep.json", "train_multihead", "--network", "resnet9", "--dropout", "0.2")
    check(settings("train_multihead", "--config", deep, "--network", "resnet9")["dropout"] == 0.2, "the same network")
    check(settings("train_multihead", "--config", moved, "--network", "resnet9")["dropout"] == 0, "another network")

    found = settings("train_multihead", "--data", "synthetic", "--recipe", "best", "--head-weights", "1,0.2", "--momentum", "0.8",
                     "--no-nesterov", "--no-normalize", "--no-small-heads", "--schedule", "linear", "--class-weights", "balanced")
    asked = {"head_weights": [1, 0.2], "momentum": 0.8, "nesterov": False, "normalize": False, "small_heads": False,
             "schedule": "linear", "class_weights": "balanced"}
    check({name: found[name] for name in asked} == asked, f"every option changes its setting: {found}")
    check(settings("train_multihead", "--data", "synthetic", "--normalize")["normalize"] is True, "a switch is turned on")

    for published in sorted((ROOT / "results").glob("*/*/config.json")):
        program = json.loads(published.read_text())["program"]
        again = settings(program, "--config", published, "--data", "synthetic")
        check(again["recipe"] == json.loads(published.read_text())["recipe"], f"{published} is taken")


def test_refusals():
    small = ["--data", "synthetic", "--limit", "100"]
    for option in (["--accumulate", "2"], ["--clip-norm", "1"], ["--mixup", "0.2"]):
        error = run("train_multihead", [*small, "--find-learning-rate", *option], 1)
        check("--find-learning-rate" in error and error.count("\n") == 1, error)
    for option in (["--momentum", "0.5"], ["--nesterov"]):
        error = run("train_multihead", [*small, *option], 1)
        check(f"{option[0]}: with --optimizer adam" in error and error.count("\n") == 1, error)
    error = run("train_multihead", [*small, "--network", "severity", "--consistency", "1", "--out", "alone"], 1)
    check("--consistency" in error and not (WORK / "alone").exists(), error)
    (WORK / "ten").mkdir()
    (WORK / "ten" / "data_batch_1.bin").write_bytes(b"x")
    error = run("experiment_multihead", ["--data", "ten", "--out", "cells", "--cell", "report_90"], 1)
    check("ten holds CIFAR-10" in error and not (WORK / "cells").exists(), error)
    (WORK / "mine" / "severity").mkdir(parents=True)
    (WORK / "mine" / "severity" / "thesis.txt").write_text("mine")
    run("experiment_ablations", ["--data", "synthetic", "--out", "mine", "--cell", "severity", "--", "--dry-run"], 1)
    check((WORK / "mine" / "severity" / "thesis.txt").read_text() == "mine", "a folder of the user's is kept")


def info(path):
    """The metadata of a model file."""
    data = path.read_bytes()
    return json.loads(data[8:8 + int.from_bytes(data[:8], "little")])["__metadata__"]


def test_starting_weights():
    """A training that begins with the weights of a file sees images normalised as those of the file."""
    small = ["--data", "synthetic", "--limit", "100", "--network", "compact", "--dry-run", "--batch", "16"]
    run("train_multihead", [*small, "--normalize", "--out", "normalised"])
    run("train_multihead", [*small, "--out", "plain"])
    run("train_multihead", [*small, "--weights", "normalised/last.safetensors", "--seed", "2", "--out", "tuned"])
    run("train_multihead", [*small, "--trunk", "plain/last.safetensors", "--normalize", "--out", "moved"])
    first = info(WORK / "normalised" / "last.safetensors")["hcnn.normalization"]
    check(info(WORK / "tuned" / "last.safetensors").get("hcnn.normalization") == first, "the normalisation of the file")
    check("hcnn.normalization" not in info(WORK / "moved" / "last.safetensors"), "none where the file has none")


def test_patience():
    """--patience watches --monitor and ends with the weights of the best epoch."""
    out = run("train_multihead", ["--data", "synthetic", "--limit", "100", "--network", "compact", "--batch", "16",
                                  "--learning-rate", "1e-9", "--schedule", "constant", "--epochs", "60", "--patience", "2",
                                  "--monitor", "val.group.macro_f1", "--out", "patient"])
    check("no better val.group.macro_f1 for 2 epochs" in out or "weights of epoch" in out, out)
    rows = (WORK / "patient" / "history.csv").read_text().splitlines()
    best = max(range(1, len(rows)), key=lambda i: float(rows[i].split(",")[rows[0].split(",").index("val.group.macro_f1")]))
    check(len(rows) == best + 3 and f"weights of epoch {best}" in out, f"{len(rows) - 1} epochs: {out}")


def test_limits():
    small = ["--data", "synthetic", "--limit", "100", "--network", "compact", "--batch", "16", "--epochs", "1"]
    run("train_multihead", [*small, "--limit-batches", "3", "--out", "three"])
    check(len((WORK / "three" / "steps.csv").read_text().splitlines()) == 4, "--limit-batches 3: three steps")
    done = subprocess.run([PROGRAMS / "train_multihead", *small, "--time-limit", "0.0001", "--out", "short"], cwd=WORK,
                          capture_output=True, text=True, timeout=240)
    check("stopped: time limit" in done.stderr and (WORK / "short" / "history.csv").exists(), done.stderr)


def test_terminal():
    """On a terminal of 60 columns the bar is at most 59 wide and is erased at the end of the epoch."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    program = subprocess.Popen([PROGRAMS / "train_multihead", *"--data synthetic --limit 100 --network compact --batch 16 "
                                "--dry-run --out terminal".split()], cwd=WORK, stdout=slave, stderr=slave, stdin=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    check(program.wait() == 0, shown)
    text = shown.decode()
    bars = [line for line in re.split(r"[\r\n]+", text) if re.match(r"epoch 1/1 \[", line)]
    check([bar[:43] for bar in bars] == ["epoch 1/1 [##########..........] 1/2  loss ",
                                         "epoch 1/1 [####################] 2/2  loss "][:len(bars)] and len(bars) == 2,
          f"two steps, two bars: {bars}")
    check(all(bar.endswith("\x1b[K") and len(bar) <= 59 + 3 for bar in bars), f"no bar is wider than the terminal: {bars}")
    check("\r\x1b[Kepoch 1/1  train loss" in text, "the bar is erased before the line of the epoch")


shutil.rmtree(WORK, ignore_errors=True)
WORK.mkdir(parents=True)
test_config()
test_refusals()
test_starting_weights()
test_patience()
test_limits()
test_terminal()
print("settings:", check.verdict())
sys.exit(check.failed > 0)
