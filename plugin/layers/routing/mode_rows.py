"""How people travel, where a run has several modes: a column of its outputs, and figures of each mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...solvers.modes import BUS, CAR, FOOT
from ...solvers.routing.clearance import Clearance, Inside, clearance
from ...solvers.routing.result import RoutingResult
from ...solvers.walks import MaxWalk, Walks, walks_of
from ..fields import Column
from .case import RoutingCase

ALL = "all"
MODE = Column("mode", "text", "how its people travel: car, foot or bus; all: everybody; car+bus: both")
# What comments of columns say of vehicles, where some of them are people on foot.
WORDS = (("vehicle-", "unit-"), ("vehicles/h", "units/h"), ("vehicles", "units (vehicles, people on foot)"),
         ("vehicle", "unit (vehicle, person on foot)"))  # fmt: skip


def with_mode(case: RoutingCase, columns: Sequence[Column]) -> list[Column]:
    """Return the columns of an output with one for the mode where several occur, and units instead of vehicles."""
    if len(case.modes) < 2:
        return list(columns)
    return [*(_of_units(column) for column in columns), MODE] if FOOT in case.modes else [*columns, MODE]


def _of_units(column: Column) -> Column:
    for word, other in WORDS:
        if word in column.comment:
            first, rest = column.comment.split(word, 1)
            return replace(column, comment=f"{first}{other}{rest.replace('vehicles', 'units')}")
    return column


def arc_modes(case: RoutingCase, result: RoutingResult, arcs: np.ndarray) -> list[str]:
    """Return who takes each of ``arcs`` (k,): car, foot or bus, or car+bus; where one mode occurs, that."""
    if len(case.modes) < 2:
        return (case.modes or [CAR]) * len(arcs)
    everybody, walked = result.everybody(), case.read.walked
    takes = np.zeros((2, case.read.network.arc_count), dtype=bool)
    bus = np.array([mode == BUS for mode in case.modes_of(everybody.trip)], dtype=bool)
    own = np.repeat(bus, np.diff(everybody.schedule.indptr))
    takes[0, everybody.schedule.arc[~own]] = True
    takes[1, everybody.schedule.arc[own]] = True
    names = {(True, False): CAR, (False, True): BUS, (True, True): f"{CAR}+{BUS}", (False, False): CAR}
    return [FOOT if walked[arc] else names[bool(takes[0, arc]), bool(takes[1, arc])] for arc in arcs.tolist()]


def node_modes(case: RoutingCase, nodes: np.ndarray) -> list[str]:
    """Return who has each of ``nodes`` (k,): vehicles, which are car here, or people on foot."""
    network = case.read.network
    walked = np.zeros(network.node_count, dtype=bool)
    walked[network.tail[case.read.walked]] = True
    walked[network.head[case.read.walked]] = True
    return [FOOT if own else CAR for own in walked[nodes].tolist()]


class ModeFigures(NamedTuple):
    """What is said of the people of one mode who arrive, and of those who are caught.

    Attributes
    ----------
    mode : str
    people, units : int
        People, and vehicles or people on foot, who arrive.
    caught : int
        People.
    metres, longest : float
        Mean and largest length of their ways along roads, m; the mean is of people.
    seconds : float
        Mean travel time of people.
    last : float
        Last arrival, s from t = 0.
    curve : Clearance or None
        Where several modes occur.
    """

    mode: str
    people: int
    units: int
    caught: int
    metres: float
    longest: float
    seconds: float
    last: float
    curve: Clearance | None


def mode_figures(
    case: RoutingCase, result: RoutingResult, inside: Inside | None, staying: np.ndarray | None = None
) -> list[ModeFigures]:
    """Return the figures of each mode that occurs, cars first.

    ``inside`` says where the hazard is, ``staying`` (rows,) how many people of each row have no way and stay in it.
    """
    arrive, lost = (np.array(case.modes_of(trips), dtype=object) for trips in (result.routed, result.caught.trip))
    every = np.array([case.rows.mode_of(k) for k in range(len(case.rows))], dtype=object)
    length = walked_metres(result)
    people, figures = result.problem.people, []
    modes = case.modes
    for mode in modes:
        own = np.flatnonzero(arrive == mode)
        count = float(people[own].sum())
        curve = None
        if len(modes) > 1:
            there = 0 if staying is None else int(staying[every == mode].sum())
            of_mode = None if inside is None else replace(inside, staying=there)
            curve = clearance(result, of_mode, every[case.row] == mode)
        figures.append(
            ModeFigures(
                mode, int(round(count)), len(own), int(round(float(result.caught.people[lost == mode].sum()))),
                float(length[own] @ people[own]) / max(count, 1.0), float(length[own].max(initial=0.0)),
                float(result.travel[own] @ people[own]) / max(count, 1.0),
                float(result.arrival[own].max(initial=0.0)), curve,
            )
        )  # fmt: skip
    return figures


def walks_in(case: RoutingCase, result: RoutingResult, limit: MaxWalk) -> Walks:
    """Return who of those who arrive walks and how far, from place to door."""
    own = np.flatnonzero(np.array([mode == FOOT for mode in case.modes_of(result.routed)], dtype=bool))
    metres = walked_metres(result)[own] + np.nan_to_num(case.access(result)[own])
    classes = [case.rows.class_of(k) or "" for k in case.routed_row(result)[own].tolist()]
    return walks_of(np.rint(result.problem.people[own]).astype(np.int64), metres, limit.metres(classes))


def walked_metres(result: RoutingResult) -> np.ndarray:
    """Return the metres (r,) along roads of everybody who arrives."""
    return np.asarray(result.routes.sums(result.problem.length)[result.routes.of_trip])
