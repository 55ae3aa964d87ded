"""The two tables of a plan, PLAN (vehicles) and PLAN_PATHS, read and checked; :mod:`.plan` puts them on a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from qgis.core import QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.modes import CAR, FOOT, MODES
from ...solvers.naming import first_of, heads
from ...solvers.roads.stretches import BACKWARD, FORWARD, Stretches
from ...solvers.routing.queue.network import microseconds
from ...solvers.routing.shared.routes import rows_at
from ..errors import LayerError
from ..tables import read_table
from ..values import blank, id_text, number
from .plan_rows import NO_PATH, PATHS, VEHICLES, PlannedVehicles

PLAN, PLAN_PATHS = "PLAN", "PLAN_PATHS"
_TIMES = ("order_s", "departure_s", "entered_s", "arrival_s")


class PathTable(NamedTuple):
    """The rows of PLAN_PATHS, by path and sequence: ids (p,), offsets (p + 1,), and the stretches."""

    name: str
    ids: list[int]
    indptr: np.ndarray
    stretches: Stretches


@dataclass(frozen=True)
class PlanTables:
    """A plan as its tables have it; ``start`` and ``route`` (t,) are numbers of paths, NO_PATH for none."""

    name: str
    vehicles: PlannedVehicles
    start: np.ndarray
    route: np.ndarray
    paths: PathTable

    def only(self, chosen: np.ndarray) -> PlanTables:
        """Return some of the vehicles, by a mask (t,), with the paths that they drive."""
        few = np.flatnonzero(chosen)
        kept = np.unique(np.concatenate([self.start[few], self.route[few]]))
        kept = kept[kept != NO_PATH]
        number = np.full(len(self.paths.ids) + 1, NO_PATH, dtype=np.int64)  # the last for NO_PATH
        number[kept] = np.arange(len(kept))
        size = np.diff(self.paths.indptr)[kept]
        rows = rows_at(self.paths.indptr[:-1][kept], size, np.arange(self.paths.indptr[-1]))
        stretches = self.paths.stretches
        columns = [
            [column[k] for k in few.tolist()] if isinstance(column, list) else column[few] for column in self.vehicles
        ]
        return PlanTables(
            self.name, PlannedVehicles(*columns), number[self.start[few]], number[self.route[few]],
            PathTable(
                self.paths.name, [self.paths.ids[k] for k in kept.tolist()], np.r_[0, np.cumsum(size)].astype(np.int64),
                Stretches(
                    [stretches.road[k] for k in rows.tolist()], stretches.forward[rows], stretches.start[rows],
                    stretches.stop[rows],
                ),
            ),
        )  # fmt: skip

    @property
    def on_foot(self) -> np.ndarray:
        """Which of the vehicles (t,) are people on foot."""
        return np.array([mode == FOOT for mode in self.vehicles.mode], dtype=bool)

    def by_vehicle(self, feedback: QgsProcessingFeedback) -> PlanTables:
        """Return the plan without the people on foot, who are counted in the log.

        Raises
        ------
        LayerError
            When all are.
        """
        walks = self.on_foot
        if not walks.any():
            return self
        if walks.all():
            raise LayerError(
                f"{PLAN}: everybody in “{self.name}” is on foot, and this is for vehicles. Give a plan in which "
                "somebody drives."
            )
        count = int(np.rint(self.vehicles.people[walks].sum()))
        feedback.pushWarning(f"{PLAN}: {heads(count)} on foot in “{self.name}” left out of what follows.")
        return self.only(~walks)


def read_plan(
    plan: QgsProcessingFeatureSource,
    paths: QgsProcessingFeatureSource,
    feedback: QgsProcessingFeedback,
    otherwise: str = CAR,
) -> PlanTables:
    """Read the tables of a plan; ``otherwise`` is how those travel of whom it does not say.

    Raises
    ------
    LayerError
        A missing column, a vehicle twice, without a departure or with a path that is not in PLAN_PATHS, a path whose
        stretches have no road, direction or place.
    """
    table = _read_paths(paths)
    name, columns = plan.sourceName(), read_table(plan, PLAN, {column.name: column.name for column in VEHICLES})
    numbers = _whole(columns["vehicle"], PLAN, name, "vehicle")
    words = [f"vehicle {k}" for k in numbers.tolist()]
    if len(np.unique(numbers)) < len(numbers):
        twice = np.unique(numbers, return_counts=True)
        raise LayerError(
            f"{PLAN}: “{name}” has vehicle {twice[0][np.argmax(twice[1] > 1)]} twice. Give the OUTPUT_VEHICLES of one "
            f"run."
        )
    times = {key: _numbers(columns[key], PLAN, name, words, key) for key in _TIMES}
    for word, seconds in zip(words, times["departure_s"].tolist()):
        if not seconds >= 0:
            raise LayerError(f"{PLAN}: {word} of “{name}” has no departure of at least 0 in “departure_s”. Fill it.")
    start, route = (_path_of(columns[key], key, name, words, table) for key in ("start_path", "route_id"))
    lost = np.flatnonzero((start != NO_PATH) & (route == NO_PATH))
    if len(lost):
        raise LayerError(f"{PLAN}: {words[lost[0]]} of “{name}” has a start_path but no route_id. Correct the row.")
    aboard = _numbers(columns["people"], PLAN, name, words, "people")
    door = np.nan_to_num(_numbers(columns["door"], PLAN, name, words, "door")).astype(np.int64)
    order = np.lexsort((numbers, microseconds(times["departure_s"])))
    few = order.tolist()
    vehicles = PlannedVehicles(
        numbers[order], [id_text(columns["origin_id"][k]) for k in few],
        [id_text(columns["destination_id"][k]) for k in few], door[order],
        [_mode(columns["mode"][k], words[k], name, otherwise) for k in few], np.nan_to_num(aboard[order]),
        *(times[key][order] for key in _TIMES),
    )  # fmt: skip
    there = np.isfinite(times["arrival_s"])
    idle, staying = (int(((route == NO_PATH) & own).sum()) for own in (there, ~there))
    walking = vehicles.mode.count(FOOT)
    told = f"{len(numbers)} vehicles"
    if walking:
        told = f"{len(numbers) - walking} cars and buses, {walking} people on foot"
    text = f"{PLAN}: {told}, {len(table.ids)} paths."
    text += f" {idle} start at a door of their destination." if idle else ""
    feedback.pushInfo(text + (f" {staying} have no way that arrives in time and stay." if staying else ""))
    return PlanTables(name, vehicles, start[order], route[order], table)


def _mode(value: Any, vehicle: str, layer: str, otherwise: str) -> str:
    """Return how a vehicle's people travel."""
    word = otherwise if blank(value) else str(value).strip().casefold()
    if word not in MODES:
        raise LayerError(f"{PLAN}: {vehicle} of “{layer}” has the mode “{value}”; it must be car, foot or bus.")
    return word


def _whole(values: list[Any], parameter: str, layer: str, field: str) -> np.ndarray:
    """Return a column of whole numbers; NULL is an error."""
    words = [str(k) for k in range(1, len(values) + 1)]
    numbers = np.array([number(v, parameter, layer, w, field) for v, w in zip(values, words)], dtype=float)
    wrong = np.flatnonzero(~(numbers == np.rint(numbers)))
    if len(wrong):
        raise LayerError(f"{parameter}: row {words[wrong[0]]} of “{layer}” has no whole number in “{field}”. Fill it.")
    return numbers.astype(np.int64)


def _numbers(values: list[Any], parameter: str, layer: str, words: list[str], field: str) -> np.ndarray:
    """Return a column of numbers, not a number where there is none."""
    return np.array([number(v, parameter, layer, w, field) for v, w in zip(values, words)], dtype=float)


def _path_of(values: list[Any], field: str, layer: str, words: list[str], table: PathTable) -> np.ndarray:
    """Return the number of the path (t,) that each vehicle names, NO_PATH where it names none."""
    position = {name: k for k, name in enumerate(table.ids)}
    asked = _numbers(values, PLAN, layer, words, field)
    strange = sorted({int(k) for k in asked[np.isfinite(asked)].tolist() if k not in position})
    if strange:
        named = first_of([str(k) for k in strange])
        raise LayerError(f"{PLAN}: {field} of “{layer}” names path(s) that “{table.name}” lacks: {named}.")
    return np.array([position[k] if np.isfinite(k) else NO_PATH for k in asked.tolist()], dtype=np.int64)


def _read_paths(source: QgsProcessingFeatureSource) -> PathTable:
    name = source.sourceName()
    columns = read_table(source, PLAN_PATHS, {column.name: column.name for column in PATHS})
    ids = _whole(columns["route_id"], PLAN_PATHS, name, "route_id")
    sequence = _whole(columns["sequence"], PLAN_PATHS, name, "sequence")
    words = [f"stretch {s} of path {k}" for k, s in zip(ids.tolist(), sequence.tolist())]
    start, stop = (_numbers(columns[key], PLAN_PATHS, name, words, key) for key in ("from_m", "to_m"))
    way = [str(value).strip().lower() for value in columns["direction"]]
    road = [id_text(value) for value in columns["road_id"]]
    for k, word in enumerate(words):
        if not road[k] or way[k] not in (FORWARD, BACKWARD) or not np.isfinite(start[k] + stop[k]):
            raise LayerError(
                f"{PLAN_PATHS}: {word} in “{name}” needs a road_id, a direction (forward or backward), from_m and to_m."
            )
    order = np.lexsort((sequence, ids))
    again = np.flatnonzero((np.diff(ids[order]) == 0) & (np.diff(sequence[order]) == 0))
    if len(again):
        raise LayerError(
            f"{PLAN_PATHS}: “{name}” has {words[order[again[0]]]} twice. Give the OUTPUT_PATHS of one run."
        )
    different, first = np.unique(ids[order], return_index=True)
    forward = np.array([value == FORWARD for value in way], dtype=bool)
    return PathTable(
        name, different.tolist(), np.r_[first, len(ids)].astype(np.int64),
        Stretches([road[k] for k in order.tolist()], forward[order], start[order], stop[order]),
    )  # fmt: skip
