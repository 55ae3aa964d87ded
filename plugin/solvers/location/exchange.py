"""Improving a set of sites: opening one, closing one, exchanging an open one for a closed one.

What a change saves at most follows from the prices of the flows to the present set, by linear duality: the prices
stay admissible when a site is closed (its people pay the next best price) or opened (each of its places saves at most
the price of a person less the way there). So the changes are tried in the order of what they can save, and one that can
save nothing is not tried at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..control import Control
from .coverage import Coverage
from .location_problem import LinearRelaxation, LocationProblem, Served, serve

TRIALS = (100, 1_000, 20_000)  # changes that are tried, by effort: each is a flow over all zones
WORK = (1_000_000, 5_000_000, 200_000_000)  # pairs of zones and open sites in all these flows together, by effort
THRESHOLDS = (0.5, 0.25, 0.1)  # parts of a site that are open in the relaxation, above which it is opened


@dataclass(frozen=True)
class SiteSet:
    """Open sites, (s,) bool, with the flows to them."""

    chosen: np.ndarray
    served: Served

    @property
    def value(self) -> float:
        """Person-minutes, and what the opening of the sites costs."""
        return self.served.value


def serve_set(problem: LocationProblem, chosen: np.ndarray, control: Control | None = None) -> SiteSet:
    """Return the set without the sites that its best flows do not use, and those flows.

    Raises
    ------
    SolverError
        When the chosen sites cannot shelter the target.
    """
    served = serve(problem, chosen, control)
    return SiteSet(problem.opened(chosen, served.flow), served)


def fixed_by_price(value: float, relaxation: LinearRelaxation) -> tuple[np.ndarray, np.ndarray]:
    """Return the sites that every set better than ``value`` keeps closed, and those that it keeps open, (s,) bool each.

    By linear duality opening a site with reduced cost p, or closing one with -p, costs at least the relaxation's
    bound plus p; where that is not below ``value``, no better set does it.
    """
    room = value * (1.0 + 1e-7) + 1e-6 - relaxation.bound
    closed = (relaxation.open < 0.5) & (relaxation.price > room)
    opened = (relaxation.open > 0.5) & (-relaxation.price > room)
    return closed, opened


def rounded(
    problem: LocationProblem,
    coverage: Coverage,
    target: int,
    relaxation: LinearRelaxation,
    control: Control | None = None,
    threshold: float = 0.5,
) -> np.ndarray | None:
    """Return a set built from the relaxation: sites left out from the least open one on while the target is kept.

    Those more than ``threshold`` open are left out only where there are more than allowed. None when it needs more
    sites than that.
    """
    control = control or Control()
    order = np.lexsort((problem.room, np.round(relaxation.open, 9)))
    order = order[~problem.required[order]]
    little = relaxation.open[order] <= threshold
    chosen = coverage.without(np.ones(len(problem.room), dtype=bool), order[little], target, control)
    for j in order[~little]:
        if chosen.sum() <= problem.max_sites:
            break
        chosen = coverage.without(chosen, np.array([j]), target, control)
    return chosen if chosen.sum() <= problem.max_sites else None


def better_rounded(
    problem: LocationProblem,
    coverage: Coverage,
    target: int,
    best: SiteSet,
    relaxation: LinearRelaxation,
    control: Control,
) -> SiteSet:
    """Return the best of ``best`` and of the sets to which the relaxation can be rounded."""
    for threshold in THRESHOLDS if problem.opening is not None else THRESHOLDS[:1]:
        other = rounded(problem, coverage, target, relaxation, control, threshold)
        if other is not None:
            best = min(best, serve_set(problem, other, control), key=lambda found: found.value)
    return best


def exchange_sites(
    problem: LocationProblem,
    coverage: Coverage,
    target: int,
    best: SiteSet,
    relaxation: LinearRelaxation,
    control: Control,
) -> SiteSet:
    """Return a set at least as good as ``best``.

    The best of ``best`` and the rounded relaxation is improved by the first change that helps, again and again, until
    none does, its distance from the bound is within the gap asked for, or enough were tried. Sites that the relaxation
    rules out (or in) are not tried.
    """
    best = better_rounded(problem, coverage, target, best, relaxation, control)
    left, work, improved = control.effort.pick(*TRIALS), control.effort.pick(*WORK), True
    while improved and best.value - relaxation.bound > control.effort.mip_gap * best.value:
        improved = False
        for leave, enter in _promising(problem, best, relaxation, control):
            control.stop_if_cancelled()
            trial = best.chosen.copy()
            trial[enter], trial[leave] = True, False
            left, work = left - 1, work - int(trial[problem.site].sum())
            if left < 0 or work < 0 or control.effort.passed():
                return best
            if len(leave) and coverage.sheltered(trial) < target:
                continue
            found = serve_set(problem, trial, control)
            if found.value < best.value * (1.0 - 1e-9):
                best, improved = found, True
                break
    return best


def _promising(
    problem: LocationProblem, best: SiteSet, relaxation: LinearRelaxation, control: Control
) -> list[tuple[list[int], list[int]]]:
    """Return the changes, (sites to close, sites to open), that may save something, from the most on."""
    closed, opened = fixed_by_price(best.value, relaxation)
    leaving = np.flatnonzero(best.chosen & ~opened & ~problem.required)
    entering = ~best.chosen & ~closed
    least = 1e-9 * (1.0 + abs(best.value))
    prices = _Prices(problem, best)
    saved: list[np.ndarray] = []
    moves: list[tuple[list[int], list[int]]] = []

    def add(saving: np.ndarray, leave: list[int], sites: np.ndarray) -> None:
        some = np.flatnonzero(saving > least)
        saved.append(saving[some])
        moves.extend((leave, [int(j)]) for j in sites[some])

    outside = np.flatnonzero(entering)
    if best.chosen.sum() < problem.max_sites:
        add(prices.opening(prices.first, entering)[outside], [], outside)
    for j in leaving.tolist():
        control.stop_if_cancelled()
        alone = prices.closing(j)
        if alone > least:
            saved.append(np.array([alone]))
            moves.append(([j], []))
        add(alone + prices.opening(prices.without(j), entering)[outside], [j], outside)
    order = np.argsort(-np.concatenate(saved), kind="stable") if saved else np.zeros(0, dtype=int)
    return [moves[k] for k in order.tolist()]


class _Prices:
    """What one person of each zone pays at the prices of the rooms, at the best open site and at the next best."""

    def __init__(self, problem: LocationProblem, best: SiteSet) -> None:
        self._problem, self._room_price = problem, np.maximum(best.served.room_price, 0.0)
        zones = len(problem.people)
        pairs = np.flatnonzero(best.chosen[problem.site])
        zone, site = problem.zone[pairs], problem.site[pairs]
        price = problem.minutes[pairs] + self._room_price[site]
        if not problem.all_sheltered:  # who stays behind takes one of a number of places, at their price
            zone = np.concatenate([zone, np.arange(zones)])
            site = np.concatenate([site, np.full(zones, -1)])
            price = np.concatenate([price, np.full(zones, best.served.staying_price)])
        order = np.lexsort((price, zone))
        zone, site, price = zone[order], site[order], price[order]
        start = np.flatnonzero(np.diff(zone, prepend=-1))
        self.first, self.second, self.nearest = np.zeros(zones), np.zeros(zones), np.full(zones, -1)
        self.first[zone[start]], self.nearest[zone[start]] = price[start], site[start]
        more = start[np.diff(start, append=len(zone)) > 1]
        # A zone with no other site cannot be left alone: more than all travel is lost.
        self.second[:] = 1e3 * (1.0 + price.max(initial=0.0))
        self.second[zone[more]] = price[more + 1]
        self._lost = np.bincount(
            np.maximum(self.nearest, 0),
            weights=np.where(self.nearest >= 0, problem.people * (self.second - self.first), 0.0),
            minlength=len(problem.room),
        )

    def closing(self, site: int) -> float:
        """Return what closing an open site saves at most; negative where it costs something."""
        given_back = self._room_price[site] * self._problem.room[site]
        return float(self._problem.site_cost[site] - self._lost[site] - given_back)

    def without(self, site: int) -> np.ndarray:
        """Return what people of each zone pay, (z,), when a site is closed."""
        return np.where(self.nearest == site, self.second, self.first)

    def opening(self, zone_price: np.ndarray, sites: np.ndarray) -> np.ndarray:
        """Return what opening each of the ``sites``, (s,) bool, saves at most where people pay ``zone_price``, (s,)."""
        problem = self._problem
        saving = zone_price[problem.zone] - problem.minutes
        pairs = np.flatnonzero((saving > 0.0) & sites[problem.site])
        pairs = pairs[np.lexsort((-saving[pairs], problem.site[pairs]))]
        site, people = problem.site[pairs], problem.people[problem.zone[pairs]]
        before = np.cumsum(people) - people
        start = np.flatnonzero(np.diff(site, prepend=-1))
        before -= np.repeat(before[start], np.diff(start, append=len(site)))
        taken = np.clip(problem.room[site] - before, 0.0, people)
        return np.bincount(site, weights=taken * saving[pairs], minlength=len(problem.room)) - problem.site_cost
