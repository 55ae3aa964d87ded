"""Small joint problems on roads that close before a hazard, and the best of all their plans."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from evacuation_planner.plugin.solvers.joint.kinds import BY_VEHICLE, FREE
from evacuation_planner.plugin.solvers.joint.problem import JointProblem
from evacuation_planner.plugin.solvers.routing.shared.closings import Closings
from tests.solvers.closing_plans import Oracle
from tests.solvers.joint_cases import Option, options, random_problem

AT_HOME = (-2,)  # in place of a way: sent there, but he cannot arrive


class Rank(NamedTuple):
    """By what plans are compared: people unplaced or caught, caught or left where the hazard comes, the aim's value."""

    missing: float
    caught: float
    value: float


def closed_problem(seed: int, span: float = 40.0, **sizes: int) -> JointProblem:
    """Return a random problem whose roads close within so many seconds, for a while or for good, with the hazard."""
    problem = random_problem(seed, **sizes)
    rng = np.random.default_rng([seed, 15])
    network = problem.network
    roads = np.flatnonzero(np.isfinite(network.capacity))
    parts = int(rng.integers(1, len(roads) + 1))
    arc = np.sort(rng.choice(roads, parts)).astype(np.int32)
    ends = np.sort(rng.integers(0, 5, (2, parts)) / 4, axis=0)
    ends[:, rng.random(parts) < 0.5] = [[0.0], [1.0]]
    catches = rng.random(parts) < 0.6
    since = np.round(rng.uniform(0.0, span, parts))
    until = np.where(catches | (rng.random(parts) < 0.2), np.inf, since + np.round(rng.uniform(1.0, span, parts)))
    start, goal = np.full((2, network.nodes), np.inf)
    junctions = np.arange(network.nodes) < problem.node.min()
    floods = junctions & (rng.random(network.nodes) < 0.2)
    start[floods] = np.round(rng.uniform(0.1 * span, span, int(floods.sum())))
    if rng.random() < 0.15:
        goal[problem.node[0]] = span
    closings = Closings(arc, *ends, since, until, catches, start, goal)
    return replace(problem, network=replace(network, closings=closings), hazard=None)


class Plans:
    """All plans of a problem, judged by the slow evaluator."""

    def __init__(self, problem: JointProblem, seconds: float) -> None:
        self.problem, self.seconds = problem, seconds
        self.oracle = Oracle(problem.network)
        open_ones = problem.network.closings.goal_reached[problem.node] == np.inf
        self.ways = [
            [option for option in options(problem, k)[1:] if open_ones[option.destination]]
            for k in range(problem.vehicles)
        ]
        self.alone = [[option for option in own if self.arrives(k, option)] for k, own in enumerate(self.ways)]

    @property
    def floods(self) -> np.ndarray:
        """Who starts where the hazard comes."""
        return self.problem.network.closings.start_reached[self.problem.network.source] < np.inf

    @property
    def lost(self) -> list[bool]:
        """Who has a way but none that arrives when he is alone."""
        return [bool(own) and not some for own, some in zip(self.ways, self.alone)]

    def fates(self, plan: dict[int, Option]) -> tuple[list, list]:
        """Return what becomes of the vehicles of a plan and their moments."""
        trips = sorted(plan)
        ends = self.problem.network.destination.copy()
        ends[trips] = self.problem.node[[plan[k].destination for k in trips]]
        self.oracle.problem = self.problem.network.bound_for(ends)
        return self.oracle.fates(trips, [list(plan[k].arcs) for k in trips])

    def arrives(self, vehicle: int, option: Option) -> bool:
        """Return whether a vehicle arrives when he is alone."""
        return self.fates({vehicle: option})[0][0] is None

    def rank(self, plan: dict[int, Option]) -> Rank:
        """Return the numbers of a plan of some vehicles; the lost are caught, the others not in it unplaced."""
        problem = self.problem
        goes = {k: option for k, option in plan.items() if option.arcs != AT_HOME}
        caught = {k for k, lost in enumerate(self.lost) if lost} | (set(plan) - set(goes))
        caught |= set(np.flatnonzero(self.floods).tolist()) - set(plan)
        fates, moments = self.fates(goes) if goes else ([], [])
        value, arrived = 0.0, 0.0
        for k, fate, moment in zip(sorted(goes), fates, moments):
            if fate:
                caught.add(k)
                continue
            took = moment[-1] / 1e6 - problem.network.departure[k] if moment else 0.0
            dislike = problem.dissatisfaction[problem.group[k], goes[k].destination]
            value += problem.people[k] * (took + self.seconds * dislike)
            arrived += problem.people[k]
        return Rank(problem.people.sum() - arrived, problem.people[sorted(caught)].sum(), value)

    def count(self) -> float:
        """Return about how many plans there are."""
        return float(np.prod([len(own) + 1.0 for own in self.alone]))

    def all(self, unit: int, split: int) -> Iterator[dict[int, Option]]:
        """Yield every plan that keeps the rooms; whole groups go to one place or stay all together."""
        problem, able = self.problem, [k for k, own in enumerate(self.alone) if own]
        whole = unit != BY_VEHICLE and split != FREE
        choices = []
        for k in able:
            late = {option.destination for option in self.ways[k]} - {option.destination for option in self.alone[k]}
            sent = [Option(end, AT_HOME) for end in sorted(late)] if whole else []
            choices.append([Option(-1, ()), *self.alone[k], *sent])
        for plan in itertools.product(*choices):
            where = np.full(problem.vehicles, -1)
            where[able] = [option.destination for option in plan]
            group = [problem.group[k] for k in able if problem.people[k] > 0]
            if whole and len({(g, where[k]) for g, k in zip(group, (k for k in able if problem.people[k] > 0))}) > len(
                set(group)
            ):
                continue
            taking = {k: option for k, option in zip(able, plan) if option.destination >= 0}
            takes = where.copy()
            takes[[k for k, option in taking.items() if option.arcs == AT_HOME]] = -1
            if (problem.load(takes) <= problem.room + 1e-9).all():
                yield taking

    def best(self, unit: int, split: int) -> Rank:
        """Return the numbers of the best plan."""
        return min(self.rank(plan) for plan in self.all(unit, split))
