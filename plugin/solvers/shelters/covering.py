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
from typing import Callable

import numpy as np

from ..control import Deadline, IsCancelled, Progress, SolverError, never, no_progress, part
from .coverage import Coverage
from .site_choice import fewest_sites, most_people
from .site_location import least_travel
from .stage import Stage
from .travel import TravelProblem


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


def solve(
    problem: CoveringProblem,
    *,
    time_limit: float = 60.0,
    mip_gap: float = 1e-4,
    progress: Progress = no_progress,
    cancelled: IsCancelled = never,
    log: Callable[[str], None] = lambda text: None,
) -> Cover:
    """Choose the sites.

    Parameters
    ----------
    time_limit : float
        Seconds for all stages together, 0 for none; the best set found by then is returned with its gap.
    mip_gap : float
        Relative gap (a fraction) of the travel time that is good enough.

    Raises
    ------
    SolverError
        When more sites are required than ``max_sites`` allows.
    Cancelled
        When ``cancelled()`` turned true.
    """
    required = np.asarray(problem.required, dtype=bool)
    count = int(required.sum())
    if 0 < problem.max_sites < count:
        raise SolverError(
            f"MAX_SITES is {problem.max_sites}, but {count} sites are required by RULE_FIELD. "
            f"Raise MAX_SITES or require fewer sites."
        )
    deadline = Deadline(time_limit)
    reach = np.isfinite(problem.minutes)
    coverage = Coverage(problem.people, reach, problem.room)
    sites = len(required)
    limited = 0 < problem.max_sites < sites
    first, middle = part(progress, 0.0, 0.3), part(progress, 0.3, 1.0)
    stages: list[Stage] = []
    half = Deadline(0.5 * time_limit)
    if limited:
        start, stage = most_people(coverage, required, problem.max_sites, half, first, cancelled, log)
        target, most = coverage.sheltered(start), problem.max_sites
        stages.append(stage)
    else:
        target, most = coverage.sheltered(np.ones(sites, dtype=bool)), sites
        short = coverage.people(coverage.total - target)
        stages.append(Stage("uncovered people", short, short, True, "maximum flow", deadline.elapsed))
        start = np.ones(sites, dtype=bool)
        if problem.max_sites == 0:
            start, stage = fewest_sites(coverage, required, target, half, first, cancelled, log)
            most = int(start.sum())
            stages.append(stage)
    zone, site = np.nonzero(reach & (np.asarray(problem.people) > 0)[:, None])
    travel = TravelProblem(
        np.asarray(problem.people, dtype=float),
        coverage.room / coverage.units,
        zone,
        site,
        problem.minutes[zone, site],
        required,
        coverage.people(target),
        most,
    )
    flow = np.zeros(problem.minutes.shape)
    chosen = start
    if target > 0:
        found = least_travel(travel, coverage, target, start, mip_gap, deadline, middle, cancelled, log)
        chosen = found.chosen & (required | (np.bincount(site, found.flow, sites) > 1e-6))
        flow[zone, site] = found.flow
        stages.append(found.stage)
    for stage in stages:
        log(stage.sentence())
    progress(1.0, "")
    return Cover(chosen, flow, coverage.people(coverage.total - target), tuple(stages))
