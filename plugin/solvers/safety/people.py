"""Who makes it to safety, and when: people who leave certain junctions at certain moments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..control import Control
from ..roads.starts import Junctions
from ..rounding import largest_remainder
from .solve import TimeToSafety

SHARE = 0.95


class Leaving(NamedTuple):
    """People at their junctions; g groups of c classes.

    Attributes
    ----------
    zone : (g,) int64
    node : (g,) int64
        Where they enter the roads, -1 where they cannot.
    people : (g, c) int64
    """

    zone: np.ndarray
    node: np.ndarray
    people: np.ndarray


class OnBareGround(NamedTuple):
    """Groups (g,) that walk over open ground to where they are safe, no road being near.

    Attributes
    ----------
    seconds : float64
        That they take; NaN for those who go by the roads.
    reached : float64
        When the hazard comes to where they live, s from t = 0; inf: never.
    """

    seconds: np.ndarray
    reached: np.ndarray


class Outcome(NamedTuple):
    """What becomes of the groups (g,).

    Attributes
    ----------
    seconds : float64
        By the quickest way to a safe place, 0 for who is outside already; inf: there is none.
    latest : float64
        The last moment at which they can leave, -inf without a way.
    arrival : float64
        When they are safe, inf: never.
    outside : bool
        Who need not leave.
    """

    seconds: np.ndarray
    latest: np.ndarray
    arrival: np.ndarray
    outside: np.ndarray

    @property
    def safe(self) -> np.ndarray:
        """Whether each group makes it (g,)."""
        return np.isfinite(self.arrival)


def leaving(junctions: Junctions, node: np.ndarray, people: np.ndarray, has_way: np.ndarray) -> Leaving:
    """Spread the people of zones over their junctions by weight, class by class (largest remainder).

    Parameters
    ----------
    junctions : Junctions
    node : (z,) int
        Where the people of a zone without junctions enter the roads, -1 for nowhere.
    people : (z, c) int64
    has_way : (n,) bool
        Nodes from which a safe place can be reached; a zone that has such junctions uses no other.

    Examples
    --------
    >>> junctions = Junctions(np.array([0, 3, 3]), np.array([4, 5, 6]), np.array([1.0, 1.0, 2.0]))
    >>> spread = leaving(junctions, np.array([-1, 2]), np.array([[3], [8]]), np.arange(7) != 5)
    >>> spread.node.tolist(), spread.people.ravel().tolist()
    ([4, 6, 2], [1, 2, 8])
    """
    zones, nodes, counts = [], [], []
    for z, own in enumerate(people):
        at, weight = junctions.node[junctions.of(z)], junctions.weight[junctions.of(z)]
        if not len(at):
            at, weight = np.array([node[z]]), np.ones(1)
        elif has_way[at].any():
            at, weight = at[has_way[at]], weight[has_way[at]]
        share = weight / weight.sum()
        spread = np.column_stack([largest_remainder(share * total, int(total)) for total in own.tolist()])
        there = spread.any(axis=1)
        zones.append(np.full(int(there.sum()), z))
        nodes.append(at[there])
        counts.append(spread[there])
    classes = people.shape[1]
    return Leaving(
        np.concatenate([np.empty(0, dtype=np.int64), *zones]).astype(np.int64),
        np.concatenate([np.empty(0, dtype=np.int64), *nodes]).astype(np.int64),
        np.concatenate([np.empty((0, classes), dtype=np.int64), *counts]),
    )


def outcome(
    found: TimeToSafety,
    groups: Leaving,
    ready: np.ndarray,
    outside: np.ndarray,
    away: np.ndarray,
    bare: OnBareGround | None = None,
    control: Control | None = None,
) -> Outcome:
    """Return what becomes of people who are ready to leave at certain moments.

    Parameters
    ----------
    found : TimeToSafety
    groups : Leaving
    ready : (g,) float64
        Seconds from t = 0: the order and the time that people take to leave.
    outside : (n,) bool
        Nodes at which nobody has to leave: safe from t = 0 on.
    away : (g,) bool
        Groups of zones in which nobody has to leave, whether or not they are joined to a road.
    bare : OnBareGround, optional
        Its groups have no node.
    """
    joined = groups.node >= 0
    node = np.where(joined, groups.node, 0)
    out = away | (joined & outside[node])
    seconds = np.where(out, 0.0, np.where(joined, found.nodes.seconds[node], np.inf))
    latest = np.where(out, np.inf, np.where(joined, found.nodes.latest[node], -np.inf))
    arrival = np.where(out, 0.0, np.inf)
    go = joined & ~out
    arrival[go] = found.arrivals(node[go], ready[go], control)
    if bare is not None:
        own = np.isfinite(bare.seconds) & ~out
        seconds[own] = bare.seconds[own]
        latest[own] = bare.reached[own] - seconds[own]
        arrival[own] = np.where(ready[own] < latest[own], ready[own] + seconds[own], np.inf)
    return Outcome(seconds, latest, arrival, out)


def share_safe_by(arrival: np.ndarray, people: np.ndarray, share: float = SHARE) -> float:
    """Return the first moment by which ``share`` of the people (g,) who make it are safe; 0 where nobody does.

    Examples
    --------
    >>> share_safe_by(np.array([10.0, 20.0, np.inf]), np.array([95, 5, 50]))
    10.0
    """
    safe = np.isfinite(arrival) & (people > 0)
    if not safe.any():
        return 0.0
    order = np.argsort(arrival[safe], kind="stable")
    total = np.cumsum(people[safe][order])
    return float(arrival[safe][order][np.searchsorted(total, share * total[-1])])
