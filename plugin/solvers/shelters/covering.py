"""Which sites to open for a population, in the order of what matters.

As few people uncovered as possible, then by the choice:

    BALANCED       as little person-travel-time, and person-minutes for each opened site, together as possible
                   (facility location)
    FEWEST_SITES   as few sites as possible (left out with a limit on their number), then as little person-travel-time
                   as possible (capacitated set covering)
    ALL_SITES      every site, with as little person-travel-time as possible

over sets of sites with flows y[zone, site] >= 0 between zones and sites in reach, Σ_site y <= people of the zone,
Σ_zone y <= room of the site. This is step 5 of a reconstruction of the shelter recommendation that [E] section 3
names; its page is missing from the text available to us.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ..control import Control
from ..errors import SolverError
from ..location.coverage import Coverage
from ..location.location_problem import LEAST_FLOW, LocationProblem, flows_to
from ..mip.equal_plans import MAY_DIFFER, SETTLED
from .facility_location import Location, least_travel
from .set_covering import fewest_sites, most_people
from .stage import TRAVEL, UNCOVERED, Stage

BALANCED, FEWEST_SITES, ALL_SITES = 0, 1, 2
MINUTES_A_PERSON = 2.0  # that one more site is worth to each of those it would take, where nothing else is given
FEW_PAIRS = 5_000  # up to so many the fewest sites are proved where only their number is asked for


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
        Most sites to open, 0 for no limit; not with ALL_SITES.
    choice : int
        BALANCED, FEWEST_SITES or ALL_SITES.
    site_minutes : float or None
        With BALANCED: person-minutes that opening one more site is worth. None: :data:`MINUTES_A_PERSON` times the
        people to be sheltered over the fewest sites that shelter them.
    """

    people: np.ndarray
    minutes: np.ndarray
    room: np.ndarray
    required: np.ndarray
    max_sites: int = 0
    choice: int = FEWEST_SITES
    site_minutes: float | None = None


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
    The first site has room for both zones, so it is enough: 60 people at 2 and 40 at 5 minutes. Opening the third as
    well saves 4 minutes for 40 people, which is worth a site of 150 person-minutes, but not one of 200, the default.

    >>> import numpy as np
    >>> from dataclasses import replace
    >>> problem = CoveringProblem(
    ...     people=np.array([60, 40]),
    ...     minutes=np.array([[2.0, 2.5, np.inf], [5.0, np.inf, 1.0]]),
    ...     room=np.array([100.0, 60.0, 40.0]),
    ...     required=np.zeros(3, dtype=bool),
    ...     choice=BALANCED,
    ... )
    >>> solve(problem).chosen.tolist()
    [True, False, False]
    >>> solve(replace(problem, site_minutes=150.0)).chosen.tolist()
    [True, False, True]
    >>> cover = solve(replace(problem, choice=FEWEST_SITES))
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
    start, most, stages = _by_coverage(problem, coverage, control.part(0.0, 0.3))
    target = coverage.sheltered(start)
    flow, chosen = np.zeros(problem.minutes.shape), required
    if target > 0:
        opening = _site_minutes(problem, coverage, start, stages, control.part(0.2, 0.3))
        travel = _location_problem(problem, coverage, target, most, opening)
        if problem.choice == ALL_SITES:
            found = _to_all(travel, start, control.part(0.3, 1.0))
        else:
            found = least_travel(travel, coverage, target, start, control.part(0.3, 1.0))
        flow[travel.zone, travel.site] = found.flow
        chosen = found.chosen & (required | (flow.sum(axis=0) > LEAST_FLOW))
        stages.append(found.stage)
    if problem.choice == ALL_SITES:
        chosen = start
    for stage in stages:
        control.log(stage.sentence())
    if target > 0:
        control.log(SETTLED if found.settled and all(stage.gap == 0.0 for stage in stages) else MAY_DIFFER)
    control.progress(1.0, "")
    return Cover(chosen, flow, coverage.people(coverage.total - target), tuple(stages))


def _by_coverage(problem: CoveringProblem, coverage: Coverage, control: Control) -> tuple[np.ndarray, int, list[Stage]]:
    """Return a set of sites, (s,) bool, best before travel counts, how many sites may open, and the evidence."""
    required = np.asarray(problem.required, dtype=bool)
    sites = len(required)
    everything = np.ones(sites, dtype=bool)
    if 0 < problem.max_sites < sites:
        start, stage = most_people(coverage, required, problem.max_sites, control)
        return start, problem.max_sites, [stage]
    target = coverage.sheltered(everything)
    short = coverage.people(coverage.total - target)
    stages = [Stage(UNCOVERED, short, short, True, "maximum flow", control.effort.elapsed)]
    if problem.choice != FEWEST_SITES or problem.max_sites > 0:
        return everything, sites, stages
    start, stage = fewest_sites(coverage, required, target, control)
    return start, int(start.sum()), [*stages, stage]


def _site_minutes(
    problem: CoveringProblem, coverage: Coverage, start: np.ndarray, stages: list[Stage], control: Control
) -> np.ndarray | None:
    """Return what opening each site costs in person-minutes, (s,), None where that is not counted; it is logged."""
    if problem.choice != BALANCED:
        return None
    each = problem.site_minutes
    if each is None:
        target = coverage.sheltered(start)
        required = np.asarray(problem.required, dtype=bool)
        fewest, stage = fewest_sites(coverage, required, target, control, FEW_PAIRS)
        people, count = coverage.people(target), max(int(fewest.sum()), 1)
        each = MINUTES_A_PERSON * people / count
        known = "" if stage.proved else f" (found; at least {stage.bound:.0f} are needed)"
        control.log(
            f"SITE_MINUTES: none given; opening one more site counts as {each:,.1f} person-minutes: "
            f"{MINUTES_A_PERSON:g} minutes times {people:,.0f} people over "
            f"{'1 site' if count == 1 else f'{count} sites'}, the fewest that suffice"
            f"{known}."
        )
    else:
        # More than all travel together changes nothing more, but would drown the travel in rounding.
        most = 1.0 + float(problem.people.sum()) * float(problem.minutes[np.isfinite(problem.minutes)].max(initial=0.0))
        more = "" if each <= most else f" ({each:g} was given; that is more than all travel together)"
        each = min(each, most)
        control.log(f"SITE_MINUTES: opening one more site counts as {each:,.1f} person-minutes{more}.")
    return np.full(len(start), each)


def _to_all(problem: LocationProblem, sites: np.ndarray, control: Control) -> Location:
    """Return the flows of least travel to all ``sites``, (s,) bool, by a linear program, which proves itself."""
    began = time.monotonic()
    flow, value = flows_to(problem, sites, control, settled=True)
    return Location(sites, flow, Stage(TRAVEL, value, value, True, "linear program", time.monotonic() - began), True)


def _location_problem(
    problem: CoveringProblem, coverage: Coverage, target: int, most: int, opening: np.ndarray | None = None
) -> LocationProblem:
    """Return the location problem over the pairs of zones with people and sites in reach."""
    people, room = np.asarray(problem.people, dtype=float), coverage.room / coverage.units
    zone, site = np.nonzero(np.isfinite(problem.minutes) & (np.outer(people, room) > 0.0))
    minutes = problem.minutes[zone, site]
    required = np.asarray(problem.required, dtype=bool)
    return LocationProblem(people, room, zone, site, minutes, required, coverage.people(target), most, opening)
