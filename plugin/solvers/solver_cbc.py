"""The CBC that PuLP brings as the solver behind :mod:`integer_program`, as a child process that a stop ends."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .control import SolverError
from .dependencies import how_to_install, require

if TYPE_CHECKING:  # pragma: no cover
    from .integer_program import Run
    from .program_arrays import IntegerProgram

POLL = 0.05  # seconds between two looks at the stop sign
GRACE = 10.0  # seconds, see longest_overtime
NO_WINDOW = 0x08000000  # Windows: CREATE_NO_WINDOW
_NUMBER = r"([-+]?[\d.]+(?:e[-+]?\d+)?)"
_PROGRESS = re.compile(rf"best solution {_NUMBER}, best possible {_NUMBER}", re.IGNORECASE)
_BOUND = re.compile(rf"^Lower bound:\s+{_NUMBER}", re.IGNORECASE)
_VERSION = re.compile(r"^Version:\s+(\S+)")

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


def run(program: IntegerProgram, start: np.ndarray | None, time_limit: float, mip_gap: float, state: Run) -> None:
    """Solve ``program`` and leave status, values and bound in ``state``; stops soon after ``state.stop`` is set."""
    path = binary()
    with tempfile.TemporaryDirectory(prefix="evacuation_cbc_") as folder:
        model, answer = Path(folder) / "model.mps", Path(folder) / "answer.txt"
        with model.open("w", encoding="ascii") as file:
            file.writelines(mps_lines(program))
        arguments = [str(model)]
        if start is not None and program.integer.any():
            begin = Path(folder) / "start.txt"
            values = (f"{k} x{k} {value!r} 0\n" for k, value in enumerate(start.tolist()))
            begin.write_text("Stopped on time - objective value 0\n" + "".join(values), encoding="ascii")
            arguments += ["-mips", str(begin)]
        if time_limit > 0:
            arguments += ["-sec", f"{time_limit:g}", "-timeMode", "elapsed"]
        arguments += ["-ratio", f"{mip_gap:g}", "-solve", "-printingOptions", "all", "-solution", str(answer)]
        # A loop of our own: the caller's thread may have one running already.
        if sys.platform == "win32":  # the other kind of loop has no child processes there
            loop: asyncio.AbstractEventLoop = asyncio.ProactorEventLoop()
        else:
            loop = asyncio.new_event_loop()
        try:
            lines = loop.run_until_complete(_talk(path, arguments, time_limit, state))
        finally:
            loop.close()
        if not state.stop.is_set():
            _read(program, answer, lines, state)


async def _talk(path: str, arguments: list[str], time_limit: float, state: Run) -> list[str]:
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
    listener = asyncio.ensure_future(_listen(process, lines, state))
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


async def _listen(process: Any, lines: list[str], state: Run) -> None:
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
            state.incumbent, state.best_bound = float(news.group(1)), float(news.group(2))


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


def _read(program: IntegerProgram, answer: Path, lines: list[str], state: Run) -> None:
    """Read status and values from CBC's answer file and the bound from its log."""
    if not answer.exists():
        if lines and any("Infeasible" in line or "infeasible" in line for line in lines[-12:]):
            state.status = "infeasible"
            return
        raise SolverError("CBC ended without an answer: " + " | ".join(lines[-3:]))
    with answer.open(encoding="utf-8", errors="replace") as file:
        head = file.readline().lower()
        if "infeasible" in head:
            state.status = "infeasible"
            return
        if "unbounded" in head:
            raise SolverError("The model is unbounded: some quantity could grow without limit.")
        x = np.zeros(len(program.cost))
        for line in file:
            parts = line.replace("**", " ").split()
            if len(parts) >= 3 and parts[1].startswith("x"):
                x[int(parts[1][1:])] = float(parts[2])
    stopped = not head.startswith("optimal")
    if not (stopped and "no integer solution" in head):
        state.status, state.x = ("feasible" if stopped else "optimal"), x
    state.bound = _bound(program, lines, None if stopped or state.x is None else program.objective(x))


def _bound(program: IntegerProgram, lines: list[str], optimum: float | None) -> float | None:
    """Return the proven bound; CBC prints it to three decimals, so half of the last one is given away."""
    sign = -1.0 if program.maximise else 1.0
    for line in reversed(lines):
        stated = _BOUND.match(line)
        if stated:
            return sign * (float(stated.group(1)) - 0.0005) + program.offset
    if optimum is not None:
        return optimum
    for line in reversed(lines):
        news = _PROGRESS.search(line)
        if news and abs(float(news.group(2))) < 1e49:
            return sign * float(news.group(2)) + program.offset
    return None
