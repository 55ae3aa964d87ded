"""Which sites to recommend as shelters, from the room that predicted presence leaves and the travel time to them.

[E] section 3 names an algorithm for this, a recommendation from pedestrian-flow prediction, but its page is missing
from the text available to us. What follows is a reconstruction of ours:

    S_p = floor(usable_share * area / area_per_person)   safe capacity (:mod:`.capacity`)
    P_p = largest predicted presence over the horizon
    Q_p = max(0, S_p - P_p)                              residual capacity

A site takes at most ``Q_p / (1 + reserve)`` people, and no more than its doors let in in time where that is asked for.
Sites that are unsafe, forbidden, out of reach or too small are rejected with the reason (:mod:`.screening`), the set
to open is chosen (:mod:`.covering`) by travel and the number of sites together, by their number first, or all of them,
and every site gets a score and a rank (:mod:`.ranking`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ..control import Control
from ..naming import counted, heads
from ..rounding import largest_remainder
from . import covering
from .capacity import residual_capacity
from .covering import BALANCED, FEWEST_SITES, CoveringProblem
from .ranking import in_reach, ranks, scores
from .screening import reasons_to_reject
from .stage import Stage

SELECTED, STANDBY, REJECTED = "selected", "standby", "rejected"


@dataclass(frozen=True)
class ShelterProblem:
    """Zones with people, candidate sites, and the travel time between them.

    Attributes
    ----------
    zone_ids, site_ids : list of str
    people : ndarray of int, shape (z,)
    minutes : ndarray, shape (z, s)
        Travel time over the network, infinite where there is no way (or a zone or site is not joined to it).
    capacity : ndarray of int, shape (s,)
        Safe capacity ``S_p`` in people.
    predicted : ndarray of int, shape (s,)
        People already there, ``P_p``.
    unsafe, unjoined : list of str, length s
        Why a site is unsafe or not joined to the road network, "" where it is safe or joined.
    unjoined_zones : list of str, length z
        Why a zone is not joined to the road network, "" where it is joined.
    required, forbidden : ndarray of bool, shape (s,)
    limit : float
        Longest travel time in minutes, infinite for none.
    reserve : float
        Part of the room kept free: people <= ``Q_p / (1 + reserve)``.
    min_capacity : int
        Least residual capacity that makes a site worth opening.
    max_sites : int
        Most sites to open, 0 for no limit.
    choice : int
        BALANCED, FEWEST_SITES or ALL_SITES, of :mod:`.covering`.
    site_minutes : float or None
        With BALANCED: person-minutes that opening one more site is worth, None for the default.
    doors : ndarray of int, shape (s,), optional
        Number of doors of each site.
    door_capacity : ndarray of int, shape (s,), optional
        People whom they let in in time; without it doors set no limit.
    zone : ndarray of int, shape (z,), optional
        Number of the zone that each row is a part of; default: each is a zone of its own.
    """

    zone_ids: list[str]
    site_ids: list[str]
    people: np.ndarray
    minutes: np.ndarray
    capacity: np.ndarray
    predicted: np.ndarray
    unsafe: list[str]
    unjoined: list[str]
    unjoined_zones: list[str]
    required: np.ndarray
    forbidden: np.ndarray
    limit: float = np.inf
    reserve: float = 0.0
    min_capacity: int = 1
    max_sites: int = 0
    choice: int = FEWEST_SITES
    site_minutes: float | None = None
    doors: np.ndarray | None = None
    door_capacity: np.ndarray | None = None
    zone: np.ndarray | None = None

    def zones(self, rows: np.ndarray) -> int:
        """Return how many zones ``rows``, a mask (z,) or positions, are parts of."""
        return len(np.unique((np.arange(len(self.people)) if self.zone is None else self.zone)[rows]))

    def room(self, residual: np.ndarray) -> np.ndarray:
        """Return the people (s,) whom each site may take, float64."""
        inside = residual / (1.0 + self.reserve)
        return inside if self.door_capacity is None else np.minimum(inside, self.door_capacity)


@dataclass(frozen=True)
class Recommendation:
    """The recommendation, a row for each site and each zone of the problem.

    Attributes
    ----------
    status, reason : list of str, length s
        "selected", "standby" or "rejected", and why.
    rank : ndarray of int, shape (s,)
        From 1, selected sites first; 0 for rejected sites.
    score : ndarray, shape (s,)
        0 to 100, see :func:`.ranking.scores`.
    residual : ndarray of int, shape (s,)
        ``Q_p``.
    people_in_reach : ndarray of int, shape (s,)
        People of the zones within the travel limit.
    mean_minutes : ndarray, shape (s,)
        Their mean travel time, NaN where nobody is in reach.
    flow : ndarray, shape (z, s)
        People of each zone in the plan that the choice rests on (groups not kept together).
    uncovered : ndarray of int, shape (z,)
        People of each zone for whom no room in reach is left.
    uncovered_reason : list of str, length z
        Why; "" for a zone whose people all find room.
    stages : tuple of Stage
        Evidence of the choice, in the order of what matters.
    gap : float or None
        Percent, of the first stage that was not proved, else of the travel time.
    required_but_rejected : list of str
        Sites that the rule field requires but that cannot be used.
    seconds : float
    """

    status: list[str]
    reason: list[str]
    rank: np.ndarray
    score: np.ndarray
    residual: np.ndarray
    people_in_reach: np.ndarray
    mean_minutes: np.ndarray
    flow: np.ndarray
    uncovered: np.ndarray
    uncovered_reason: list[str]
    stages: tuple[Stage, ...]
    gap: float | None
    required_but_rejected: list[str]
    seconds: float

    @property
    def selected(self) -> np.ndarray:
        """The selected sites, (s,) bool."""
        return np.array([status == SELECTED for status in self.status], dtype=bool)


def solve(problem: ShelterProblem, *, control: Control | None = None) -> Recommendation:
    """Recommend sites.

    Sites and zones are handed to the solver in the order of their ids, so that the answer does not depend on the
    order of the features and ties are broken the same way every time.

    Raises
    ------
    SolverError
        When more sites are required than may be opened.
    Cancelled
        When ``cancelled()`` turned true.
    """
    control = control or Control()
    began = time.monotonic()
    people = np.asarray(problem.people, dtype=np.int64)
    residual = residual_capacity(problem.capacity, problem.predicted)
    reason = reasons_to_reject(
        problem.unsafe,
        problem.forbidden,
        problem.unjoined,
        problem.minutes[people > 0],
        problem.limit,
        problem.capacity,
        residual,
        problem.min_capacity,
        problem.doors,
        problem.door_capacity,
    )
    usable = np.array([not text for text in reason], dtype=bool)
    within = np.where(problem.minutes <= problem.limit, problem.minutes, np.inf)
    room = problem.room(residual)
    cover = _cover_in_order(problem, people, within, room, usable, control)
    chosen, flow = cover.chosen, cover.flow
    full = 0 < problem.max_sites <= int(chosen.sum())
    status = [SELECTED if chosen[j] else STANDBY if usable[j] else REJECTED for j in range(len(reason))]
    score = scores(people, within, room, usable)
    count, mean = in_reach(people, within)
    uncovered = _whole(np.clip(people - flow.sum(axis=1), 0.0, people), cover.uncovered)
    return Recommendation(
        status,
        [reason[j] or _reason(problem, flow[:, j], bool(chosen[j]), full, j) for j in range(len(reason))],
        ranks(score, status, problem.site_ids),
        score,
        residual,
        count,
        mean,
        flow,
        uncovered,
        _why_uncovered(problem, within, usable, uncovered, room < residual / (1.0 + problem.reserve)),
        cover.stages,
        cover.gap,
        [site for j, site in enumerate(problem.site_ids) if problem.required[j] and not usable[j]],
        time.monotonic() - began,
    )


def _cover_in_order(
    problem: ShelterProblem,
    people: np.ndarray,
    within: np.ndarray,
    room: np.ndarray,
    usable: np.ndarray,
    control: Control,
) -> covering.Cover:
    """Solve the covering problem over the usable sites, sites and zones in the order of their ids."""
    zones = np.array(sorted(range(len(people)), key=lambda i: problem.zone_ids[i]), dtype=np.int64)
    sites = np.array(
        [j for j in sorted(range(len(room)), key=lambda j: problem.site_ids[j]) if usable[j]], dtype=np.int64
    )
    part = CoveringProblem(
        people[zones],
        within[np.ix_(zones, sites)],
        room[sites],
        problem.required[sites],
        problem.max_sites,
        problem.choice,
        problem.site_minutes,
    )
    found = covering.solve(part, control=control)
    chosen = np.zeros(len(room), dtype=bool)
    chosen[sites] = found.chosen
    flow = np.zeros(problem.minutes.shape)
    flow[np.ix_(zones, sites)] = found.flow
    return covering.Cover(chosen, flow, found.uncovered, found.stages)


def _reason(problem: ShelterProblem, flow: np.ndarray, chosen: bool, full: bool, site: int) -> str:
    """Return what a usable site does in the plan; ``full`` tells that no more sites may be opened."""
    served = float(flow.sum())
    required = "required; " if problem.required[site] else ""
    if not chosen and full:
        return f"over MAX_SITES: no more than {problem.max_sites} may be opened"
    if not chosen and problem.choice == BALANCED:
        return "not opened: the travel it would save is worth less than SITE_MINUTES"
    if not chosen:
        return "not needed: the selected sites do without it"
    if served < 0.5:
        return f"{required}nobody needs it in the plan"
    used = flow > 0.0
    minutes = float(flow[used] @ problem.minutes[used, site]) / served
    return (
        f"{required}serves {heads(round(served))} of {counted(problem.zones(flow >= 0.5), 'zone')}, "
        f"{minutes:.1f} min on average"
    )


def _why_uncovered(
    problem: ShelterProblem, within: np.ndarray, usable: np.ndarray, uncovered: np.ndarray, tight: np.ndarray
) -> list[str]:
    """Return why people of each zone find no room, "" where they all do; ``tight`` (s,): doors let few into a site."""
    out = []
    for i, people in enumerate(uncovered):
        if people == 0:
            out.append("")
        elif problem.unjoined_zones[i]:
            out.append(f"not joined to the road network: {problem.unjoined_zones[i]}")
        elif not np.isfinite(problem.minutes[i]).any():
            out.append("no site can be reached by road")
        elif not np.isfinite(within[i, usable]).any():
            out.append("no usable site within the travel limit" if np.isfinite(problem.limit) else "no usable site")
        elif problem.max_sites > 0:
            out.append("no room left in the sites that may be opened")
        elif (np.isfinite(within[i]) & usable & tight).any():
            out.append("doors: those of the sites in reach let in no more in DOOR_MINUTES")
        else:
            out.append("no room left in the sites in reach")
    return out


def _whole(missing: np.ndarray, uncovered: float) -> np.ndarray:
    """Return the uncovered people of each zone, (z,), as whole people; a part of a person counts as one."""
    total = int(np.ceil(uncovered - 1e-6))
    if total <= 0 or not missing.any():
        return np.zeros(len(missing), dtype=np.int64)
    return largest_remainder(np.minimum(missing * (uncovered / missing.sum()), np.ceil(missing - 1e-6)), total)
