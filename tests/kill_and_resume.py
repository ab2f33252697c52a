#!/usr/bin/env python3
"""Kills a training with SIGKILL at random moments, resumes it each time, and compares what it ends with, bit for bit, with
an undisturbed run: models, history, steps, metrics, tables and the whole checkpoint, wall-clock times excepted.

kill_and_resume.py build/release/examples/train_multihead [--kills 20] [--stops 2] [--seed 1] [-- options of the program]

Where a run ends before all kills are done, the next one begins. Some stops are SIGINT, SIGTERM and SIGHUP instead, each
twice at once, as `timeout` sends them: they must save and end with status 130, 143 and 129. Exit status 0: all runs ended
alike, and every kind of stop was seen to work.
"""
import argparse
import csv
import json
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

OPTIONS = "--data synthetic --network compact --limit 400 --epochs 3 --batch 16 --checkpoint-every 0.5".split()
CLOCK = ("at.seconds", "at.total_seconds", "history.values")  # of resume.safetensors: they hold wall-clock times
STATUS = {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def read_safetensors(path):
    """Metadata and the bytes of each array; the checksum left out."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    metadata = header.pop("__metadata__")
    metadata.pop("hcnn.crc32")
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = content[8 + length + begin:8 + length + end]
    return metadata, arrays


def position(folder):
    """Where the checkpoint stands: "epoch 2, step 7"."""
    path = folder / "resume.safetensors"
    if not path.exists():
        return "nothing saved"
    arrays = read_safetensors(path)[1]
    number = lambda name: struct.unpack("<q", arrays[name])[0]
    return f"epoch {number('at.epoch')}, step {number('at.step')}"


def comparable(path):
    """The content of a file of a run folder without wall-clock times, or None for a file that shows them to people."""
    if path.name == "history.csv":
        return [row[:2] + row[3:] for row in csv.reader(path.open())]
    if path.name == "metrics.json":
        return {key: value for key, value in json.loads(path.read_text()).items() if key != "seconds"}
    if path.name == "resume.safetensors":
        metadata, arrays = read_safetensors(path)
        return metadata, {name: data for name, data in arrays.items() if name not in CLOCK}
    return None if path.name == "report.html" else path.read_bytes()


def differences(run, reference):
    """Names of the files that are not the same in both folders."""
    names = {path.name for folder in (run, reference) for path in folder.iterdir()}
    for name in sorted(names):
        if not ((run / name).exists() and (reference / name).exists()):
            yield f"{name} (missing in one)"
        elif comparable(run / name) != comparable(reference / name):
            yield name


def main():
    usage = "%(prog)s program [--kills N] [--stops N] [--seed N] [-- options of the program]"
    parser = argparse.ArgumentParser(usage=usage, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=20, help="SIGKILLs in all")
    parser.add_argument("--stops", type=int, default=2, help="SIGINTs, and as many SIGTERMs and SIGHUPs")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    arguments = parser.parse_args(words[:end])
    options = words[end + 1:] or OPTIONS
    chance = random.Random(arguments.seed)
    signals = [signal.SIGKILL] * arguments.kills + [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] * arguments.stops
    chance.shuffle(signals)

    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        log = (root / "log").open("a+")

        def start(folder, first):
            more = options if first else ["--resume"]
            return subprocess.Popen([arguments.program, *more, "--out", str(folder)], stdout=log, stderr=log)

        reference = root / "undisturbed"
        begin = time.monotonic()
        if start(reference, True).wait() != 0:
            log.seek(0)
            sys.exit(log.read())
        whole = time.monotonic() - begin
        print(f"undisturbed: {whole:.1f} s, {' '.join(options)}", flush=True)

        failed, number, done, late, seen = False, 0, 0, 0, set()
        while signals or number == 0:
            number += 1
            run, finished = root / f"run{number}", False
            while not finished:
                # A run that was killed before it had written its config.json is begun again.
                process = start(run, not (run / "config.json").exists())
                delay = chance.uniform(0.02, 0.6) * whole
                try:
                    status = process.wait(timeout=delay if signals else None)
                except subprocess.TimeoutExpired:
                    kind = signals.pop()
                    for _ in range(1 if kind == signal.SIGKILL else 2):
                        process.send_signal(kind)
                    status = process.wait()
                    done += 1
                    print(f"run {number}, stop {done}: {kind.name} after {delay:.2f} s, status {status}; "
                          f"saved: {position(run)}", flush=True)
                    if status == STATUS[kind]:
                        if kind != signal.SIGKILL or position(run) != "nothing saved":
                            seen.add(kind)
                        continue
                    # A signal that comes after the last step stops nothing: another run gets one of its kind.
                    failed = failed or status != 0
                    late += 1
                    if late < 20:
                        signals.insert(0, kind)
                finished = True
                if status != 0:
                    log.seek(0)
                    sys.exit(f"run {number} ended with status {status}:\n{log.read()[-2000:]}")
            wrong = list(differences(run, reference))
            failed = failed or bool(wrong)
            print(f"run {number} ended: " + ("DIFFERS in " + ", ".join(wrong) if wrong else "every file as undisturbed"),
                  flush=True)
        wanted = {signal.SIGKILL} if arguments.kills >= 10 else set()  # a few may all come before the first checkpoint
        wanted |= {signal.SIGINT, signal.SIGTERM, signal.SIGHUP} if arguments.stops else set()
        if wanted - seen:
            failed = True
            print("never seen to stop a training in its midst: " + ", ".join(kind.name for kind in wanted - seen))
        before = {path.name: path.read_bytes() for path in run.iterdir()}
        status = start(run, False).wait()
        same = before == {path.name: path.read_bytes() for path in run.iterdir()}
        print(f"resuming the finished run: status {status}, " + ("nothing changed" if same else "FILES CHANGED"))
        failed = failed or status != 0 or not same
    print("FAILED" if failed else f"R6: {done} kills and stops, each resumed to the same files")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
