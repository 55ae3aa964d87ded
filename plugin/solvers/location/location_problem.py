"""Where to open sites and who travels to which: flows to a given set, and the linear relaxation over all sets.

This is the capacitated facility location problem, people divisible:

    minimise    Σ minutes[i,j] y[i,j] + Σ opening[j] open[j]
    subject to  Σ_j y[i,j] <= people[i],  Σ y = target,  Σ_i y[i,j] <= room[j] open[j],  Σ open <= max_sites
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack

from ..control import Control
from ..errors import SolverError
from ..mip.equal_plans import fixed_weights
from ..mip.linear import LinearProgram

MOST_ROUNDS = 12
LEAST_FLOW = 1e-6  # people; less is rounding of the solver
BROKEN = 1e-4  # of a site: a flow that needs so much more of it than is open


@dataclass(frozen=True)
class LocationProblem:
    """Who travels where at what cost.

    Attributes
    ----------
    people : ndarray, shape (z,)
        People of each zone.
    room : ndarray, shape (s,)
        People that each site may take.
    zone, site : ndarray of int, shape (p,)
        Pairs within reach, of zones with people and sites with room.
    minutes : ndarray, shape (p,)
        Travel time of each pair.
    required : ndarray of bool, shape (s,)
    target : float
        People to shelter.
    max_sites : int
        Most sites to open.
    opening : ndarray, shape (s,), optional
        What it costs to open each site, in the unit of the people's travel together; default: nothing.
    """

    people: np.ndarray
    room: np.ndarray
    zone: np.ndarray
    site: np.ndarray
    minutes: np.ndarray
    required: np.ndarray
    target: float
    max_sites: int
    opening: np.ndarray | None = None

    @property
    def site_cost(self) -> np.ndarray:
        """What it costs to open each site, shape (s,)."""
        return np.zeros(len(self.room)) if self.opening is None else self.opening

    def opened(self, chosen: np.ndarray, flow: np.ndarray) -> np.ndarray:
        """Return the sites, (s,) bool, that a plan opens: of the ``chosen`` ones those required, and those of use."""
        used = np.bincount(self.site, weights=flow, minlength=len(self.room)) > LEAST_FLOW
        return chosen & (self.required | used)

    @property
    def most(self) -> np.ndarray:
        """Largest flow of each pair, shape (p,): the zone's people or the site's room."""
        return np.minimum(self.people[self.zone], self.room[self.site])

    @property
    def all_sheltered(self) -> bool:
        """Whether every zone is to be sheltered entirely."""
        return self.target >= float(self.people.sum())


@dataclass(frozen=True)
class LinearRelaxation:
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
    pair_price : ndarray, shape (p,)
        Reduced cost of each pair: by how much the bound rises at least for each of its people.
    zone_price : ndarray, shape (z,)
        Person-minutes by which one more person of each zone would raise the bound.
    """

    bound: float
    open: np.ndarray
    price: np.ndarray
    tight: np.ndarray
    pair_price: np.ndarray
    zone_price: np.ndarray


@dataclass(frozen=True)
class Served:
    """The best flows to a set of sites, and the prices that prove it.

    Attributes
    ----------
    flow : ndarray, shape (p,)
        People of each pair.
    value : float
        Person-minutes, and the opening of the sites that are required or of use.
    zone_price : ndarray, shape (z,)
        Person-minutes that one more person of each zone would add.
    room_price : ndarray, shape (s,)
        Person-minutes that one more place at each chosen site would save.
    staying_price : float
        Person-minutes that one person fewer to shelter would save.
    """

    flow: np.ndarray
    value: float
    zone_price: np.ndarray
    room_price: np.ndarray
    staying_price: float


def flows_to(
    problem: LocationProblem, chosen: np.ndarray, control: Control | None = None, settled: bool = False
) -> tuple[np.ndarray, float]:
    """Return the best flows, (p,), that shelter the target in the chosen sites, and what they cost.

    ``settled`` asks for those of the equally good flows that every solver agrees on.

    Raises
    ------
    SolverError
        When the chosen sites cannot shelter the target.
    """
    served = serve(problem, chosen, control, settled)
    return served.flow, served.value


def serve(
    problem: LocationProblem, chosen: np.ndarray, control: Control | None = None, settled: bool = False
) -> Served:
    """Return the best flows to the chosen sites with their prices; arguments and errors as for :func:`flows_to`."""
    control = control or Control()
    zones, sites = len(problem.people), len(problem.room)
    flow = np.zeros(len(problem.zone))
    keep = np.flatnonzero(chosen[problem.site])
    per_zone, per_site = _incidence(problem, keep)
    rows, low, high = _demand(problem, per_zone)
    program = LinearProgram(
        problem.minutes[keep],
        np.zeros(len(keep)),
        np.full(len(keep), np.inf),  # the rows hold the flows, so that all prices are those of rows
        vstack([per_site, rows], format="csr"),
        np.concatenate([np.full(sites, -np.inf), low]),
        np.concatenate([problem.room, high]),
    )
    found = program.solve(control) if len(keep) else None
    if found is None:
        raise SolverError(f"The chosen sites do not shelter {problem.target:g} people.")
    prices = found.row_price
    if settled:
        found = program.among_optima(found, fixed_weights(len(problem.zone))[keep], control) or found
    flow[keep] = np.clip(found.x, 0.0, problem.most[keep])
    value = float(flow @ problem.minutes + problem.site_cost[problem.opened(chosen, flow)].sum())
    staying = float(prices[sites + zones]) if len(prices) > sites + zones else 0.0
    return Served(flow, value, prices[sites : sites + zones] + staying, -prices[:sites], staying)


def linear_relaxation(
    problem: LocationProblem, control: Control, enough: Callable[[LinearRelaxation], bool] | None = None
) -> LinearRelaxation:
    """Return the linear relaxation, its rows ``flow <= most * open`` added only where they are broken.

    Minimise Σ minutes * y + Σ opening * open over 0 <= open <= 1, y >= 0 with Σ_site y = people (or <= people and
    Σ y >= target), Σ_zone y <= room * open, Σ open <= max_sites. The value after any round is a bound and none is
    below the one before. A round that does not raise it may only move the flows to equal ones, after which others do.
    The last round is the one after which ``enough``, where it is given, is true.
    """
    pairs, most = len(problem.zone), problem.most
    first = len(problem.room) + 1  # rows of sites and of their number come before those of zones
    program = _relaxed(problem)
    tight = np.zeros(0, dtype=np.int64)
    result: LinearRelaxation | None = None
    for _ in range(MOST_ROUNDS):
        found = program.solve(control)
        if found is None:
            break
        flow, opened = found.x[:pairs], found.x[pairs:]
        price = found.reduced_cost
        each = found.row_price[first : first + len(problem.people)]
        result = LinearRelaxation(found.objective, opened, price[pairs:], tight, price[:pairs], each)
        more = np.flatnonzero(flow / most - opened[problem.site] > BROKEN)
        if len(more) == 0 or control.effort.passed() or (enough is not None and enough(result)):
            break
        linked = _linked(problem, more)
        program.add_rows(linked, np.full(len(more), -np.inf), np.zeros(len(more)))
        tight = np.union1d(tight, more)
    if result is None:
        raise SolverError("The linear relaxation of the shelter choice could not be solved.")
    return result


def _relaxed(problem: LocationProblem) -> LinearProgram:
    """Return the relaxation without the rows ``flow <= most * open``; variables are the flows, then the sites."""
    pairs, sites = len(problem.zone), len(problem.room)
    per_zone, per_site = _incidence(problem, np.arange(pairs))
    demand, low, high = _demand(problem, per_zone)
    diagonal = csr_matrix((-problem.room, (np.arange(sites), np.arange(sites))), shape=(sites, sites))
    room = hstack([per_site, diagonal])
    count = hstack([csr_matrix((1, pairs)), csr_matrix(np.ones((1, sites)))])
    nothing = csr_matrix((demand.shape[0], sites))
    open_low = problem.required.astype(float)
    return LinearProgram(
        np.concatenate([problem.minutes, problem.site_cost]),
        np.concatenate([np.zeros(pairs), open_low]),
        np.concatenate([problem.most, np.ones(sites)]),
        vstack([room, count, hstack([demand, nothing])], format="csr"),
        np.concatenate([np.full(sites + 1, -np.inf), low]),
        np.concatenate([np.zeros(sites), [float(problem.max_sites)], high]),
    )


def _linked(problem: LocationProblem, pairs: np.ndarray) -> csr_matrix:
    """Return the rows ``flow - most * open`` of the given pairs."""
    each, count = np.arange(len(pairs)), len(problem.zone)
    values = np.concatenate([np.ones(len(pairs)), -problem.most[pairs]])
    columns = np.concatenate([pairs, count + problem.site[pairs]])
    return csr_matrix((values, (np.concatenate([each, each]), columns)), shape=(len(pairs), count + len(problem.room)))


def _incidence(problem: LocationProblem, keep: np.ndarray) -> tuple[csr_matrix, csr_matrix]:
    """Return the sums of the flows ``keep`` by zone and by site as matrices."""
    ones, columns = np.ones(len(keep)), np.arange(len(keep))
    per_zone = csr_matrix((ones, (problem.zone[keep], columns)), shape=(len(problem.people), len(keep)))
    per_site = csr_matrix((ones, (problem.site[keep], columns)), shape=(len(problem.room), len(keep)))
    return per_zone, per_site


def _demand(problem: LocationProblem, per_zone: csr_matrix) -> tuple[csr_matrix, np.ndarray, np.ndarray]:
    """Return the rows that see to the people: all of each zone, or at most that and the target in all."""
    if problem.all_sheltered:
        return per_zone, problem.people, problem.people
    everybody = csr_matrix(np.ones((1, per_zone.shape[1])))
    rows = vstack([per_zone, everybody], format="csr")
    low = np.concatenate([np.full(len(problem.people), -np.inf), [problem.target]])
    return rows, low, np.concatenate([problem.people, [np.inf]])
