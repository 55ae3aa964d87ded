"""Wall and CPU time of a call, the machine it ran on, and how much of that machine others used meanwhile."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parent.parent
FULL = os.environ.get("FULL", "") not in ("", "0")  # measure what takes long as well
ENOUGH = 3.0  # seconds of measuring after which a call is not repeated


@dataclass(frozen=True)
class Timed:
    """What a call returned, and its seconds by the clock and of the processor (all threads)."""

    result: Any
    wall: float
    cpu: float


def timed(function: Callable[..., Any], *arguments: Any, repeats: int = 1, **options: Any) -> Timed:
    """Return the quickest of up to ``repeats`` calls; fewer once they have taken three seconds together.

    The least time is the one that other programs on the machine disturbed least.
    """
    best, spent = None, 0.0
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        result = function(*arguments, **options)
        run = Timed(result, time.perf_counter() - wall, time.process_time() - cpu)
        best = run if best is None or run.wall < best.wall else best
        spent += run.wall
        if spent > ENOUGH:
            break
    return best


def alone(script: str, limit: float | None, *arguments: str) -> dict[str, Any]:
    """Return the figures that a script prints last, as JSON: measured in a process of its own, for its memory.

    ``limit``: seconds after which it is an error, None for never.
    """
    run = subprocess.run(
        [sys.executable, str(Path(script).resolve()), *arguments], capture_output=True, text=True, check=False,
        cwd=ROOT, timeout=limit,
    )  # fmt: skip
    if run.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {run.stderr.strip()[-500:]}")
    return dict(json.loads(run.stdout.splitlines()[-1]))


def children_cpu() -> float:
    """Return the CPU seconds of all processes that this one has started and seen end."""
    spent = os.times()
    return spent.children_user + spent.children_system


class Load:
    """Share of the processor that other programs use between two moments (Linux only)."""

    def __init__(self) -> None:
        self.start = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float] | None:
        try:
            counts = [int(count) for count in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        except OSError:
            return None
        idle = (counts[3] + counts[4]) / os.sysconf("SC_CLK_TCK")
        total = sum(counts[:8]) / os.sysconf("SC_CLK_TCK")
        mine = os.times()
        return total, total - idle, mine.user + mine.system + mine.children_user + mine.children_system

    def others(self) -> float | None:
        """Return the percentage of all cores that others have used since the start; None where it is not known."""
        now = self._now()
        if now is None or self.start is None or now[0] <= self.start[0]:
            return None
        total, busy, mine = (b - a for a, b in zip(self.start, now))
        return max(0.0, 100.0 * (busy - mine) / total)


def first_line(path: str, key: str) -> str:
    """Return what follows the ``key`` in the first such line of a file of /proc; empty where there is none."""
    if not Path(path).is_file():  # only Linux has it
        return ""
    lines = Path(path).read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "")


def version(package: str) -> str:
    """Return the version of an installed package, or ``not installed``."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def qgis_version() -> str:
    """Return the version of QGIS whose Python bindings are installed."""
    try:
        from qgis.core import Qgis
    except ImportError:
        return "not installed"
    return Qgis.QGIS_VERSION


def commit() -> str:
    """Return the commit measured, marked where the solvers or benchmarks have changed since."""

    def git(*arguments: str) -> str:
        run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return run.stdout.strip()

    changed = git("status", "--porcelain", "--", "plugin/solvers", "benchmarks/*.py")
    name = git("rev-parse", "--short=10", "HEAD")
    return f"{name}{' with changes not committed' if changed else ''}" if name else "not a git checkout"


def machine() -> list[tuple[str, str]]:
    """Return (what, value) pairs on the machine and the versions."""
    memory = first_line("/proc/meminfo", "MemTotal").split()
    packages = ("numpy", "scipy", "numba", "PuLP", "highspy", "networkx", "shapely")
    pairs = [
        ("date", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("commit", commit()),
        ("processor", first_line("/proc/cpuinfo", "model name") or platform.processor()),
        ("cores", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())),
        ("memory", f"{int(memory[0]) / 1048576:.0f} GB" if memory else "unknown"),
        ("system", platform.platform()),
        ("Python", sys.version.split()[0]),
        ("QGIS", qgis_version()),
    ]
    return pairs + [(name, version(name)) for name in packages]
