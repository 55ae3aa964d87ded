"""Which part of a network that is not connected each place of a run joins.

A run's places must come together: a zone joined to a scrap of road beside it while its shelter is on the main network
reaches nothing. So one part is taken for all places that have a road of it near enough: the one that serves most
people, else most places, of equal ones that with the least distance in all. A place without a near road there takes,
of the parts it has, the one that holds most of the ends it must reach, of equal ones that which serves most of the
places that are left.

A place that passed over its nearest road in this way may have crossed what keeps the parts apart: a river, a closure.
Where trips are known, places between which there are trips and whose nearest roads lie in one part go back to these
if that serves at least as many people; where they are not, all places of a part go back together if that serves more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dependencies import require
from .connectors import DESTINATION, ORIGIN
from .near_pieces import Near


@dataclass(frozen=True)
class Demand:
    """Who goes between the places of a run.

    Attributes
    ----------
    role : (k,) int8
        ORIGIN or DESTINATION of each place.
    people : (k,) float64 or None
        People at each origin, any number at a destination; None where they are not known. Read where ``trips`` is not
        given: everybody may go from every origin to every destination.
    trips : (t, 2) int64 or None
        Origin and destination, as numbers of places, of each trip.
    trip_people : (t,) float64 or None
        People of each trip.
    """

    role: np.ndarray
    people: np.ndarray | None = None
    trips: np.ndarray | None = None
    trip_people: np.ndarray | None = None


def choose_parts(near: Near, part: np.ndarray, demand: Demand) -> np.ndarray:
    """Return which pairs of place and part (c,) are taken, at most one a place.

    Parameters
    ----------
    near : Near
        The nearest usable piece of each place in each part, where it is near enough.
    part : (c,) int
        The part of each pair.
    demand : Demand
        Of the k places.
    """
    taken = np.zeros(len(part), dtype=bool)
    if not len(part):
        return taken
    require("scipy", "choosing the part of the road network that places join")
    from scipy.sparse import csr_matrix

    count = int(part.max()) + 1
    has = csr_matrix((np.ones(len(part)), (near.place, part)), shape=(len(demand.role), count))
    taken = part == _ranked(has, near.distance, part, demand)[0]
    rest = np.isin(near.place, near.place[taken], invert=True)
    if rest.any():
        others = csr_matrix((np.ones(rest.sum()), (near.place[rest], part[rest])), shape=has.shape)
        held = _ends_held(others, demand, near.place[rest], part[rest])
        rank = np.argsort(_ranked(others, near.distance[rest], part[rest], demand))
        order = np.lexsort((rank[part[rest]], -held, near.place[rest]))
        first = np.unique(near.place[rest][order], return_index=True)[1]
        taken[np.flatnonzero(rest)[order[first]]] = True
    nearest = np.zeros(len(part), dtype=bool)
    by_distance = np.lexsort((near.piece, near.distance, near.place))
    nearest[by_distance[np.unique(near.place[by_distance], return_index=True)[1]]] = True
    back = _back(_of_places(near.place, part, taken, demand), _of_places(near.place, part, nearest, demand), demand)
    chosen: np.ndarray = np.where(back[near.place], nearest, taken)
    return chosen


def _ranked(has: object, distance: np.ndarray, part: np.ndarray, demand: Demand) -> np.ndarray:
    """Return the parts from the one that serves most, least distance (c,) first among equals."""
    people, places = _served(has, demand)
    metres = np.bincount(part, weights=distance, minlength=len(people))
    return np.lexsort((metres, -places, -people))


def _served(has: object, demand: Demand) -> tuple[np.ndarray, np.ndarray]:
    """Return the people and the places (parts,) that each part serves.

    A person is served where both ends of his trip have a road of the part near enough; where trips are not known, a
    part without a destination, or without an origin, serves nobody.
    """
    places = np.asarray(has.sum(axis=0)).ravel()  # type: ignore[attr-defined]
    if demand.trips is not None:
        both = has[demand.trips[:, 0]].multiply(has[demand.trips[:, 1]])  # type: ignore[index]
        weight = np.ones(len(demand.trips)) if demand.trip_people is None else demand.trip_people
        return both.T @ weight, places
    people = np.zeros(has.shape[0]) if demand.people is None else demand.people  # type: ignore[attr-defined]
    served = has.T @ np.where(demand.role == ORIGIN, people, 0.0)  # type: ignore[attr-defined]
    for role in (ORIGIN, DESTINATION):
        there = has.T @ (demand.role == role).astype(float)  # type: ignore[attr-defined]
        if (demand.role == role).any():
            served, places = np.where(there > 0, served, 0.0), np.where(there > 0, places, 0.0)
    return served, places


def _ends_held(others: object, demand: Demand, place: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return for pairs (c,) of a place and a part how many of the ends the place must reach the part holds.

    ``others`` has the parts of the places that do not join the best one; those that do are held by no other.
    """
    from scipy.sparse import csr_matrix

    if demand.trips is None:
        held = np.zeros(len(place))
        for role in (ORIGIN, DESTINATION):
            of_other_role = others.T @ (demand.role != role).astype(float)  # type: ignore[attr-defined]
            own = demand.role[place] == role
            held[own] = of_other_role[part[own]]
        return held
    first, last = demand.trips.T
    ends = (np.concatenate([first, last]), np.concatenate([last, first]))
    meet = csr_matrix((np.ones(len(ends[0])), ends), shape=(len(demand.role),) * 2)
    meet.data[:] = 1.0  # several trips between two places are one end to reach
    return np.asarray((meet @ others)[place, part]).ravel()


def _of_places(place: np.ndarray, part: np.ndarray, chosen: np.ndarray, demand: Demand) -> np.ndarray:
    """Return the part (k,) of each place by the chosen ones of pairs (c,), -1 without one."""
    own = np.full(len(demand.role), -1, dtype=np.int64)
    own[place[chosen]] = part[chosen]
    return own


def _back(taken: np.ndarray, nearest: np.ndarray, demand: Demand) -> np.ndarray:
    """Return which places (k,) go back from the part taken (k,) to that of their nearest road (k,)."""
    away, now = taken != nearest, taken.copy()
    group = np.where(away, nearest if demand.trips is None else _linked(away, nearest, demand.trips), -1)
    # rows of trips by the group that an end of theirs is in
    own = np.empty((0, 2), dtype=np.int64) if demand.trips is None else group[demand.trips]
    rows = np.repeat(np.arange(len(own)), 2)[np.argsort(own, axis=None, kind="stable")]
    bounds = np.sort(own, axis=None)
    for one in np.unique(group[away]).tolist():
        touched = np.unique(rows[np.searchsorted(bounds, one) : np.searchsorted(bounds, one, side="right")])
        then = np.where(group == one, nearest, now)
        gain = _people(then, demand, touched) - _people(now, demand, touched)
        if gain > 0 or (gain == 0 and demand.trips is not None):
            now = then
    went: np.ndarray = now != taken
    return went


def _linked(away: np.ndarray, nearest: np.ndarray, trips: np.ndarray) -> np.ndarray:
    """Return the group (k,) of each place: those ``away`` from their nearest part that trips link within it."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    first, last = trips[away[trips].all(axis=1) & (nearest[trips[:, 0]] == nearest[trips[:, 1]])].T
    linked = coo_matrix((np.ones(len(first)), (first, last)), shape=(len(away),) * 2)
    label: np.ndarray = connected_components(linked, directed=False)[1]
    return label


def _people(own: np.ndarray, demand: Demand, rows: np.ndarray) -> float:
    """Return how many people reach a destination when places join the parts ``own`` (k,), of the trips ``rows``.

    Where trips are not known, those at all origins; where people are not, every trip or origin counts as one.
    """
    if demand.trips is not None:
        first, last = own[demand.trips[rows]].T
        weight = np.ones(len(demand.trips)) if demand.trip_people is None else demand.trip_people
        return float(weight[rows][(first == last) & (first >= 0)].sum())
    weight = np.ones(len(own)) if demand.people is None else demand.people
    served = (demand.role == ORIGIN) & (own >= 0) & np.isin(own, own[demand.role == DESTINATION])
    return float(weight[served].sum())
