"""Flows of people to sites with the least travel: a given set of sites, and the linear relaxation over all sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csr_matrix, vstack

from ..control import Deadline, IsCancelled, SolverError, stop_if

MOST_ROUNDS = 12
WORTHWHILE = 1e-4  # a round that raises the bound by less than this part of it is the last


@dataclass(frozen=True)
class TravelProblem:
    """Who travels where at what cost.

    Attributes
    ----------
    people : ndarray, shape (z,)
        People of each zone.
    room : ndarray, shape (s,)
        People that each site may take.
    zone, site : ndarray of int, shape (p,)
        Pairs within reach.
    minutes : ndarray, shape (p,)
        Travel time of each pair.
    required : ndarray of bool, shape (s,)
    target : float
        People to shelter.
    max_sites : int
        Most sites to open.
    """

    people: np.ndarray
    room: np.ndarray
    zone: np.ndarray
    site: np.ndarray
    minutes: np.ndarray
    required: np.ndarray
    target: float
    max_sites: int

    @property
    def most(self) -> np.ndarray:
        """Largest flow of each pair, shape (p,): the zone's people or the site's room."""
        return np.minimum(self.people[self.zone], self.room[self.site])

    @property
    def all_sheltered(self) -> bool:
        """Whether every zone is to be sheltered entirely."""
        return self.target >= float(self.people.sum())


@dataclass(frozen=True)
class Relaxation:
    """The linear relaxation: its value is a lower bound of the person-minutes of every admissible set.

    Attributes
    ----------
    bound : float
        Person-minutes.
    open : ndarray, shape (s,)
        How far each site is open, 0 to 1.
    price : ndarray, shape (s,)
        Reduced cost of each site: by how much the bound rises at least when a closed site (positive) is opened or an
        open one (negative) is closed.
    tight : ndarray of int
        Pairs whose row ``flow <= most * open`` was needed.
    """

    bound: float
    open: np.ndarray
    price: np.ndarray
    tight: np.ndarray


def flows_to(problem: TravelProblem, chosen: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the flows, (p,), with the least person-minutes that shelter the target in the chosen sites, and those.

    Raises
    ------
    SolverError
        When the chosen sites cannot shelter the target.
    """
    flow = np.zeros(len(problem.zone))
    keep = np.flatnonzero(chosen[problem.site] & (problem.most > 0.0))
    if len(keep) == 0 or problem.target <= 0.0:
        return flow, 0.0
    zone, site = problem.zone[keep], problem.site[keep]
    columns = np.arange(len(keep))
    per_zone = csr_matrix((np.ones(len(keep)), (zone, columns)), shape=(len(problem.people), len(keep)))
    per_site = csr_matrix((np.ones(len(keep)), (site, columns)), shape=(len(problem.room), len(keep)))
    most = problem.most[keep]
    if problem.all_sheltered:
        rows, right = per_site, problem.room
        equal, equals = per_zone[problem.people > 0], problem.people[problem.people > 0]
    else:
        everybody = csr_matrix(-np.ones((1, len(keep))))
        rows = vstack([per_site, per_zone, everybody], format="csr")
        right = np.concatenate([problem.room, problem.people, [-problem.target]])
        equal, equals = None, None
    answer = linprog(
        problem.minutes[keep],
        A_ub=rows,
        b_ub=right,
        A_eq=equal,
        b_eq=equals,
        bounds=np.stack([np.zeros(len(keep)), most], axis=1),
        method="highs-ds",  # a vertex: whole people where the rooms are whole
    )
    if answer.x is None or answer.status != 0:
        raise SolverError(f"The chosen sites do not shelter {problem.target:g} people: {answer.message}")
    flow[keep] = np.clip(answer.x, 0.0, most)
    return flow, float(flow @ problem.minutes)


def relax(problem: TravelProblem, deadline: Deadline, cancelled: IsCancelled) -> Relaxation:
    """Return the linear relaxation, its rows ``flow <= most * open`` added only where they are broken.

    Minimise Σ minutes * y over 0 <= open <= 1, y >= 0 with Σ_site y = people (or <= people and Σ y >= target),
    Σ_zone y <= room * open, Σ open <= max_sites. The value after any round is a bound and none is below the one
    before; rows are added until the bound hardly rises or the time is up.
    """
    tight = np.zeros(0, dtype=np.int64)
    result: Relaxation | None = None
    for _ in range(MOST_ROUNDS):
        stop_if(cancelled)
        answer = _relaxed(problem, tight)
        if answer.x is None or answer.status != 0:
            if result is None:
                raise SolverError(f"The linear relaxation of the shelter choice failed: {answer.message}")
            break
        pairs = len(problem.zone)
        flow, opened = answer.x[:pairs], answer.x[pairs:]
        price = answer.lower.marginals[pairs:] + answer.upper.marginals[pairs:]
        before, result = result, Relaxation(float(answer.fun), opened, price, tight)
        if deadline.passed() or (before and result.bound - before.bound <= WORTHWHILE * max(1.0, result.bound)):
            break
        broken = flow - problem.most * opened[problem.site] > 1e-4 * np.maximum(1.0, problem.most)
        broken[tight] = False
        if not broken.any():
            break
        tight = np.union1d(tight, np.flatnonzero(broken))
    if result is None:
        raise SolverError("The linear relaxation of the shelter choice was not solved.")
    return result


def _relaxed(problem: TravelProblem, tight: np.ndarray) -> OptimizeResult:
    """Solve the relaxation with the rows of the pairs ``tight``."""
    pairs, sites, zones = len(problem.zone), len(problem.room), len(problem.people)
    size = pairs + sites
    columns, most = np.arange(pairs), problem.most
    per_zone = csr_matrix((np.ones(pairs), (problem.zone, columns)), shape=(zones, size))
    room = csr_matrix(
        (
            np.concatenate([np.ones(pairs), -problem.room]),
            (np.concatenate([problem.site, np.arange(sites)]), np.arange(size)),
        ),
        shape=(sites, size),
    )
    count = csr_matrix((np.ones(sites), (np.zeros(sites, int), pairs + np.arange(sites))), shape=(1, size))
    each = np.arange(len(tight))
    linked = csr_matrix(
        (
            np.concatenate([np.ones(len(tight)), -most[tight]]),
            (np.concatenate([each, each]), np.concatenate([tight, pairs + problem.site[tight]])),
        ),
        shape=(len(tight), size),
    )
    rows = [room, count, linked]
    right = [np.zeros(sites), np.array([float(problem.max_sites)]), np.zeros(len(tight))]
    equal, equals = None, None
    if problem.all_sheltered:
        equal, equals = per_zone, problem.people
    else:
        everybody = csr_matrix((-np.ones(pairs), (np.zeros(pairs, int), columns)), shape=(1, size))
        rows += [per_zone, everybody]
        right += [problem.people, np.array([-problem.target])]
    low = np.concatenate([np.zeros(pairs), problem.required.astype(float)])
    return linprog(
        np.concatenate([problem.minutes, np.zeros(sites)]),
        A_ub=vstack(rows, format="csr"),
        b_ub=np.concatenate(right),
        A_eq=equal,
        b_eq=equals,
        bounds=np.stack([low, np.concatenate([most, np.ones(sites)])], axis=1),
        method="highs",
    )
