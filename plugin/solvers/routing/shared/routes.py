"""Routes of many trips: distinct routes once, in compressed rows, and the route of every trip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...control import Control
from ...kernels import compiled

SLICE = 10_000_000  # arcs handled between two looks at whether the user wants to stop


@dataclass(frozen=True)
class Routes:
    """Distinct routes and who takes them.

    Attributes
    ----------
    indptr : (r+1,) int64
        Offsets of the routes into ``arcs``.
    arcs : (k,) int32
        Arcs of the routes one after another, each in travel order.
    of_trip : (t,) int32
        Route of each trip.
    """

    indptr: np.ndarray
    arcs: np.ndarray
    of_trip: np.ndarray

    @property
    def count(self) -> int:
        """Number of distinct routes."""
        return len(self.indptr) - 1

    def route(self, index: int) -> np.ndarray:
        """Return the arcs of distinct route ``index``."""
        return self.arcs[self.indptr[index] : self.indptr[index + 1]]

    def of(self, trip: int) -> np.ndarray:
        """Return the arcs of a trip."""
        return self.route(int(self.of_trip[trip]))

    def hops(self) -> np.ndarray:
        """Return the number of arcs (t,) of each trip's route."""
        return np.diff(self.indptr)[self.of_trip]

    def staying(self, trips: np.ndarray) -> Routes:
        """Return the routes without any arcs for ``trips`` (k,)."""
        of_trip = self.of_trip.copy()
        of_trip[trips] = self.count
        return Routes(np.r_[self.indptr, self.indptr[-1]], self.arcs, of_trip)

    def sums(self, value: np.ndarray) -> np.ndarray:
        """Return the sum (r,) of an arc value (m,) along each distinct route."""
        total = np.r_[0.0, np.cumsum(value[self.arcs])]
        return total[self.indptr[1:]] - total[self.indptr[:-1]]

    def flow(self, arcs: int) -> np.ndarray:
        """Return the number of trips (m,) float64 whose route uses each of ``arcs`` arcs."""
        users = np.bincount(self.of_trip, minlength=self.count).astype(np.float64)
        return np.bincount(self.arcs, weights=np.repeat(users, np.diff(self.indptr)), minlength=arcs)

    def expanded(self, control: Control | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return offsets (t+1,) and arcs with one row a trip, whether or not trips share a route."""
        control = control or Control()
        hops = self.hops()
        indptr = np.r_[0, np.cumsum(hops)].astype(np.int64)
        return indptr, rows_at(self.indptr[:-1][self.of_trip], hops, self.arcs, control)


def rerouted(routes: Routes, trips: np.ndarray, indptr: np.ndarray, arcs: np.ndarray) -> Routes:
    """Return the routes with ``trips`` (k,) on rows of their own, offsets (k + 1,) and arcs.

    Routes that nobody takes are left out once these are more than half.
    """
    of_trip = routes.of_trip.copy()
    of_trip[trips] = routes.count + np.arange(len(trips), dtype=np.int32)
    start = np.r_[routes.indptr, routes.indptr[-1] + indptr[1:]]
    both = np.r_[routes.arcs, arcs]
    used = np.bincount(of_trip, minlength=len(start) - 1) > 0
    if 2 * used.sum() > len(used):
        return Routes(start, both, of_trip)
    size = np.diff(start)
    number = np.cumsum(used) - 1
    return Routes(np.r_[0, np.cumsum(size[used])], both[np.repeat(used, size)], number[of_trip].astype(np.int32))


def with_routes_of(routes: Routes, trips: np.ndarray, others: Routes) -> Routes:
    """Return the routes with those of ``others`` for ``trips`` (k,)."""
    if not len(trips):
        return routes
    row, size = others.of_trip[trips], others.hops()[trips]
    return rerouted(routes, trips, np.r_[0, np.cumsum(size)], rows_at(others.indptr[:-1][row], size, others.arcs))


def distinct(
    indptr: np.ndarray, arcs: np.ndarray, group: np.ndarray | None = None, control: Control | None = None
) -> Routes:
    """Return the distinct routes of rows with one route a trip.

    Parameters
    ----------
    indptr, arcs
        Offsets (t+1,) and arcs of the trips.
    group : (t,) int, optional
        Trips of different groups never share a route (for empty routes, which start at different nodes).

    Notes
    -----
    Routes are numbered by their first trip. Rows are compared through a 64-bit hash and then arc by arc.
    """
    control = control or Control()
    indptr = np.ascontiguousarray(indptr, dtype=np.int64)
    arcs = np.ascontiguousarray(arcs, dtype=np.int32)
    trips = len(indptr) - 1
    start = np.zeros(trips, dtype=np.int64) if group is None else np.ascontiguousarray(group, dtype=np.int64)
    hashes = np.empty(trips, dtype=np.int64)
    for rows in row_slices(indptr, control):
        hash_rows(indptr, arcs, start, hashes, rows.start, rows.stop)
    order = np.lexsort((np.arange(trips), hashes))
    first = np.empty(trips, dtype=np.int64)
    for rows in row_slices(indptr, control):
        match_rows(indptr, arcs, start, hashes, order, first, rows.start, rows.stop)
    leaders, of_trip = np.unique(first, return_inverse=True)
    hops = (indptr[1:] - indptr[:-1])[leaders]
    out = np.r_[0, np.cumsum(hops)].astype(np.int64)
    return Routes(out, rows_at(indptr[:-1][leaders], hops, arcs, control), of_trip.astype(np.int32).ravel())


def row_slices(indptr: np.ndarray, control: Control) -> Iterator[slice]:
    """Yield the rows with offsets ``indptr`` (r+1,) in slices of about SLICE arcs.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    bounds = np.searchsorted(indptr, np.arange(0, max(indptr[-1], 1), SLICE), side="left").tolist()
    for first, last in zip(bounds, [*bounds[1:], len(indptr) - 1]):
        control.stop_if_cancelled()
        yield slice(first, last)


def rows_at(start: np.ndarray, size: np.ndarray, values: np.ndarray, control: Control | None = None) -> np.ndarray:
    """Return the rows ``values[start : start + size]`` one after the other; ``start`` and ``size`` (r,)."""
    control = control or Control()
    start, size = np.asarray(start, dtype=np.int64), np.asarray(size, dtype=np.int64)
    indptr = np.r_[0, np.cumsum(size)]
    rows = np.empty(int(indptr[-1]), dtype=values.dtype)
    for part in row_slices(indptr, control):
        fill_rows(start[part], size[part], values, rows[indptr[part.start] :])
    return rows


@compiled
def fill_rows(start, size, values, rows):
    """Fill ``rows`` with the rows of ``values`` that begin at ``start`` (r,) and have ``size`` (r,) values."""
    at = 0
    for row in range(len(start)):
        part = values[start[row] : start[row] + size[row]]
        to = rows[at : at + len(part)]
        for k in range(len(part)):
            to[k] = part[k]
        at += len(part)


@compiled
def hash_rows(indptr, arcs, group, hashes, first_row, last_row):
    """Fill ``hashes`` (t,) int64 from the group and arcs of each row from the first to before the last."""
    for row in range(first_row, last_row):
        value = group[row] + 1
        for k in range(indptr[row], indptr[row + 1]):
            value = (value * 1000003 + arcs[k] + 1) % 2305843009213
        hashes[row] = value


@compiled
def match_rows(indptr, arcs, group, hashes, order, first, first_place, last_place):
    """Fill ``first`` (t,) with the first row that equals each row; ``order`` sorts the rows by hash, then number.

    Handles the rows from the first to before the last place of ``order``.
    """
    for i in range(first_place, last_place):
        row = order[i]
        first[row] = row
        j = i - 1
        while j >= 0 and hashes[order[j]] == hashes[row]:
            other = first[order[j]]
            if group[other] == group[row]:
                hops = indptr[row + 1] - indptr[row]
                same = indptr[other + 1] - indptr[other] == hops
                k = 0
                while same and k < hops:
                    same = arcs[indptr[other] + k] == arcs[indptr[row] + k]
                    k += 1
                if same:
                    first[row] = other
                    break
            j -= 1


def each_once(routes: Routes, source: np.ndarray, control: Control | None = None) -> Routes:
    """Return the same with every route once, and none that nobody takes; ``source`` (t,) is where the trips start.

    Examples
    --------
    >>> routes = Routes(np.array([0, 1, 2, 3]), np.array([5, 7, 5], dtype=np.int32), np.array([0, 2], dtype=np.int32))
    >>> once = each_once(routes, np.array([0, 0]))
    >>> once.arcs.tolist(), once.of_trip.tolist()
    ([5], [0, 0])
    """
    size = np.diff(routes.indptr)[routes.of_trip]
    arcs = rows_at(routes.indptr[:-1][routes.of_trip], size, routes.arcs, control)
    return distinct(np.r_[0, np.cumsum(size)], arcs, source, control)
