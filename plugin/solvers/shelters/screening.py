"""Which sites cannot be used, and why: one reason each, in words for the plan."""

from __future__ import annotations

import numpy as np


def reasons_to_reject(
    unsafe: list[str],
    forbidden: np.ndarray,
    unjoined: list[str],
    minutes: np.ndarray,
    limit: float,
    capacity: np.ndarray,
    residual: np.ndarray,
    min_capacity: int,
) -> list[str]:
    """Return the reason why each site is rejected, "" for a site that may be chosen; the first that applies counts.

    Parameters
    ----------
    unsafe : list of str, length s
        "inside the hazard", "within its buffer", or "".
    forbidden : ndarray of bool, shape (s,)
    unjoined : list of str, length s
        Why the site is not joined to the road network, or "".
    minutes : ndarray, shape (z, s)
        Travel time from the zones with people, infinite where there is no way.
    limit : float
        Longest travel time in minutes, infinite for none.
    capacity, residual : ndarray of int, shape (s,)
        ``S_p`` and ``Q_p``.
    min_capacity : int
        Least room that makes a site worth opening.
    """
    out = []
    for j in range(len(unsafe)):
        fastest = float(minutes[:, j].min()) if len(minutes) else np.inf
        if unsafe[j]:
            reason = unsafe[j]
        elif forbidden[j]:
            reason = "forbidden by the rule field"
        elif unjoined[j]:
            reason = f"not joined to the road network: {unjoined[j]}"
        elif not np.isfinite(fastest):
            reason = "not reachable by road from any zone"
        elif fastest > limit:
            reason = f"beyond the travel limit from every zone (nearest {fastest:.1f} min, limit {limit:g} min)"
        elif capacity[j] < min_capacity:
            reason = f"capacity {capacity[j]} is below the minimum of {min_capacity}"
        elif residual[j] < max(min_capacity, 1):
            least = f", the minimum is {min_capacity}" if min_capacity > 1 else ""
            reason = (
                f"no room left: the people predicted to be there leave {residual[j]} of {capacity[j]} places{least}"
            )
        else:
            reason = ""
        out.append(reason)
    return out
