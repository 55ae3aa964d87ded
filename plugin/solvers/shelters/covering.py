"""Capacitated set covering: which sites to open for a population, in the order of what matters.

    1. as few people uncovered as possible          (0 where everybody can be sheltered)
    2. as few sites as possible                     (left out with a limit on their number)
    3. as little person-travel-time as possible

over sets of sites with flows y[zone, site] >= 0 between zones and sites in reach, Σ_site y <= people of the zone,
Σ_zone y <= room of the site. This is step 5 of a reconstruction of the shelter recommendation that [E] section 3
names; its page is missing from the text available to us.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..control import Control
from ..errors import SolverError
from ..mip.equal_plans import MAY_DIFFER, SETTLED
from .coverage import Coverage
from .facility_location import least_travel
from .location_problem import LocationProblem
from .set_covering import fewest_sites, most_people
from .stage import Stage


@dataclass(frozen=True)
class CoveringProblem:
    """People, sites and the travel between them.

    Attributes
    ----------
    people : ndarray of int, shape (z,)
    minutes : ndarray, shape (z, s)
        Travel time; infinite where the site is not to be used by the zone.
    room : ndarray, shape (s,)
        People each site may take (not necessarily whole).
    required : ndarray of bool, shape (s,)
        Sites that are open in any case.
    max_sites : int
        Most sites to open, 0 for no limit.
    """

    people: np.ndarray
    minutes: np.ndarray
    room: np.ndarray
    required: np.ndarray
    max_sites: int = 0


@dataclass(frozen=True)
class Cover:
    """The chosen set.

    Attributes
    ----------
    chosen : ndarray of bool, shape (s,)
    flow : ndarray, shape (z, s)
        People of each zone sent to each site.
    uncovered : float
        People for whom there is no room in reach; whole unless rooms are not.
    stages : tuple of Stage
        Evidence, in the order above.
    """

    chosen: np.ndarray
    flow: np.ndarray
    uncovered: float
    stages: tuple[Stage, ...]

    @property
    def gap(self) -> float | None:
        """Gap in percent of the first stage that was not proved, else of the travel time."""
        for stage in self.stages:
            if not stage.proved:
                return stage.gap
        return self.stages[-1].gap if self.stages else None


def solve(problem: CoveringProblem, *, control: Control | None = None) -> Cover:
    """Choose the sites.

    Parameters
    ----------
    control : Control, optional
        The gap of its effort is that of the travel time; at the fence the best set found by then is returned with its
        gap. Default: normal effort, without a fence.

    Raises
    ------
    SolverError
        When more sites are required than ``max_sites`` allows.
    Cancelled
        When ``cancelled()`` turned true.

    Examples
    --------
    The first site has room for both zones, so it is enough: 60 people at 2 and 40 at 5 minutes.

    >>> import numpy as np
    >>> problem = CoveringProblem(
    ...     people=np.array([60, 40]),
    ...     minutes=np.array([[2.0, 1.0, np.inf], [5.0, np.inf, 1.0]]),
    ...     room=np.array([100.0, 60.0, 40.0]),
    ...     required=np.zeros(3, dtype=bool),
    ... )
    >>> cover = solve(problem)
    >>> cover.chosen.tolist(), cover.uncovered
    ([True, False, False], 0.0)
    >>> [(stage.name, round(stage.value)) for stage in cover.stages]
    [('uncovered people', 0), ('sites', 1), ('person-minutes', 320)]
    """
    control = control or Control()
    required = np.asarray(problem.required, dtype=bool)
    count = int(required.sum())
    if 0 < problem.max_sites < count:
        raise SolverError(
            f"MAX_SITES is {problem.max_sites}, but {count} sites are required by RULE_FIELD. "
            f"Raise MAX_SITES or require fewer sites."
        )
    coverage = Coverage(problem.people, np.isfinite(problem.minutes), problem.room)
    start, most, stages = _by_coverage(coverage, required, problem.max_sites, control.part(0.0, 0.3))
    target = coverage.sheltered(start)
    flow, chosen = np.zeros(problem.minutes.shape), required
    if target > 0:
        travel = _location_problem(problem, coverage, required, target, most)
        found = least_travel(travel, coverage, target, start, control.part(0.3, 1.0))
        flow[travel.zone, travel.site] = found.flow
        chosen = found.chosen & (required | (flow.sum(axis=0) > 1e-6))
        stages.append(found.stage)
    for stage in stages:
        control.log(stage.sentence())
    if target > 0:
        control.log(SETTLED if found.settled and all(stage.gap == 0.0 for stage in stages) else MAY_DIFFER)
    control.progress(1.0, "")
    return Cover(chosen, flow, coverage.people(coverage.total - target), tuple(stages))


def _by_coverage(
    coverage: Coverage, required: np.ndarray, max_sites: int, control: Control
) -> tuple[np.ndarray, int, list[Stage]]:
    """Return a set of sites, (s,) bool, best before travel counts, how many sites may open, and the evidence."""
    sites = len(required)
    everything = np.ones(sites, dtype=bool)
    if 0 < max_sites < sites:
        start, stage = most_people(coverage, required, max_sites, control)
        return start, max_sites, [stage]
    target = coverage.sheltered(everything)
    short = coverage.people(coverage.total - target)
    stages = [Stage("uncovered people", short, short, True, "maximum flow", control.effort.elapsed)]
    if max_sites > 0:
        return everything, sites, stages
    start, stage = fewest_sites(coverage, required, target, control)
    return start, int(start.sum()), [*stages, stage]


def _location_problem(
    problem: CoveringProblem, coverage: Coverage, required: np.ndarray, target: int, most: int
) -> LocationProblem:
    """Return the location problem over the pairs of zones with people and sites in reach."""
    people, room = np.asarray(problem.people, dtype=float), coverage.room / coverage.units
    zone, site = np.nonzero(np.isfinite(problem.minutes) & (np.outer(people, room) > 0.0))
    minutes = problem.minutes[zone, site]
    return LocationProblem(people, room, zone, site, minutes, required, coverage.people(target), most)
