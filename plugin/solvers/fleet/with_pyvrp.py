"""Tours of least driving by PyVRP: pickups, shelters as depots to unload at, and an end that costs nothing.

PyVRP (0.13 and 0.14) knows neither waiting, nor shelters' room, nor periods, so its tours are a start and no plan.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..control import Control
from ..dependencies import require
from .arrays import NEVER, Case, least_travel

UNIT = 100  # ms; in finer ones its penalties do not keep a vehicle from having too many aboard
FAR = 10**9  # ms of a way that there is not
LATEST = 10**11  # ms, of what has no end
Row = list[int]


class _Sites(NamedTuple):
    """Depots of PyVRP: starts (places), then shelters, then the end; ``parts`` are its clients."""

    starts: np.ndarray
    shelters: np.ndarray
    parts: np.ndarray
    ways: np.ndarray

    @property
    def depots(self) -> int:
        return len(self.starts) + len(self.shelters) + 1


def least_driving(case: Case, iterations: int, seed: int, control: Control) -> list[Row]:
    """Return the row of each vehicle, of little driving for all parts that some vehicle can fetch.

    Raises
    ------
    MissingDependency
        Without PyVRP.
    Cancelled
    """
    pyvrp, left = require("pyvrp", "tours to start from (USE_PYVRP)"), [iterations]

    def ends(best: float) -> bool:
        control.stop_if_cancelled()
        left[0] -= 1
        return left[0] < 0

    sites = _sites(case)
    rows: list[Row] = [[] for _ in case.seats]
    if not len(sites.parts):
        return rows
    kinds, kind = np.unique(
        np.stack([np.searchsorted(sites.starts, case.start), case.seats, case.chairs, _units(case.free)], axis=1),
        axis=0, return_inverse=True,
    )  # fmt: skip
    data = _data(pyvrp, case, sites, kinds, np.bincount(kind.ravel()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of penalties: tours with too many aboard are left out of the start
        found = pyvrp.solve(data, ends, seed=seed, collect_stats=False, display=False)
    unused = [np.flatnonzero(kind.ravel() == k).tolist() for k in range(len(kinds))]
    for route in found.best.routes():
        rows[unused[route.vehicle_type()].pop(0)] = _row(case, sites, route)
    return rows


def handed_out(case: Case, rows: Sequence[Row]) -> list[Row]:
    """Return the tours of rows handed out anew, those of many people a minute first, to who is there first.

    So people wait little, while what is driven between the stops of a tour stays as it is.
    """
    least, tours = _least(case), []
    for row in rows:
        begin = 0
        for i, stop in enumerate(row):
            if stop < 0:
                takes = _takes(case, least, row[begin : i + 1])
                tours.append((takes / max(int(case.weight[row[begin:i]].sum()), 1), takes, row[begin : i + 1]))
                begin = i + 1
    place, free = case.start.copy(), case.free.copy()
    out: list[Row] = [[] for _ in case.seats]
    for _, takes, tour in sorted(tours):
        parts = tour[:-1]
        arrival = np.maximum(free + least[place, case.place[parts[0]]], case.not_before[parts].max())
        fits = (case.people[parts].sum() <= case.seats) & (case.wheels[parts].sum() <= case.chairs)
        v = int(np.argmin(np.where(fits, arrival, NEVER)))
        out[v] += tour
        place[v], free[v] = case.shelter[-1 - tour[-1]], arrival[v] + takes
        if case.period:
            free[v] = -(-free[v] // case.period) * case.period
    return out


def _takes(case: Case, least: np.ndarray, tour: Row) -> int:
    """Return how long a tour takes from when the vehicle reaches the first stop, everybody being ready."""
    parts = tour[:-1]
    places = [*case.place[parts].tolist(), int(case.shelter[-1 - tour[-1]])]
    service = int(case.service[parts].sum())
    return int(least[places[:-1], places[1:]].sum()) + 2 * service - (len(parts) - 1) * int(case.stop)


def _least(case: Case) -> np.ndarray:
    """Return the travel times (p, p) of the quickest window, FAR where there is no way."""
    everywhere = np.arange(case.travel.shape[1])
    return least_travel(case.travel, everywhere, everywhere, FAR)


def _sites(case: Case) -> _Sites:
    starts = np.unique(case.start)
    least = _least(case)
    fits = ((case.people[:, None] <= case.seats) & (case.wheels[:, None] <= case.chairs)).any(axis=1)
    there = least[np.concatenate([starts, case.shelter])][:, case.place].min(axis=0) < FAR
    away = least[case.place][:, case.shelter].min(axis=1, initial=FAR) < FAR
    parts = np.flatnonzero(fits & there & away)
    place = np.concatenate([starts, case.shelter, [0], case.place[parts]])
    ways = least[place[:, None], place]
    first, end = len(starts), len(starts) + len(case.shelter)
    ways[:, :first] = FAR  # nobody comes back to where vehicles stand at first
    ways[:end, first:end] = FAR  # from a shelter only for people
    ways[end, :], ways[:, end] = FAR, 0
    ways[end + 1 :, end] = ways[end + 1 :, first:end].min(axis=1)  # the last tour ends at the nearest shelter
    np.fill_diagonal(ways, 0)
    return _Sites(starts, case.shelter, parts, _units(ways))


def _units(milliseconds: np.ndarray) -> np.ndarray:
    return -(-np.clip(milliseconds, 0, LATEST) // UNIT)


def _data(pyvrp: Any, case: Case, sites: _Sites, kinds: np.ndarray, counts: np.ndarray) -> Any:
    """Return the problem; PyVRP 0.14 has locations, in 0.13 each depot and client is one."""
    end = sites.depots - 1
    located = hasattr(pyvrp, "Location")

    def at(k: int) -> tuple:
        return (k,) if located else (0, 0)

    depots = [
        pyvrp.Depot(*at(k), service_duration=int(case.stop) // UNIT if k < end else 0) for k in range(sites.depots)
    ]
    early, service = _units(np.maximum(case.ready, case.not_before)), _units(case.service)
    late = np.maximum(_units(case.until[case.place]) - service - 1, early)
    clients = [
        pyvrp.Client(
            *at(sites.depots + k), pickup=[int(case.people[part]), int(case.wheels[part])],
            service_duration=int(service[part]), tw_early=int(early[part]), tw_late=int(late[part]),
        )
        for k, part in enumerate(sites.parts.tolist())
    ]  # fmt: skip
    vehicles = [
        pyvrp.VehicleType(
            num_available=int(count), capacity=[int(seats), int(chairs)], start_depot=int(start), end_depot=end,
            tw_early=int(free), reload_depots=list(range(len(sites.starts), end)),
        )
        for (start, seats, chairs, free), count in zip(kinds.tolist(), counts.tolist())
    ]  # fmt: skip
    locations = ([pyvrp.Location(0, 0) for _ in range(len(sites.ways))],) if located else ()
    return pyvrp.ProblemData(*locations, clients, depots, vehicles, [sites.ways], [sites.ways])


def _row(case: Case, sites: _Sites, route: Any) -> Row:
    """Return the stops of a route as a row; -1 - s for shelter s."""
    row: Row = []
    for client, depot in _visits(route, sites.depots):
        if client >= 0:
            row.append(int(sites.parts[client]))
        elif row and row[-1] >= 0:
            shelter = depot - len(sites.starts)
            row.append(-1 - (shelter if depot < sites.depots - 1 else int(case.near_shelter[row[-1], 0])))
    return row


def _visits(route: Any, depots: int) -> Sequence[tuple[int, int]]:
    """Return client and depot, -1 for none, of each stop of a route."""
    none = -1
    if hasattr(route, "trips"):  # 0.13
        return [
            pair
            for trip in route.trips()
            for pair in [*((place - depots, none) for place in trip.visits()), (none, trip.end_depot())]
        ]
    return [(stop.idx, none) if stop.is_client() else (none, stop.idx) for stop in route.schedule()]
