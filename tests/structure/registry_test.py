#!/usr/bin/env python3
"""R1: every public layer, loss and optimizer of the headers proves itself in the tests, on at least 12 shapes; R2: no gradient
is wrong by more than is allowed, and at most 1 % of the coordinates lie on a kink.

registry_test.py build/release/tests

Runs the proofs (tests/proof.hpp) of test_layers, test_losses and test_optim, prints a line for each class, and names the
classes of include/hcnn that have none. The last lines are the figures.
"""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOTS = {"Layer", "Loss", "Optimizer"}
BASES = {"PerSampleLoss", "AdamFamily"}  # they have pure virtual functions: their children are proved
MORE = {"LossSum"}                       # a public loss that is no Loss
PROGRAMS = ("test_layers", "test_losses", "test_optim")
LINE = re.compile(r"^proved (\w+): (\d+) cases, (\d+) numbers, (\d+) skipped, max error (\S+);(.*)$", re.M)


def public_classes(include):
    """Classes that derive from ROOTS, with what their shapes must cover."""
    parents, options = {}, {}
    for path in sorted(include.rglob("*.hpp")):
        text = path.read_text()
        parents.update(re.findall(r"^class (\w+)(?: final)? : public (?:\w+::)*(\w+)", text, re.M))
        options.update(re.findall(r"^struct (\w+)Options \{(.*?)^\};", text, re.M | re.S))

    def derived(name):
        while name in parents:
            name = parents[name]
        return name in ROOTS

    classes = {name for name in parents if derived(name)} | MORE
    missing_bases = (BASES | MORE) - classes
    if missing_bases:
        sys.exit(f"{', '.join(missing_bases)}: no such class; update this script")
    needs = {}
    for name in classes - BASES:
        needs[name] = {"one channel"} | ({"one sample"} if name != "BatchNorm1d" else set())  # it needs two values
        for word, kind in (("padding", "padding"), ("stride", "stride > kernel")):
            if f" {word} =" in options.get(name, ""):
                needs[name].add(kind)
    return needs


def proofs(folder):
    """Figures of each class: cases, numbers, skipped, largest error, what the shapes cover."""
    found = {}
    for program in PROGRAMS:
        run = subprocess.run([folder / program, "--test-suite=proof"], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"{program}: status {run.returncode}\n{run.stdout}{run.stderr}")
        for name, cases, numbers, skipped, error, kinds in LINE.findall(run.stdout):
            old = found.get(name, (0, 0, 0, 0.0, set()))
            found[name] = (max(old[0], int(cases)), old[1] + int(numbers), old[2] + int(skipped),
                           max(old[3], float(error)), old[4] | {kind.strip() for kind in kinds.split(",")})
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", help="folder of the test programs")
    parser.add_argument("--include", default=ROOT / "include/hcnn", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    needs, found, problems = public_classes(pathlib.Path(arguments.include)), proofs(pathlib.Path(arguments.tests)), []
    for name in sorted(needs):
        if name not in found:
            problems.append(f"{name}: no test proves it (tests/proof.hpp)")
            continue
        cases, numbers, skipped, error, kinds = found[name]
        wanted = set(needs[name])
        if "images" in kinds:
            wanted |= {"odd sides", "not square"}
        print(f"{name}: {cases} shapes, {numbers} numbers, {skipped} skipped, largest error {error:.2g} of what is allowed")
        if cases < 12:
            problems.append(f"{name}: {cases} shapes; 12 are needed")
        if wanted - kinds:
            problems.append(f"{name}: no shape with {', '.join(sorted(wanted - kinds))}")
        if not error <= 1 or skipped > 0.01 * (numbers + skipped):
            problems.append(f"{name}: error {error}, {skipped} skipped")
    problems += [f"{name}: proved, but no public class" for name in sorted(set(found) - set(needs))]
    for problem in problems:
        print("FAILED:", problem)
    figures = [found[name] for name in needs if name in found]
    print(f"R1: {len(figures)} of {len(needs)} public layers, losses and optimizers proved on at least "
          f"{min(cases for cases, *_ in figures)} shapes each")
    print(f"R2: {sum(f[1] for f in figures):,} numbers, {sum(f[2] for f in figures)} skipped, largest error "
          f"{max(f[3] for f in figures):.2g} of what is allowed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
