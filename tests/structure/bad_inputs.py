#!/usr/bin/env python3
"""Feeds every file of the fuzz corpus, and files that no repository can hold, to the programs that read such files.

bad_inputs.py PROGRAMS CORPUS WORK

A program either refuses its input, with one line on standard error that names file and reason and an exit status that is
not 0, or does its work. Either way: no crash, at most 100 ms of processor time and 64 MB of memory where it refuses,
nothing on disk changed, and no control character on standard output or error. Prints the largest figures.
"""
import hashlib
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

SECONDS, MEGABYTES = 0.1, 64
MODEL = "model_file/good"  # reads pictures; its classes are cat and dog


class Bad:
    """Runs programs in a folder and counts what is not as it must be."""

    def __init__(self, programs, work):
        self.programs, self.work = programs, work
        self.runs, self.refused, self.wrong = 0, 0, []
        self.slowest, self.largest = (0.0, ""), (0.0, "")
        self.user = self.as_user()

    @staticmethod
    def as_user():
        """What begins a command that may read only what its permissions say: for root, who may read everything, setpriv."""
        if os.geteuid() != 0:
            return []
        command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
        done = subprocess.run([*command, "true"], capture_output=True) if shutil.which("setpriv") else None
        return command if done and done.returncode == 0 else None

    def state(self):
        """Every file of the folder with its content and time: what may not change."""
        listing = {}
        for path in sorted(self.work.rglob("*")):
            status = path.lstat()
            small = path.is_file() and not path.is_symlink() and status.st_size < 1 << 20
            listing[str(path)] = (status.st_mtime_ns, status.st_size,
                                  hashlib.sha256(path.read_bytes()).digest() if small and os.access(path, os.R_OK) else b"")
        return listing

    def measured(self, arguments, environment, user):
        """Exit status, both outputs, processor time in s and memory in MB of a program."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
            child = subprocess.Popen([*user, self.programs / arguments[0], *arguments[1:]], cwd=self.work, stdout=out, stderr=error,
                                     stdin=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"} | environment)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), error.seek(0)
            return (child.returncode, out.read(), error.read(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)

    def run(self, *arguments, names="", must_refuse=True, environment=None, quick=True, user=()):
        """One run that must be refused, or else must be taken. Where it is refused, `names` must be in the line on
        standard error, or one of several with "|" between them. Not `quick`: images are drawn before it is refused.
        `user`: see as_user."""
        before = self.state()
        status, out, error, seconds, megabytes = self.measured([*arguments], environment or {}, user)
        text = " ".join(os.fsdecode(argument) for argument in arguments).encode("utf-8", "surrogateescape")
        what = f"{text.decode(errors='replace')!r:.200}"
        self.runs += 1

        def check(holds, claim):
            if not holds:
                self.wrong.append(f"{what}: {claim}; status {status}, {error[:300]!r}")

        check(status >= 0, "it crashed")
        check((status != 0) == must_refuse, "it was refused" if status else "it was taken")
        check(not any(byte < 32 and byte not in b"\n\t" or byte == 127 for byte in out + error.replace(b"\r", b"")),
              "a control character in the output")
        check(not any(b"\xc2" + bytes([code]) in out + error for code in range(0x80, 0xa0)), "U+0080 to U+009F in the output")
        check(self.state() == before, "files were changed")
        if status == 0:
            return
        self.refused += 1
        check(error.count(b"\n") == 1 and error.endswith(b"\n"), "not one line on standard error")
        check(any(name.encode() in error for name in names.split("|")), f"the line does not name {names!r}")
        check(error.count(b": ") >= 1 and len(error) > 20, "the line gives no reason")
        if not quick:
            return
        check(seconds < SECONDS, f"{seconds:.3f} s of processor time")
        check(megabytes < MEGABYTES, f"{megabytes:.1f} MB")
        self.slowest = max(self.slowest, (seconds, what))
        self.largest = max(self.largest, (megabytes, what))


def is_bad(path):
    """The corpus names its good files so; fuzz.corpus checks that the readers agree."""
    return not path.name.startswith("good")


# predict_image needs weights that are numbers, and names of classes.
NO_CLASSIFIER = ("good_nan", "good_wide_picture", "good_without_classes")


def corpus_files(corpus, target):
    return sorted((corpus / target).iterdir())


def feed_models(bad, corpus):
    picture = corpus / "png/good_colour"
    for target in ("model_file", "safetensors", "checkpoint"):
        for path in corpus_files(corpus, target):
            for form in ([], ["--csv"], ["--json"]) if target == "model_file" else ([],):
                bad.run("predict_image", path, picture, *form, names=path.name,
                        must_refuse=target != "model_file" or is_bad(path) or path.name in NO_CLASSIFIER)
            if target == "model_file":
                bad.run("export_onnx", path, "taken.txt", names="taken.txt")
            bad.run("evaluate_model", path, "--data", "nowhere", names=f"nowhere|{path.name}")


def feed_pictures(bad, corpus):
    for target in ("png", "jpeg", "ppm"):
        for path in corpus_files(corpus, target):
            bad.run("predict_image", corpus / MODEL, path, names=path.name, must_refuse=is_bad(path))


def feed_data(bad, corpus):
    for target, kind, files in (("cifar100", "train_multihead", ["train.bin"]),
                                ("cifar10", "train_multihead", [f"data_batch_{k}.bin" for k in range(1, 6)])):
        folder = bad.work / target
        folder.mkdir()
        for path in corpus_files(corpus, target):
            if not is_bad(path):
                continue  # it would train
            for file in files:
                shutil.copy(path, folder / file)
            bad.run(kind, "--data", target, "--out", "new", names=f"{target}/{files[0]}")
    for name in ("cat", "dog", 'a "cow", brown'):
        (bad.work / "animals" / name).mkdir(parents=True)
        (bad.work / "animals" / name / "1.ppm").write_bytes(b"P6 1 1 255\nabc")
    for option in ("hierarchy", "costs"):
        for path in corpus_files(corpus, option):
            if option == "hierarchy" or is_bad(path):
                bad.run("train_folder", "animals", f"--{option}", path, "--size", "16", "--out", "new",
                        names=path.name if is_bad(path) else "animals")


def feed_runs(bad, corpus):
    for path in corpus_files(corpus, "config"):
        bad.run("train_multihead", "--config", path, "--print-config", names=path.name, must_refuse=is_bad(path))
    folder = bad.work / "begun"
    folder.mkdir()
    shutil.copy(corpus / "config/good", folder / "config.json")
    for path in corpus_files(corpus, "checkpoint"):
        shutil.copy(path, folder / "resume.safetensors")
        bad.run("train_multihead", "--resume", "--out", "begun", "--checkpoint-every", "0", names="begun/resume.safetensors")
    for path in corpus_files(corpus, "history"):
        for run in ("one", "two"):
            (bad.work / run).mkdir(exist_ok=True)
            shutil.copy(corpus / "config/good", bad.work / run / "config.json")
            (bad.work / run / "metrics.json").write_text('{"val": {"fine": {"top1": 0.5}}}')
            shutil.copy(path, bad.work / run / "history.csv")
        if is_bad(path):
            bad.run("compare_runs", "one", "two", "--out", "new", names="one/history.csv")


def feed_arguments(bad, corpus):
    for path in corpus_files(corpus, "command_line"):
        arguments = path.read_bytes().split(b"\n")
        if b"--help" not in arguments and not any(b"\0" in argument for argument in arguments):
            bad.run("train_folder", *arguments)
    for path in corpus_files(corpus, "isa"):
        name = path.read_bytes().split(b"\0")[0].decode("utf-8", "surrogateescape")
        known = path.name.startswith("good") or not name  # empty is as good as not set
        bad.run("predict_image", "none.safetensors", "x.png", environment={"HCNN_ISA": name}, must_refuse=True,
                names="none.safetensors" if known else "HCNN_ISA")


def feed_odd_files(bad, corpus):
    """What is no file, cannot be read, or is larger than a repository can hold."""
    model, picture = corpus / MODEL, corpus / "png/good_colour"
    odd = bad.work / "odd"
    odd.mkdir()
    for name in ("folder", "<script>alert(1)", "line\nbreak", 'a "quote"', "\x1b[31mred", "csi\x9b31m"):
        (odd / name).mkdir()
    os.mkfifo(odd / "pipe")
    with open(odd / "sparse", "wb") as file:
        file.truncate(5 << 30)
    with open(odd / "sparse_header", "wb") as file:
        file.write(struct.pack("<Q", 90_000_000))
        file.truncate(4 << 30)
    (odd / "circle").symlink_to("circle")
    entries = [*os.listdir(odd), "missing", "/dev/zero", "/dev/full"]
    for name in entries:
        shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in name)
        path = odd / name
        bad.run("predict_image", path, picture, names=shown)
        bad.run("evaluate_model", path, "--data", "nowhere", names=shown)
        bad.run("predict_image", model, path, names=shown)
        bad.run("train_folder", "animals", "--size", "16", "--hierarchy", path, "--out", "new", names=shown)
        bad.run("train_folder", "animals", "--size", "16", "--costs", path, "--out", "new", names=shown)
        bad.run("train_multihead", "--config", path, "--out", "new", names=shown)
        bad.run("train_multihead", "--data", path, "--out", "new", names=shown)
    secret = bad.work / "unreadable"
    secret.write_bytes((corpus / MODEL).read_bytes())
    secret.chmod(0)
    if bad.user is None:
        print("not tried: files without permission to read, because root reads them and setpriv fails")
    else:
        for arguments in (("predict_image", secret, picture), ("predict_image", model, secret),
                          ("evaluate_model", secret, "--data", "nowhere"), ("train_multihead", "--config", secret)):
            bad.run(*arguments, names="unreadable: Permission denied", user=bad.user)
    bad.run("train_multihead", "--data", "synthetic", "--limit", "100", "--out", "/proc/new", names="/proc/new", quick=False)
    bad.run("train_multihead", "--data", "synthetic", "--out", "odd", names="odd")
    for limit in ("train.bin", "test.bin"):  # a data set of 5 GiB of zeros: refused by its first record
        (odd / "folder" / limit).symlink_to("../sparse")
    bad.run("train_multihead", "--data", odd / "folder", "--out", "new", names="train.bin")


def main():
    programs, corpus, work = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (work / "taken.txt").write_text("mine")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bad = Bad(programs, work)
    for feed in (feed_models, feed_pictures, feed_data, feed_runs, feed_arguments, feed_odd_files):
        feed(bad, corpus)
    shutil.rmtree(work, ignore_errors=True)
    print(f"slowest refusal: {bad.slowest[1]}")
    print(f"largest refusal: {bad.largest[1]}")
    for line in bad.wrong[:40]:
        print(line)
    print(f"bad inputs: {bad.runs} runs of the programs, {bad.refused} refused within {1000 * bad.slowest[0]:.0f} ms of processor "
          f"time and {bad.largest[0]:.1f} MB, {len(bad.wrong)} wrong")
    sys.exit(1 if bad.wrong else 0)


if __name__ == "__main__":
    main()
