"""How people travel, in the words of tables: by car, on foot, by bus."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

CAR, FOOT, BUS = MODES = ("car", "foot", "bus")
BY_CAR, ON_FOOT, BOTH = range(3)  # who travels: all by car or bus, all on foot (as TRAVEL_MODE), or some so and some so


def in_order(modes: Iterable[str]) -> list[str]:
    """Return the modes that occur, each once, cars first."""
    there = set(modes)
    return [mode for mode in MODES if mode in there]


def travel_of(on_foot: np.ndarray) -> int:
    """Return who travels (BY_CAR, ON_FOOT, BOTH) where those of the mask ``on_foot`` (k,) walk and the others drive.

    Examples
    --------
    >>> [travel_of(np.array(walks, dtype=bool)) for walks in ([], [0, 0], [1, 1], [0, 1])]
    [0, 0, 1, 2]
    """
    if not on_foot.any():
        return BY_CAR
    return ON_FOOT if on_foot.all() else BOTH
