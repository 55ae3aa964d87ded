"""From groups of people to vehicles with a departure each (spec 5, Trips)."""

from __future__ import annotations

import numpy as np

from ...errors import SolverError

AT_ONCE, UNIFORM, S_CURVE, RAYLEIGH = range(4)
PROFILE_NAMES = ("all at once", "evenly", "along an S-curve", "along a Rayleigh curve")
LATEST = 2.0  # windows after which nobody leaves any more along a Rayleigh curve


def fill_vehicles(people: np.ndarray, occupancy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the group (v,) of each vehicle and the people in it (v,), whole numbers of at least 1.

    A group takes ``ceil(people / occupancy)`` vehicles and is dealt over them as evenly as whole people go, the fuller
    ones first: no vehicle is empty, and none holds more than ``occupancy`` where whole people allow it.

    Parameters
    ----------
    people : (k,)
        People of each group, whole numbers of at least 0.
    occupancy : (k,)
        People in a full vehicle on average, at least 1.

    Examples
    --------
    >>> group, inside = fill_vehicles(np.array([7, 2]), np.array([3.0, 3.0]))
    >>> group.tolist(), inside.tolist()
    ([0, 0, 0, 1], [3.0, 2.0, 2.0, 2.0])
    """
    people, occupancy = np.asarray(people, dtype=np.float64), np.asarray(occupancy, dtype=np.float64)
    if not (np.isfinite(occupancy) & (occupancy >= 1)).all():
        raise SolverError("The number of people in a vehicle must be at least 1.")
    count = vehicles_of(people, occupancy)
    group = np.repeat(np.arange(len(people)), count)
    number = np.arange(len(group)) - np.repeat(np.cumsum(count) - count, count)
    each, over = np.divmod(people, np.maximum(count, 1))
    return group, each[group] + (number < over[group])


def vehicles_of(people: np.ndarray, occupancy: np.ndarray) -> np.ndarray:
    """Return the vehicles (k,) that groups of ``people`` (k,) take at ``occupancy`` (k,) people in a full one.

    Anybody takes one, whatever fits in.
    """
    return np.maximum(np.ceil(people / occupancy - 1e-9), people > 0).astype(np.int64)


def spread_departures(count: int, window: float, profile: int, rng: np.random.Generator) -> np.ndarray:
    """Return a departure in seconds (count,) for each vehicle, in no particular order.

    The vehicles share the window's quantiles among them at random, one in each: the curve is as smooth as their number
    allows. UNIFORM leaves evenly over ``window`` seconds, S_CURVE with the shares ``3 x^2 - 2 x^3`` at the part x of
    the window (slow, fast, slow), RAYLEIGH by ``1 - exp(-pi x^2)`` (mean half the window; 4.3 % leave after it, nobody
    after LATEST windows), AT_ONCE at 0.
    """
    if profile == AT_ONCE or window <= 0 or count == 0:
        return np.zeros(count)
    share = (rng.permutation(count) + rng.random(count)) / count
    if profile == RAYLEIGH:
        share = np.minimum(np.sqrt(-np.log1p(-share) / np.pi), LATEST)
    elif profile == S_CURVE:
        share = 0.5 - np.sin(np.arcsin(1.0 - 2.0 * share) / 3.0)
    elif profile != UNIFORM:
        raise SolverError(
            f"DEPARTURE_PROFILE: {profile} is none of 0 (at once), 1 (uniform), 2 (S-curve), 3 (Rayleigh)."
        )
    return share * window


def last_departure(window: float, profile: int) -> float:
    """Return the seconds after the order by which everybody has left: the window, of a Rayleigh curve LATEST windows.

    >>> last_departure(600.0, UNIFORM), last_departure(600.0, RAYLEIGH)
    (600.0, 1200.0)
    """
    return window * LATEST if profile == RAYLEIGH else window
