"""A start for waves: each zone at a time of its own first, then the times joined until there are as few as calls."""

from __future__ import annotations

from typing import Callable

import numpy as np

from .staging_starts import Waves

Value = tuple[int, int, int]  # people caught, microseconds above the limit, vehicle-microseconds on the way
Tried = Callable[[list[Waves]], list[Value]]
SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)  # of the clearance of everybody at once, tried for each zone


def times_tried(clearance: float) -> np.ndarray:
    """Return the steps tried for each zone, from 0 on.

    >>> times_tried(40).tolist()
    [0, 2, 4, 6, 8, 12, 16, 20, 24]
    >>> times_tried(3).tolist()
    [0, 1, 2]
    """
    return np.unique(np.rint(np.array(SHARES) * clearance).astype(np.int64))


def own_times(tried: Tried, zones: np.ndarray, times: np.ndarray, sweeps: int) -> tuple[Waves, Value]:
    """Return each zone at its own one of ``times``, the best found one zone after the other, and the value.

    Parameters
    ----------
    zones : (z,) int64
        In the order in which they are moved; all begin at the first time.
    """
    best = Waves(np.zeros(len(zones), dtype=np.int64), times)
    value = tried([best])[0]
    for _ in range(sweeps):
        before = value
        for zone in zones.tolist():
            moves = [best.with_zone(zone, k) for k in range(len(times)) if k != best.wave[zone]]
            values = tried(moves)
            if values and min(values) < value:
                value = min(values)
                best = moves[values.index(value)]
        if value >= before:
            break
    return best, value


def joined(tried: Tried, waves: Waves, most: int) -> Waves:
    """Return waves with at most ``most`` times: those next to each other that cost least become one."""
    while len(used := np.unique(waves.wave)) > most:
        moves = [
            Waves(np.where(waves.wave == left, stay, waves.wave), waves.time)
            for pair in zip(used[:-1].tolist(), used[1:].tolist())
            for left, stay in (pair, pair[::-1])
        ]
        values = tried(moves)
        waves = moves[values.index(min(values))]
    time = np.zeros(most, dtype=np.int64)
    time[: len(used)] = waves.time[used]
    return Waves(np.searchsorted(used, waves.wave), time)
