"""Penalty coefficients by how late a unit arrives, [M] Table 3."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import SolverError

DEFAULT_TIERS = "0:0, 5:1, 10:2, 20:10, inf:100"

_EXAMPLE = (
    f"Write each tier as “late minutes:coefficient”, lowest first and the last one inf, for example {DEFAULT_TIERS}"
)


@dataclass(frozen=True)
class PenaltyTiers:
    """The step function β of [M] Table 3.

    Attributes
    ----------
    upto : ndarray, shape (n,)
        Upper ends of the tiers in late minutes, rising, each included in its tier; the last is infinite.
    coefficient : ndarray, shape (n,)
        β of each tier, per unit and minute.
    """

    upto: np.ndarray
    coefficient: np.ndarray

    def at(self, late: np.ndarray) -> np.ndarray:
        """Return β for late minutes of any shape; minutes at or below the first end get the first coefficient."""
        return self.coefficient[np.searchsorted(self.upto, np.minimum(late, np.finfo(float).max), side="left")]


def parse_tiers(text: str) -> PenaltyTiers:
    """Read tiers written as ``"0:0, 5:1, 10:2, 20:10, inf:100"``.

    Raises
    ------
    SolverError
        When a part is not ``minutes:coefficient``, the minutes do not rise, the last tier does not reach inf, or a
        coefficient is negative; the text quotes the part.
    """
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    if not parts:
        raise SolverError(f"PENALTY_TIERS is empty. {_EXAMPLE}.")
    upto: list[float] = []
    coefficient: list[float] = []
    for part in parts:
        ends = part.split(":")
        try:
            if len(ends) != 2:
                raise ValueError
            end, value = (float(number) for number in ends)
            if math.isnan(end) or not math.isfinite(value):
                raise ValueError
        except ValueError:
            raise SolverError(f"PENALTY_TIERS: “{part}” cannot be read. {_EXAMPLE}.") from None
        if value < 0:
            raise SolverError(f"PENALTY_TIERS: the coefficient of “{part}” is negative; a delay cannot earn anything.")
        if upto and end <= upto[-1]:
            raise SolverError(f"PENALTY_TIERS: “{part}” does not lie above the tier before it. {_EXAMPLE}.")
        upto.append(end)
        coefficient.append(value)
    if upto[-1] != math.inf:
        raise SolverError(f"PENALTY_TIERS ends at {upto[-1]:g} late minutes; the last tier must be inf. {_EXAMPLE}.")
    return PenaltyTiers(np.array(upto), np.array(coefficient))
