"""What the tests of the programs count."""


class Checks:
    """Prints what does not hold, and counts it."""

    def __init__(self):
        self.failed = 0

    def __call__(self, holds, what):
        if not holds:
            self.failed += 1
            print("FAILED:", what)

    def verdict(self):
        return "all as expected" if self.failed == 0 else f"{self.failed} failures"
