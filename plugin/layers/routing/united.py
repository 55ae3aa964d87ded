"""The case of cars and that of walkers as one case, which outputs and report show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...solvers.control import Control, Log
from ...solvers.roads.united import Offsets, shifted, united_doors, united_junctions
from ...solvers.routing.result import RoutingResult
from ...solvers.routing.shared.problem import NodeSets
from ...solvers.routing.together import Half, united_problems, united_results, widened
from ..roads.united import united_reads, with_free_lanes
from .case import CostChoice, RoutingCase
from .ends import JoinedEnds
from .trips import TripRows


def united_case(
    car: RoutingCase,
    foot: RoutingCase,
    rows: TripRows,
    results: tuple[RoutingResult, RoutingResult],
    choice: CostChoice,
    control: Control,
) -> tuple[RoutingCase, RoutingResult]:
    """Return both cases as one, with the result of both.

    Parameters
    ----------
    car, foot : RoutingCase
        Of the rows by car or bus, and of those on foot, in their order in ``rows``.
    rows : TripRows
        Of both.
    results : pair of RoutingResult

    Raises
    ------
    Cancelled
    """
    walks = rows.on_foot
    own = np.flatnonzero(~walks), np.flatnonzero(walks)
    row = np.concatenate([own[0][car.row], own[1][foot.row]])
    problem, *number = united_problems(car.problem, foot.problem, row)
    of_trip = np.empty(len(row), dtype=np.int64)
    of_trip[np.concatenate(number)] = row
    result = united_results(
        problem, *(Half(case.problem, found, trip) for case, found, trip in zip((car, foot), results, number)),
        choice.stuck_seconds, choice.reroute_minutes, control,
    )  # fmt: skip
    ends = _united_ends(car.ends, foot.ends, own)
    whole = RoutingCase(
        ends.read, rows, car.start, problem, of_trip, ends, car.hazard, car.access_speed, car.departures, car.staying
    )
    return whole, result


def _united_ends(car: JoinedEnds, foot: JoinedEnds, rows: tuple[np.ndarray, np.ndarray]) -> JoinedEnds:
    """Return the ends of all rows; ``rows`` are the numbers of those by car and of those on foot."""
    by, count = Offsets.of(car.read.network), len(rows[0]) + len(rows[1])

    def of_rows(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
        values = np.empty(count, dtype=np.result_type(mine, theirs))
        values[rows[0]], values[rows[1]] = mine, theirs
        return values

    unjoined = [(int(own[k]), why) for ends, own in zip((car, foot), rows) for k, why in ends.unjoined]
    return JoinedEnds(
        united_reads(car.read, foot.read),
        of_rows(car.zone, shifted(foot.zone, len(car.names))),
        united_junctions(car.junctions, foot.junctions, by),
        [*car.names, *foot.names],
        [*car.areas, *foot.areas],
        NodeSets(
            np.concatenate([car.inside.start, foot.inside.start[1:] + car.inside.start[-1]]),
            np.concatenate([car.inside.node, foot.inside.node + by.nodes]),
        ),
        of_rows(car.origin, shifted(foot.origin, by.nodes)),
        of_rows(car.destination, shifted(foot.destination, by.nodes)),
        of_rows(car.site, foot.site + len(car.doors.ids)),
        united_doors(car.doors, foot.doors, by),
        np.concatenate([car.reached, foot.reached]),
        of_rows(car.origin_access, foot.origin_access),
        of_rows(car.site_access, foot.site_access),
        sorted(unjoined),
    )


def on_free_lanes(foot: RoutingCase, car: RoutingCase, driven: RoutingResult, log: Log) -> RoutingCase:
    """Return the case of walkers with the lanes of roads on which no vehicle of the plan ``driven`` drives."""
    arcs = np.concatenate([driven.routes.arcs, driven.caught.routes.arcs]).astype(np.int64)
    read, by = with_free_lanes(car.read, foot.read, np.unique(arcs))
    wider = (by > 1.0) & foot.read.network.is_road
    log(
        f"WALK_ON_LANES: {len(np.unique(foot.read.network.piece[wider])):,} pieces of road on which no car or bus of "
        "the plan drives are as wide for walkers as if everybody walked."
    )
    return replace(foot, read=read, ends=replace(foot.ends, read=read), problem=widened(foot.problem, by))
