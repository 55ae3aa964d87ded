"""Where the search for waves begins: everybody at once, waves by the hazard's arrival, waves by bottleneck."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .latest_departures import bottleneck_of
from .staging_bound import latest_departures_alone
from .timed_plan import MINUTE, Outcome, TimedPlan

GAPS = (1, 2, 3, 4, 6, 8, 12, 18)  # steps between waves that are tried
SPLIT_GAPS = (3, 6, 12)
TENTH = 0.1


@dataclass(frozen=True)
class Waves:
    """Which wave each zone (z,) is in, and when each wave (w,) is called, in whole steps from t = 0."""

    wave: np.ndarray
    time: np.ndarray

    def orders(self, step: int, earliest: np.ndarray, latest: np.ndarray) -> np.ndarray:
        """Return when each zone is told, microseconds: with its wave, within ``earliest`` and ``latest`` (z,).

        Where that cannot be, it is told with the wave of others next to it in time that can; without one at the moment
        next to it that is allowed, a call of its own.
        """
        moment = self.time * (step * MINUTE)
        wanted, used = moment[self.wave], np.unique(moment[np.unique(self.wave)])
        order = np.clip(wanted, earliest, latest)
        for zone in np.flatnonzero(order != wanted).tolist():
            fits = used[(used >= earliest[zone]) & (used <= latest[zone])]
            if len(fits):
                order[zone] = fits[np.argmin(np.abs(fits - wanted[zone]))]
        return order

    def with_zone(self, zone: int, wave: int) -> Waves:
        """Return the same with a zone in another wave."""
        changed = self.wave.copy()
        changed[zone] = wave
        return replace(self, wave=changed)

    def with_time(self, wave: int, time: int) -> Waves:
        """Return the same with a wave called at another step."""
        changed = self.time.copy()
        changed[wave] = time
        return replace(self, time=changed)


def all_at_once(zones: int, waves: int) -> Waves:
    """Return everybody in the first wave, at once."""
    return Waves(np.zeros(zones, dtype=np.int64), np.zeros(waves, dtype=np.int64))


def cut_in_waves(order: np.ndarray, weight: np.ndarray, waves: int) -> np.ndarray:
    """Return the wave (k,) of items in a given order, about the same weight in each.

    >>> cut_in_waves(np.array([2, 0, 1]), np.array([5.0, 1.0, 4.0]), 2).tolist()
    [1, 1, 0]
    """
    wave = np.zeros(len(order), dtype=np.int64)
    before = np.cumsum(weight[order]) - weight[order] / 2
    total = max(float(weight.sum()), 1e-9)
    wave[order] = np.minimum((before * waves / total).astype(np.int64), waves - 1)
    return wave


def starts(plan: TimedPlan, at_once: Outcome, arrival: np.ndarray, waves: int, splits: int) -> list[tuple[str, Waves]]:
    """Return the ways to begin, each with its name, everybody at once first.

    Parameters
    ----------
    at_once : Outcome
        What happens where all are told at once.
    arrival : (z,) int64
        When the hazard reaches each zone, microseconds.
    splits : int
        How many ways to let a part of the zones go before all others are tried for each order of urgency.
    """
    zones = len(arrival)
    vehicles = np.bincount(plan.zone[plan.zone >= 0], minlength=zones).astype(float)
    by_arrival = np.lexsort((np.arange(zones), arrival))
    by_way = np.lexsort((np.arange(zones), _urgency(plan, zones)))
    groups = [("waves by arrival", cut_in_waves(order, vehicles, waves)) for order in (by_arrival, by_way)]
    narrow = np.array([bottleneck_of(plan, at_once, plan.zone == zone) for zone in range(zones)])
    wave = np.zeros(zones, dtype=np.int64)
    for road in np.unique(narrow).tolist():
        own = by_arrival[narrow[by_arrival] == road]
        wave[own] = cut_in_waves(np.arange(len(own)), vehicles[own], waves)
    groups.append(("waves by bottleneck", wave))
    found = [("all at once", all_at_once(zones, waves))]
    for name, wave in groups:
        found += [(name, Waves(wave, gap * np.arange(waves))) for gap in GAPS]
    if waves > 1:
        for order in (by_arrival, by_way):
            for first in first_parts(vehicles[order], splits):
                wave = np.ones(zones, dtype=np.int64)
                wave[order[:first]] = 0
                found += [("waves by arrival", Waves(wave, gap * np.arange(waves))) for gap in SPLIT_GAPS]
    return found


def first_parts(weight: np.ndarray, splits: int) -> list[int]:
    """Return how many items (at least 1, not all) make up a first part, up to ``splits`` ways even in weight.

    >>> first_parts(np.ones(10), 4)
    [2, 4, 6, 8]
    """
    total = np.cumsum(weight)
    shares = total[-1] * np.arange(1, splits + 1) / (splits + 1) if len(total) else []
    counts = np.searchsorted(total, np.asarray(shares) - 1e-9) + 1
    return sorted({int(count) for count in counts if count < len(weight)})


def _urgency(plan: TimedPlan, zones: int) -> np.ndarray:
    """Return by when a tenth of each zone's (z,) vehicles that leave must be told to get away alone on the roads."""
    latest, out = latest_departures_alone(plan) - plan.place, np.full(zones, np.inf)
    leaves = ~plan.stays
    for zone in range(zones):
        own = latest[leaves & (plan.zone == zone)]
        if len(own):
            out[zone] = np.quantile(own, TENTH)
    return out
