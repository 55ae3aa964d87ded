"""The gap: by how much at most a better plan could undercut one, by a bound that is proved."""

from __future__ import annotations

import math

NOISE = 1e-9  # difference of value and bound, relative to the value, that counts as none


def gap_percent(value: float | None, bound: float | None, noise: float = NOISE) -> float | None:
    """Return ``100 (value - bound) / value``, None where a part is unknown or the value is 0 and the bound is not.

    Below 0 where the bound lies above the value: that of something maximised, or a fault.

    Parameters
    ----------
    noise : float
        Difference that counts as none, relative to the value (or to 1, if that is more).

    Examples
    --------
    >>> gap_percent(8.0, 6.0), gap_percent(5.0, 5.0), gap_percent(8.0, 9.0), gap_percent(0.0, 1.0)
    (25.0, 0.0, -12.5, None)
    """
    if value is None or bound is None or not (math.isfinite(value) and math.isfinite(bound)):
        return None
    if abs(value - bound) <= noise * max(1.0, abs(value)):
        return 0.0
    return None if value == 0 else 100.0 * (value - bound) / abs(value)
