#!/usr/bin/env python3
"""Options of the training programs that must change what is computed: options_test.py build/release/examples FOLDER."""
import pathlib
import shutil
import subprocess
import sys

from checks import Checks

PROGRAMS, WORK = (pathlib.Path(argument).absolute() for argument in sys.argv[1:3])
check = Checks()


def losses(program, *options):
    """steps.csv of three batches of a training."""
    losses.runs += 1
    folder = f"run_{losses.runs}"
    batch = [] if "--batch" in options else ["--batch", "16"]
    subprocess.run([PROGRAMS / program, "--data", "synthetic", "--limit", "100", "--network", "compact", "--epochs", "1",
                    "--limit-batches", "3", *batch, *options, "--out", folder], cwd=WORK, capture_output=True, check=True,
                   timeout=240)
    text = (WORK / folder / "steps.csv").read_text()
    shutil.rmtree(WORK / folder)
    return text


losses.runs = 0


def test_options_take_effect():
    """These options of a training change the losses of its first three steps; --threads changes none."""
    plain = losses("train_multihead")
    check(losses("train_multihead", "--threads", "1") == plain, "--threads changes bits")
    for option in ("--activation leaky_relu", "--init xavier", "--dropout 0.9", "--small-heads", "--no-batch-norm",
                   "--optimizer sgd", "--weight-decay 10", "--label-smoothing 0.5", "--head-weights 1,0",
                   "--clip-norm 0.001", "--accumulate 2", "--augment crop-flip", "--normalize", "--erase 1", "--mixup 1",
                   "--consistency 1", "--batch 8", "--schedule constant", "--warm-up 0.9", "--trunk-rate 0"):
        check(losses("train_multihead", *option.split()) != plain, f"{option} changes nothing")
    for base, option in (("--optimizer sgd", "--momentum 0.1"), ("--optimizer sgd", "--nesterov"),
                         ("--optimizer muon", "--other-learning-rate 1"), ("--augment crop-flip", "--flip alternating"),
                         ("--schedule hold-linear", "--hold 0")):
        check(losses("train_multihead", *base.split()) != losses("train_multihead", *base.split(), *option.split()),
              f"{option} changes nothing beside {base}")
    plain = losses("train_severity")
    bases = {loss: losses("train_severity", "--loss", loss)
             for loss in ("report", "readme", "learnable", "expected", "hxe", "soft-labels", "leaf")}
    for loss, text in bases.items():
        check(text != plain, f"--loss {loss} changes nothing")
    for loss, option in (("report", "--severity-3 30"), ("readme", "--alpha 9"), ("expected", "--expected-weight 9"),
                         ("hxe", "--hxe-alpha 2"), ("soft-labels", "--beta 1")):
        check(losses("train_severity", "--loss", loss, *option.split()) != bases[loss],
              f"{option} changes nothing in --loss {loss}")


shutil.rmtree(WORK, ignore_errors=True)
WORK.mkdir(parents=True)
test_options_take_effect()
print(f"options: {losses.runs} short trainings,", check.verdict())
sys.exit(check.failed > 0)
