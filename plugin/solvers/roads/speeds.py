"""The speed column of a road layer: km/h of every road, what was replaced, doubts about the unit, and what 0 means.

Few roads with a speed or capacity of 0 are closed roads, many are a value that nobody filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..naming import first_of
from .class_values import Fallback
from .osm import HIGHEST_SPEED, KMH_OF, LOWEST_SPEED, Values, is_implicit, speed_kmh, without_unit

CLOSING_SHARE = 0.05  # of the roads; from this share on 0 counts as missing


@dataclass(frozen=True)
class Zeros:
    """Roads with 0, (r,) each, split into those it closes and those for which it counts as missing."""

    closed: np.ndarray
    missing: np.ndarray
    warnings: list[str] = field(default_factory=list)

    @staticmethod
    def none(count: int) -> Zeros:
        """Return that none of ``count`` roads has 0."""
        nothing = np.zeros(count, dtype=bool)
        return Zeros(nothing, nothing)


def judge_zeros(zero: np.ndarray, what: str, ids: Sequence[str] = ()) -> Zeros:
    """Decide what 0 means for the roads of the mask ``zero`` (r,); ``what`` names the column in the warnings."""
    found, count = int(zero.sum()), len(zero)
    nothing = np.zeros(count, dtype=bool)
    if found == 0:
        return Zeros.none(count)
    if found < CLOSING_SHARE * count:
        shown = first_of([ids[k] if len(ids) else str(k + 1) for k in np.flatnonzero(zero)])
        return Zeros(zero, nothing, [f"{found} road(s) have a {what} of 0 and are closed: {shown}."])
    return Zeros(
        nothing,
        zero,
        [
            f"{found} of {count} roads have a {what} of 0. From {CLOSING_SHARE:.0%} of the roads on that counts as "
            "missing, not as closed; close roads with BARRIERS."
        ],
    )


MISSING, NOT_POSITIVE, ABSURD, NOT_UNDERSTOOD = 1, 2, 3, 4  # why a road has not its own speed; 0: it has
SLOW_MEDIAN, FAST_MEDIAN = 20.0, 130.0  # km/h; no road network has a median limit outside
LIKELY = (5.0, 140.0)  # km/h of most roads
MPH_LIMITS = (15.0, 25.0, 35.0, 45.0, 55.0, 65.0, 75.0)  # limits in km/h are mostly multiples of ten


@dataclass(frozen=True)
class Speeds:
    """The roads' speeds.

    Attributes
    ----------
    kmh : (r,) float64
        km/h, what the roads fall back on where the layer gives none.
    problem : (r,) int8
        0 where the layer's speed was taken, else :data:`MISSING`, :data:`NOT_POSITIVE`, :data:`ABSURD` or
        :data:`NOT_UNDERSTOOD`.
    zeros : Zeros
        Roads with a speed of 0.
    doubt : str
        Why the speeds look like another unit; empty where they do not.
    warnings : list of str
        For the log.
    implicit : int
        Number of roads with a limit such as "RO:urban".
    """

    kmh: np.ndarray
    problem: np.ndarray
    zeros: Zeros
    doubt: str = ""
    warnings: list[str] = field(default_factory=list)
    implicit: int = 0


def read_speeds(
    count: int, values: Sequence[Any] | None, fallback: Fallback, unit: str = "km/h", ids: Sequence[str] = ()
) -> Speeds:
    """Read the speed column of ``count`` roads, None where there is none; numbers without a unit are in ``unit``.

    A road without a speed is worth a warning only where its class gives none either.
    """
    if values is None:
        return Speeds(fallback.value, np.full(count, MISSING, dtype=np.int8), Zeros.none(count))
    column = Values(values)
    speed = column.each(lambda value: speed_kmh(value, unit))
    zeros = judge_zeros(speed == 0, "speed", ids)
    problem = np.zeros(count, dtype=np.int8)
    problem[~np.isfinite(speed)] = NOT_UNDERSTOOD
    problem[column.empty()] = MISSING
    problem[speed <= 0] = NOT_POSITIVE
    problem[(speed > HIGHEST_SPEED) | ((speed > 0) & (speed < LOWEST_SPEED))] = ABSURD
    warnings = list(zeros.warnings)
    for code, text in (
        (MISSING, "no speed"),
        (NOT_POSITIVE, "a speed of zero or less"),
        (ABSURD, f"an absurd speed (below {LOWEST_SPEED:g} or above {HIGHEST_SPEED:g} km/h)"),
        (NOT_UNDERSTOOD, "a speed that is not understood"),
    ):
        here = (problem == code) & ~zeros.closed
        if code == MISSING:
            here &= fallback.unsaid()
        if here.any():
            some = "" if code == MISSING else f" (“{'”, “'.join(column.texts(here)[:5])}”)"
            warnings.append(f"{int(here.sum())} road(s) have {text}{some}: {fallback.taken(here)}.")
    doubt = unit_doubt(speed[column.each(without_unit, np.bool_) & (speed > 0)], unit)
    if doubt:
        warnings.append(doubt)
    own = problem == 0
    implicit = int((own & column.each(is_implicit, np.bool_)).sum())
    return Speeds(np.where(own, speed, fallback.value), problem, zeros, doubt, warnings, implicit)


def unit_doubt(kmh: np.ndarray, unit: str) -> str:
    """Return a sentence where speeds (k,) in km/h, given as numbers in ``unit``, look as if they were in another."""
    kmh = kmh[np.isfinite(kmh)]
    if not len(kmh):
        return ""
    given = kmh / KMH_OF[unit]
    middle = float(np.median(given))
    if np.median(kmh) < SLOW_MEDIAN or np.median(kmh) > FAST_MEDIAN:
        others = [other for other in ("m/s", "mph", "km/h") if other != unit and _likely(given * KMH_OF[other])]
        as_if = f", as if they were in {' or '.join(others)}" if others else ""
    elif unit == "km/h" and np.isin(given, MPH_LIMITS).mean() > 0.5:
        as_if = ", most of them limits that are usual in mph and rare in km/h"
    else:
        return ""
    return f"The speeds are taken as {unit}, but half of them are below {middle:g}{as_if}. Check SPEED_UNIT."


def _likely(kmh: np.ndarray) -> bool:
    """Whether speeds are those of a road network."""
    inside = ((kmh >= LIKELY[0]) & (kmh <= LIKELY[1])).mean() > 0.5
    return bool(inside and SLOW_MEDIAN <= np.median(kmh) <= FAST_MEDIAN)
