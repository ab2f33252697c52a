"""Finds a Python that has the packages a test needs; without one the test is skipped, aloud."""
import importlib.util
import os
import sys

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
DEBIAN = "/usr/bin/python3"  # where Debian's packages are, if CMake has found another one


def needs(packages, task):
    """Returns where all packages are there; else starts again with Debian's Python, or ends as skipped."""
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if not missing:
        return
    if os.path.realpath(sys.executable) != os.path.realpath(DEBIAN) and os.path.exists(DEBIAN):
        os.execv(DEBIAN, [DEBIAN, "-B", *sys.argv])
    debian = " ".join("python3-" + package for package in missing)
    skip(f"no Python package {', '.join(missing)} (apt-get install {debian}), so {task}")


def skip(reason):
    """Ends the test as skipped."""
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


class Checks:
    """Counts what failed, and says what."""

    def __init__(self):
        self.failed = self.passed = 0

    def __call__(self, what, came, expected=True):
        if came == expected:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}: {came!r}; expected {expected!r}")

    def close(self, what, came, expected, tolerance=1e-5):
        """Two arrays of one shape that differ by at most the tolerance, or that part of their largest value."""
        if came.shape != expected.shape:
            return self(what, came.shape, expected.shape)
        largest = max(1.0, float(abs(expected).max(initial=0)))
        difference = float(abs(came - expected).max(initial=0))
        self(f"{what}: differs by {difference:.3g} at most, of {largest:.3g}", difference <= tolerance * largest)

    def finish(self, name):
        print(f"{name}: {self.failed} of {self.failed + self.passed} checks failed" if self.failed or not self.passed
              else f"{name}: {self.passed} checks passed")
        sys.exit(1 if self.failed or not self.passed else 0)
