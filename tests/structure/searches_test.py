#!/usr/bin/env python3
"""search_hyperparameters and an experiment, with trainings of two batches: what they leave behind, that what has ended is
not run again, and that a search that is stopped or killed goes on to the same table.

searches_test.py build/release/examples FOLDER
"""
import csv
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from checks import Checks

PROGRAMS, WORK = (pathlib.Path(argument).absolute() for argument in sys.argv[1:3])
TINY = "-- --dry-run --network compact --limit 200 --batch 16".split()
check = Checks()


def start(program, arguments):
    return subprocess.Popen([PROGRAMS / program, *arguments], cwd=WORK, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def run(program, arguments, status=0):
    process = start(program, arguments)
    output = process.communicate(timeout=240)[0]
    check(process.returncode == status, f"{program} {' '.join(arguments)}: {process.returncode}\n{output}")
    return output


def table(folder):
    """Rows of trials.csv without the seconds."""
    with (WORK / folder / "trials.csv").open() as file:
        rows = list(csv.reader(file))
    seconds = rows[0].index("seconds")
    return [row[:seconds] + row[seconds + 1:] for row in rows]


def ended(folder):
    path = WORK / folder / "trials.csv"
    return len(path.read_text().splitlines()) - 1 if path.exists() else 0


def search(folder, more=()):
    values = "--values learning-rate=0.01,0.1 --values dropout=0.1,0.3".split()
    return ["--data", "synthetic", "--method", "grid", *values, "--epochs", "1", "--out", folder, *more, *TINY]


def test_grid():
    output = run("search_hyperparameters", search("grid"))
    rows = table("grid")
    check([row[1:3] for row in rows[1:]] == [["0.01", "0.1"], ["0.01", "0.3"], ["0.1", "0.1"], ["0.1", "0.3"]], rows)
    check(all("finished" in row for row in rows[1:]), rows)
    check("best: val.fine.top1" in output and "train_multihead --data synthetic" in output, output)
    for name in ("search.json", "search.png", "report.html", "trials/004/metrics.json"):
        check((WORK / "grid" / name).exists(), name)
    before = table("grid")
    output = run("search_hyperparameters", ["--out", "grid", "--resume"])
    check("\ntrial " not in output and table("grid") == before, "what has ended is not run again")
    output = run("search_hyperparameters", ["--out", "grid", "--resume", "--metric", "val.loss"], 1)
    check(output.count("\n") == 1 and "the search has" in output, output)


def test_stopped(number, first):
    """Stopped once some trials have ended, then resumed: the same table as without."""
    folder = f"stopped_{first.name}"
    process = start("search_hyperparameters", search(folder))
    while ended(folder) < number and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(first)
    process.communicate(timeout=120)
    check(process.returncode == (130 if first == signal.SIGINT else -9), f"{folder}: {process.returncode}")
    check(ended(folder) < 4, f"{folder}: {ended(folder)} of 4 had ended")
    run("search_hyperparameters", ["--out", folder, "--resume"])
    check(table(folder) == table("grid"), table(folder))


def test_halving():
    run("search_hyperparameters", "--data synthetic --method halving --trials 4 --epochs 2 --eta 2 --seed 3 --out halving "
        "--range learning-rate=0.001:0.1:log --metric val.loss --jobs 1".split() + TINY)
    rows = table("halving")
    check([row[2] for row in rows[1:]] == ["1"] * 4 + ["2"] * 2, rows)
    loss = {row[0]: float(row[3]) for row in rows[1:5]}
    check([row[0] for row in rows[5:]] == sorted(sorted(loss, key=loss.get)[:2]), "the two lowest losses go on")
    check(all(0.001 <= float(row[1]) <= 0.1 for row in rows[1:]), rows)


def test_folder():
    run("draw_conveyor", "--out belt --train 3 --test 1 --size 16".split())
    asked = "--program train_folder --data belt/train --method grid --values dropout=0,0.3 --epochs 1 --out folder".split()
    own = "-- --dry-run --network compact --size 16 --batch 16 --validation 0.34".split()
    output = run("search_hyperparameters", asked + own)
    check([row[1] for row in table("folder")[1:]] == ["0", "0.3"], table("folder"))
    check(f"train_folder {WORK / 'belt' / 'train'} --seed 1" in output, output)
    output = run("search_hyperparameters", ["--out", "folder", "--resume"])
    check("\ntrial " not in output, "what has ended is not run again")
    named = "--program train_folder --data belt/train --method grid --values dropout=0 --epochs 1 --out named".split()
    output = run("search_hyperparameters", named + own + ["--hierarchy", "belt/hierarchy.csv"])
    check("best: val.part.top1" in output, output)
    output = run("search_hyperparameters", named[:-1] + ["none"] + own + ["--ema", "0.9"], 1)
    check("--ema: the metric is measured before" in output or "--ema; the metric is measured before" in output, output)
    asked[3] = "nowhere"
    output = run("search_hyperparameters", asked + own, 1)
    check("--data: 'nowhere'; train_folder needs a folder" in output and output.count("\n") == 1, output)


def test_synthetic_defaults():
    """The built-in images have a one-cycle schedule of their own: a search takes what the program takes."""
    asked = "--data synthetic --method grid --values warm-up=0.1,0.3 --epochs 1 --out warm".split()
    run("search_hyperparameters", asked + TINY)
    check(len(table("warm")) == 3, table("warm"))


def test_failing():
    output = run("search_hyperparameters", "--data missing --method grid --values dropout=0.1 --out failing".split() + TINY, 1)
    check("missing" in output and "1 of 1 trials failed" in output, output)


def test_experiment():
    tiny = "-- --dry-run --limit 200 --batch 16".split()
    cells = "--cell report_90_ce --cell report_90_readme --cell extra_90_readme".split()
    output = run("experiment_severity", ["--data", "synthetic", "--out", "cells", *cells, *tiny])
    results = WORK / "cells" / "results"
    with (results / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    said = "{cell}: test {test fine %} / {superclass %} / {group %} % fine / superclass / group, " \
           "train {train fine %} % fine, HD@1 {HD@1}, MS {MS}\n"
    check(all(said.format(**row) in output for row in rows), output)
    check([row["cell"] for row in rows] == ["report_90_ce", "report_90_readme", "extra_90_readme"], rows)
    for row in rows:
        metrics = json.loads((results / row["cell"] / "metrics.json").read_text())
        check(row["test fine %"] == f"{100 * metrics['test']['fine']['top1']:.2f}", row)
        with (results / row["cell"] / "confusion_fine.csv").open() as file:
            counts = [[int(value) for value in line[1:]] for line in list(csv.reader(file))[1:]]
        right = sum(counts[i][i] for i in range(len(counts)))
        check(str(right) == row["correct"], f"{row['cell']}: {right} right in the confusion, {row['correct']} in the table")
    config = json.loads((results / "extra_90_readme" / "config.json").read_text())
    check(config["weights"] == "report_90_ce/last.safetensors" and "data_folder" not in config, config)
    check((results / "losses_90_severity.png").exists() and (results / "table.md").exists(), "pictures and table.md")
    written = (results / "report_90_ce" / "history.csv").stat().st_mtime_ns
    run("experiment_severity", ["--data", "synthetic", "--out", "cells", *cells, *tiny])
    check((results / "report_90_ce" / "history.csv").stat().st_mtime_ns == written, "finished cells are skipped")
    other = ["--data", "synthetic", "--out", "cells", "--cell", "report_90_ce", *tiny, "--limit", "150"]
    other.remove("200"), other.remove("--limit")
    output = run("experiment_severity", other, 1)
    check("made by train_severity" in output and output.count("\n") == 1, output)
    output = run("experiment_severity", [*other[:2], "--results", "elsewhere", *other[2:]], 1)
    check("report_90_ce: failed" in output and "the run has 200" in output, "a run folder is not taken for another cell's")
    check(not (WORK / "elsewhere" / "report_90_ce").exists(), "what failed is not published")
    output = run("experiment_severity", "--data synthetic --out apart --cell extra_90_ce".split() + tiny, 1)
    check("has to be run first" in output and not (WORK / "apart").exists(), output)
    shutil.rmtree(results / "report_90_ce")  # its run folder is there, but whose run it is nobody knows
    output = run("experiment_severity", "--data synthetic --out cells --cell extra_90_ce".split() + tiny, 1)
    check("report_90_ce holds no finished run" in output and output.count("\n") == 1, output)
    output = run("experiment_severity", "--data synthetic --out apart -- --learning-rate -1".split(), 1)
    check("learning-rate" in output and output.count("\n") == 1 and not (WORK / "apart").exists(), output)
    output = run("experiment_severity", ["--list"])
    check(output.count("train_severity") == 21, output)


def test_summary():
    """One loss with decision rules on it, and a trunk that is moved to other classes."""
    tiny = "-- --dry-run --batch 16 --network compact".split()
    run("experiment_hierarchy",
        ["--data", "synthetic", "--out", "tree", "--cell", "ce_seed_1", "--cell", "leaf_seed_1", *tiny])
    results = WORK / "tree" / "results"
    with (results / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    rules = ["", " + crm", " + temperature + crm", " + flip", " + flip + temperature + crm"]
    check([row["measurement"] for row in rows] == [loss + rule for loss in ("ce", "leaf") for rule in rules] + ["guessing"]
          and all(row["seeds"] == "1" for row in rows[:-1]), rows)
    check([row["compared with"] for row in rows] == ["-"] + 4 * ["ce"] + ["ce"] + 4 * ["leaf"] + ["-"], rows)
    figures = [json.loads((results / f"{loss}_seed_1" / "metrics.json").read_text())["test"] for loss in ("ce", "leaf")]
    gained = 100 * (figures[1]["fine"]["top1"] - figures[0]["fine"]["top1"])
    less = figures[0]["severity"]["hd1"] - figures[1]["severity"]["hd1"]
    check(rows[5]["fine % more"] == f"{gained:.2f}" and rows[5]["HD@1 less"] == f"{less:.4f}", rows[5])
    check(rows[-1]["MS"] == "2.8384" and rows[-1]["fine %"] == "1.00", rows[-1])
    file = results / "leaf_seed_1" / "rules.json"
    measured = file.read_bytes()
    rules = json.loads(measured)
    check("conditional_risk" in rules["crm"]["rule"] and "temperature(fine" in rules["temperature + crm"]["rule"], rules)
    file.unlink()  # as of a cell that was published before there were rules
    output = run("experiment_hierarchy", ["--data", "synthetic", "--out", "tree", "--cell", "leaf_seed_1", *tiny])
    check("leaf_seed_1: measuring decision rules" in output and file.read_bytes() == measured, output)
    tiny = "-- --dry-run".split()
    cells = "--cell base_seed_1 --cell novel_10000_frozen_seed_1".split()
    run("experiment_transfer", ["--data", "synthetic", "--out", "moved", *cells, *tiny])
    metrics = json.loads((WORK / "moved" / "results" / "novel_10000_frozen_seed_1" / "metrics.json").read_text())
    check(metrics["parameters"]["trainable"] == 20 * 321, metrics["parameters"])


shutil.rmtree(WORK, ignore_errors=True)
WORK.mkdir(parents=True)
test_grid()
test_stopped(1, signal.SIGINT)
test_stopped(2, signal.SIGKILL)
test_halving()
test_folder()
test_synthetic_defaults()
test_failing()
test_experiment()
test_summary()
print("searches_test:", check.verdict())
sys.exit(check.failed > 0)
