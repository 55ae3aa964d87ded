"""The CBC that PuLP brings as the solver behind :mod:`solve`, as a child process that a stop ends."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dependencies import how_to_install, require
from ..errors import SolverError

if TYPE_CHECKING:  # pragma: no cover
    from .program import IntegerProgram
    from .run import Limits, Run

POLL = 0.05  # seconds between two looks at the stop sign
GRACE = 10.0  # seconds, see longest_overtime
SURE = 0.9  # share of the time limit after which "infeasible" may only mean that preprocessing ran out of time
PRECISE = 1024.0  # least size of the largest cost: CBC prints its bound to three decimals
NO_WINDOW = 0x08000000  # Windows: CREATE_NO_WINDOW
_NUMBER = r"([-+]?[\d.]+(?:e[-+]?\d+)?)"
_PROGRESS = re.compile(rf"best solution {_NUMBER}, best possible {_NUMBER}", re.IGNORECASE)
_BOUND = re.compile(rf"^Lower bound:\s+{_NUMBER}", re.IGNORECASE)
_VALUE = re.compile(rf"objective value\s+{_NUMBER}")
_VERSION = re.compile(r"^Version:\s+(\S+)")

MOST_NODES = 2**31 - 1

_version = [""]


def name() -> str:
    """Return name and, once it has run, version of the solver."""
    return f"CBC {_version[0]}".strip()


def binary() -> str:
    """Return the path of the CBC program that PuLP ships (or finds on the path).

    Raises
    ------
    SolverError
        When there is none for this machine.
    """
    pulp = require("pulp", "solving integer programs")
    for solver in (pulp.PULP_CBC_CMD, pulp.COIN_CMD):
        command = solver(msg=False)
        found = command.available()
        if found:
            return found if isinstance(found, str) else str(command.path)
    raise SolverError(
        "No solver for integer programs can be started: PuLP brings no CBC for this machine and highspy is not "
        "installed.\n" + how_to_install("highspy")
    )


def longest_overtime(time_limit: float) -> float:
    """Return the seconds past its limit after which CBC is taken for stuck; its preprocessing does not stop early."""
    return time_limit + GRACE


def run(program: IntegerProgram, start: np.ndarray | None, limits: Limits, state: Run, plain: bool = False) -> None:
    """Solve ``program`` and leave claim, values and bound in ``state``; stops soon after ``state.stop`` is set.

    ``plain`` leaves presolve and preprocessing out.
    """
    path, time_limit = binary(), limits.seconds
    scale = _scale(program)
    scaled = replace(program, cost=program.cost * scale, offset=program.offset * scale)
    with tempfile.TemporaryDirectory(prefix="evacuation_cbc_") as folder:
        model, answer = Path(folder) / "model.mps", Path(folder) / "answer.txt"
        with model.open("w", encoding="ascii") as file:
            file.writelines(mps_lines(scaled))
        arguments = [str(model)]
        if start is not None and program.integer.any():
            begin = Path(folder) / "start.txt"
            values = (f"{k} x{k} {value!r} 0\n" for k, value in enumerate(start.tolist()))
            begin.write_text("Stopped on time - objective value 0\n" + "".join(values), encoding="ascii")
            arguments += ["-mips", str(begin)]
        if time_limit > 0:
            arguments += ["-sec", f"{time_limit:g}", "-timeMode", "elapsed"]
        if plain:
            arguments += ["-presolve", "off", "-preprocess", "off"]
        arguments += ["-maxNodes", str(min(limits.nodes, MOST_NODES)), "-ratio", f"{limits.gap:g}", "-solve"]
        arguments += ["-printingOptions", "all", "-solution", str(answer)]
        # A loop of our own: the caller's thread may have one running already.
        if sys.platform == "win32":  # the other kind of loop has no child processes there
            loop: asyncio.AbstractEventLoop = asyncio.ProactorEventLoop()
        else:
            loop = asyncio.new_event_loop()
        begun = time.monotonic()
        try:
            lines = loop.run_until_complete(_talk(path, arguments, time_limit, scale, state))
        finally:
            loop.close()
        if not state.stop.is_set():
            in_time = time_limit <= 0 or time.monotonic() - begun < SURE * time_limit
            _read(scaled, answer, lines, state, in_time)
            state.bound = None if state.bound is None else state.bound / scale


def _scale(program: IntegerProgram) -> float:
    """Return a power of two, so that costs stay exact, that makes the largest cost at least PRECISE."""
    largest = float(np.abs(program.cost).max(initial=0.0))
    return float(2.0 ** max(0.0, np.ceil(np.log2(PRECISE / largest)))) if largest > 0.0 else 1.0


async def _talk(path: str, arguments: list[str], time_limit: float, scale: float, state: Run) -> list[str]:
    """Start CBC, follow what it prints until it ends, and end it when asked; returns its log."""
    options: dict[str, Any] = {"creationflags": NO_WINDOW} if sys.platform == "win32" else {}
    process = await asyncio.create_subprocess_exec(
        path,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        **options,
    )
    lines: list[str] = []
    listener = asyncio.ensure_future(_listen(process, lines, scale, state))
    waited, limit = 0.0, (time_limit + longest_overtime(time_limit) - GRACE / 2 if time_limit > 0 else float("inf"))
    try:
        while not listener.done() and not state.stop.is_set() and waited < limit:
            await asyncio.wait([listener], timeout=POLL)
            waited += POLL
    finally:
        if process.returncode is None and not listener.done():
            process.kill()
        await listener
        await process.wait()
    return lines


async def _listen(process: Any, lines: list[str], scale: float, state: Run) -> None:
    while True:
        raw = await process.stdout.readline()
        if not raw:
            return
        line = raw.decode("utf-8", "replace").rstrip()
        lines.append(line)
        version = _VERSION.match(line)
        if version:
            _version[0] = version.group(1)
        news = _PROGRESS.search(line)
        if news and abs(float(news.group(1))) < 1e49:
            state.incumbent, state.best_bound = float(news.group(1)) / scale, float(news.group(2)) / scale


def mps_lines(program: IntegerProgram) -> Iterator[str]:
    """Yield the lines of an MPS file, always a minimisation; columns are x0, x1, ..., rows r0, r1, ..."""
    lower, upper = program.row_lower, program.row_upper
    kinds = np.where(lower == upper, "E", np.where(np.isfinite(upper), "L", np.where(np.isfinite(lower), "G", "N")))
    yield "NAME program\nROWS\n N cost\n"
    yield from (f" {kind} r{k}\n" for k, kind in enumerate(kinds.tolist()))
    yield "COLUMNS\n"
    yield from _column_lines(program)
    yield "RHS\n"
    right = np.where(np.isfinite(upper), upper, np.where(np.isfinite(lower), lower, 0.0))
    yield from (f" rhs r{k} {value!r}\n" for k, value in enumerate(right.tolist()) if value)
    both = np.isfinite(lower) & np.isfinite(upper) & (lower < upper)
    if both.any():
        yield "RANGES\n"
        yield from (f" rng r{k} {float(upper[k] - lower[k])!r}\n" for k in np.flatnonzero(both).tolist())
    yield "BOUNDS\n"
    for k, (low, high) in enumerate(zip(program.lower.tolist(), program.upper.tolist())):
        yield from _bound_lines(k, low, high)
    yield "ENDATA\n"


def _column_lines(program: IntegerProgram) -> Iterator[str]:
    """Yield the COLUMNS section, integer columns between markers."""
    rows = np.repeat(np.arange(len(program.row_lower)), np.diff(program.indptr))
    order = np.argsort(program.indices, kind="stable")
    starts = np.searchsorted(program.indices[order], np.arange(len(program.cost) + 1)).tolist()
    row, value = rows[order].tolist(), program.values[order].tolist()
    sign = -1.0 if program.maximise else 1.0
    inside = False
    for k, (cost, whole) in enumerate(zip((sign * program.cost).tolist(), program.integer.tolist())):
        if whole != inside:
            yield f" M{k} 'MARKER' {repr('INTORG') if whole else repr('INTEND')}\n"
            inside = whole
        yield f" x{k} cost {cost!r}\n"
        yield from (f" x{k} r{row[j]} {value[j]!r}\n" for j in range(starts[k], starts[k + 1]))
    if inside:
        yield " MEND 'MARKER' 'INTEND'\n"


def _bound_lines(k: int, low: float, high: float) -> Iterator[str]:
    infinity = float("inf")
    if low == -infinity and high == infinity:
        yield f" FR bnd x{k}\n"
        return
    if low == high:
        yield f" FX bnd x{k} {low!r}\n"
        return
    yield f" MI bnd x{k}\n" if low == -infinity else f" LO bnd x{k} {low!r}\n"
    yield f" PL bnd x{k}\n" if high == infinity else f" UP bnd x{k} {high!r}\n"


def _read(program: IntegerProgram, answer: Path, lines: list[str], state: Run, in_time: bool) -> None:
    """Read claim and values from CBC's answer file and the bound from its log."""
    if not answer.exists():
        if not in_time or any("infeasible" in line.lower() for line in lines[-12:]):
            _nothing(state, in_time)
            return
        raise SolverError("CBC ended without an answer: " + " | ".join(lines[-3:]))
    with answer.open(encoding="utf-8", errors="replace") as file:
        head = file.readline().lower()
        if "infeasible" in head:
            _nothing(state, in_time)
            return
        if "unbounded" in head:
            raise SolverError("The model is unbounded: some quantity could grow without limit.")
        x = np.zeros(len(program.cost))
        for line in file:
            parts = line.replace("**", " ").split()
            if len(parts) >= 3 and parts[1].startswith("x"):
                x[int(parts[1][1:])] = float(parts[2])
    stopped = not head.startswith("optimal")
    state.by_clock = state.by_clock or "stopped on time" in head
    if not (stopped and "no integer solution" in head):
        state.status, state.x = ("feasible" if stopped else "optimal"), x
    state.bound = _bound(program, head, lines)


def _nothing(state: Run, in_time: bool) -> None:
    """Take "infeasible" for what it is worth: out of time in preprocessing, CBC says so too."""
    if in_time:
        state.status = "infeasible"
    else:
        state.by_clock = True


def _bound(program: IntegerProgram, head: str, lines: list[str]) -> float | None:
    """Return the bound that CBC states, of "optimal" the value it states; half of the last decimal is given away."""
    sign = -1.0 if program.maximise else 1.0
    for line in reversed(lines):
        stated = _BOUND.match(line)
        if stated:
            return sign * (float(stated.group(1)) - 0.0005) + program.offset
    value = _VALUE.search(head)
    if head.startswith("optimal") and value:
        return sign * float(value.group(1)) + program.offset
    for line in reversed(lines):
        news = _PROGRESS.search(line)
        if news and abs(float(news.group(2))) < 1e49:
            return sign * float(news.group(2)) + program.offset
    return None
