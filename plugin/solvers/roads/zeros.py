"""Roads with a speed or capacity of 0: few of them are closed roads, many are a value that nobody filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..naming import first_of

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
