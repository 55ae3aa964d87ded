"""What a solver of integer programs is told, and what it tells while it runs and afterwards."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Limits:
    """Where a solver stops: relative gap (a fraction), nodes, and the seconds of the fence (0: none)."""

    gap: float
    nodes: int
    seconds: float


@dataclass
class Run:
    """What passes between a solver's thread and the caller's while it runs, and its raw outcome afterwards."""

    stop: threading.Event = field(default_factory=threading.Event)  # the user wants no answer any more
    late: threading.Event = field(default_factory=threading.Event)  # the time is over: end with what there is
    incumbent: float | None = None
    best_bound: float | None = None
    status: str = "none"  # as of Solution: what the solver claims
    by_clock: bool = False  # whether the time limit ended it
    x: np.ndarray | None = None
    bound: float | None = None
    error: BaseException | None = None
