"""UXsim as a judge: Newell's car-following model in steps of 1 s, run in a process of its own.

What UXsim is told, in full:

- a link for each piece that somebody drives on: its length, its free-flow speed, whole lanes (rounded up), ``capacity``
  as ``capacity_out`` and as priority where links merge, and the jam density at which it holds exactly our room;
- an entry link before each first piece, which merges with that piece's capacity as priority, so that who waits at an
  origin for one road is not in the way of who waits for another, and does not go before those on the road;
- an exit link behind each destination: UXsim never applies the ``capacity_out`` of a trip's last link;
- each vehicle with its route, one by one (``deltan`` 1): platoons inflate plans of many routes.

UXsim's engine in C++ (``World(cpp=True)``) runs it; ``engine="python"`` runs the other one.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.bench_venv import run_peer
from benchmarks.judges.danger import Danger
from benchmarks.judges.plans import Case, Plan, horizon

LONGEST = 3 * 3600.0  # seconds that a run may take


class Door(NamedTuple):
    """A last piece: vehicles that arrive by it, the most that left it within an hour, and its capacity."""

    piece: int
    vehicles: int
    most: float
    capacity: float


class Run(NamedTuple):
    """Arrivals (t,) in seconds, not a number for who does not arrive; the doors; what the process tells of itself.

    ``caught`` (t,) is not a number for everybody where no hazard comes.
    """

    arrival: np.ndarray
    doors: tuple[Door, ...]
    figures: dict[str, float]
    caught: np.ndarray


def evaluate(
    case: Case, plan: Plan, seed: int = 1, platoon: int = 1, engine: str = "cpp", danger: Danger | None = None
) -> Run:
    """Run a plan; with a ``danger``, ``caught`` of the run is when the hazard finds each trip, not a number for never.

    Raises
    ------
    NoPeer
        When UXsim cannot be installed or fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder) / "given.npz", Path(folder) / "result.npz"
        np.savez(
            given, indptr=plan.indptr, arcs=plan.arcs, tail=case.tail, head=case.head, length=case.length,
            free_flow=case.free_flow, lanes=case.lanes, capacity=case.capacity, room=case.room,
            departure=case.departure, horizon=horizon(case, plan), engine=engine, platoon=platoon, seed=seed,
            **({} if danger is None else asdict(danger)),
        )  # fmt: skip
        told = run_peer("simulate_with_uxsim.py", str(given), str(result), timeout=LONGEST, cwd=Path(folder))
        with np.load(result) as found:
            rows = zip(found["doors"].tolist(), found["door_users"].tolist(), found["door_most"].tolist())
            doors = tuple(Door(e, users, most, float(case.capacity[e])) for e, users, most in rows)
            caught = found["caught"] if danger is not None else np.full(len(case.departure), np.nan)
            return Run(found["arrival"], doors, json.loads(told), caught)
