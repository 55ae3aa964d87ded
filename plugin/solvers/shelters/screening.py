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
    doors: np.ndarray | None = None,
    door_capacity: np.ndarray | None = None,
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
    doors, door_capacity : ndarray of int, shape (s,), optional
        Doors of each site, and people whom they let in in time; without them doors set no limit.
    """
    out = []
    least_people = max(min_capacity, 1)
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
        elif residual[j] < least_people:
            least = f", the minimum is {min_capacity}" if min_capacity > 1 else ""
            reason = (
                f"no room left: the people predicted to be there leave {residual[j]} of {capacity[j]} places{least}"
            )
        elif doors is not None and door_capacity is not None and door_capacity[j] < least_people:
            way = "1 door lets" if doors[j] == 1 else f"{doors[j]} doors let"
            reason = f"doors: {way} in {door_capacity[j]} people in DOOR_MINUTES, the minimum is {least_people}"
        else:
            reason = ""
        out.append(reason)
    return out
