"""Progress of a grid, in one line."""

import sys
import time
from collections.abc import Sequence


class Progress:
    """One line that says how far a grid is, whenever a run ends."""

    def __init__(self, name: str, missing: Sequence[tuple[str, int]], total: int) -> None:
        """Nothing has begun.

        Args:
            name: of the grid.
            missing: names of the runs that are to be made, and how many steps each has.
            total: runs of the grid, made or not.
        """
        self.name, self.total = name, total
        self.steps = dict(missing)
        self.done = total - len(missing)
        self.made = 0
        self.share: dict[str, float] = {}
        """Of each running run, the share of its epochs that is done."""
        self.start = time.monotonic()

    def started(self, run: str) -> None:
        """A run began."""
        self.share[run] = 0.0
        self.say()

    def epoch(self, run: str, share: float) -> None:
        """A run finished an epoch: `share` of its epochs are done."""
        self.share[run] = share
        if sys.stderr.isatty():
            self.say()

    def stopped(self, run: str) -> None:
        """A run that began waits again."""
        self.share.pop(run, None)

    def ended(self, run: str) -> None:
        """A run finished or failed."""
        self.share.pop(run, None)
        self.made += self.steps.pop(run)
        self.done += 1
        self.say()

    def say(self) -> None:
        """Print the line; on a terminal in the place of the last one."""
        running = len(self.share)
        waiting = len(self.steps) - running
        line = f"{self.name}: {self.done} of {self.total} runs done, {running} running, {waiting} waiting"
        partly = sum(self.steps[run] * share for run, share in self.share.items())
        if (worked := self.made + partly) and self.steps:
            seconds = (time.monotonic() - self.start) * (sum(self.steps.values()) - partly) / worked
            line += f", about {minutes(seconds)} left"
        if sys.stderr.isatty():
            print(f"\r\033[K{line}", end="\n" if not self.steps else "", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)


def minutes(seconds: float) -> str:
    """A time in words."""
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
