"""Background flow: vehicles that are on the roads anyway, as a table by road and time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.naming import NAMED_IN_LOG
from ...solvers.roads.network import RoadNetwork
from ..errors import LayerError
from ..moments import MomentColumn, Start, moment_column
from ..tables import read_table
from ..values import id_text, number

PARAMETER = "BACKGROUND"


@dataclass(frozen=True)
class BackgroundRows:
    """Rows of the table that hold a number of vehicles.

    Attributes
    ----------
    name : str
        The table's name.
    road : list of str
        Ids of the roads.
    time : MomentColumn
        From when on.
    vehicles : (k,) float64
        On the whole line.
    """

    name: str
    road: list[str]
    time: MomentColumn
    vehicles: np.ndarray


def read_background(
    source: QgsProcessingFeatureSource, fields: dict[str, str], feedback: QgsProcessingFeedback
) -> BackgroundRows:
    """Read the table; rows without a number of vehicles say nothing and are counted in a warning.

    Parameters
    ----------
    fields : dict
        Names of the fields with ``road``, ``time`` and ``value``.

    Raises
    ------
    LayerError
        A missing field, text where a number is needed, a negative value, no time.
    """
    table, name = read_table(source, PARAMETER, fields), source.sourceName()
    features = [f"row {row}" for row in range(1, len(table["road"]) + 1)]
    values = [
        number(value, PARAMETER, name, feature, fields["value"]) for value, feature in zip(table["value"], features)
    ]
    vehicles = np.array(values, dtype=float)
    negative = np.flatnonzero(vehicles < 0)
    if len(negative):
        raise LayerError(
            f"{PARAMETER}: {features[negative[0]]} of “{name}” has {vehicles[negative[0]]:g} vehicles in the field "
            f"“{fields['value']}”; it must be at least 0. Correct the value."
        )
    told = np.flatnonzero(np.isfinite(vehicles))
    if len(told) < len(vehicles):
        feedback.pushWarning(
            f"{PARAMETER}: {len(vehicles) - len(told)} row(s) of “{name}” have no number in the field "
            f"“{fields['value']}” and were passed over; write 0 where a road is empty."
        )
    column = moment_column(
        [table["time"][k] for k in told.tolist()], [features[k] for k in told.tolist()], "BACKGROUND_TIME_FIELD", name,
        fields["time"], 1.0,
    )  # fmt: skip
    for feature, moment in zip(column.features, column.moments):
        if moment is None:
            raise LayerError(
                f"{PARAMETER}: {feature} of “{name}” has no time in the field “{fields['time']}”. Fill it."
            )
    return BackgroundRows(name, [id_text(table["road"][k]) for k in told.tolist()], column, vehicles[told])


def background_on(
    rows: BackgroundRows, network: RoadNetwork, start: Start, feedback: QgsProcessingFeedback
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times (k,) in seconds, the row of each arc (m,) and the vehicles (r, k) on it from each time on.

    A value counts the vehicles on the whole line; its pieces, and the two directions of a two-way road, share them by
    length. Those on stretches that an area or a closure has taken out of the network are nowhere. A value holds until
    the road's next time; before its first there are none. Values of one road and time add up. Roads that the network
    does not have, lines that share an id and moments far from t = 0 are told in warnings.
    """
    seconds = rows.time.seconds(start, feedback, anywhen=True)
    groups = _lines_of(network)
    known = np.array([k for k, road in enumerate(rows.road) if road in groups], dtype=np.int64)
    unknown = {road for road in rows.road if road not in groups}
    if unknown:
        feedback.pushWarning(
            f"{PARAMETER}: {len(unknown)} road(s) of “{rows.name}” are not in the network and were passed over: "
            f"{_named(unknown)}. Check BACKGROUND_ROAD_FIELD and NETWORK_ID_FIELD."
        )
    ids = sorted({rows.road[k] for k in known.tolist()})
    several = [road for road in ids if len(groups[road]) > 1]
    if several:
        feedback.pushWarning(
            f"{PARAMETER}: {len(several)} id(s) of “{rows.name}” are each that of several lines of the network, which "
            f"share the vehicles by length: {_named(several)}. Choose a NETWORK_ID_FIELD that is unique if each "
            f"line has a value of its own."
        )
    position = {road: k for k, road in enumerate(ids)}
    road = np.array([position[rows.road[k]] for k in known.tolist()], dtype=np.int64)
    moments, held, twice = _held(road, seconds[known], rows.vehicles[known], len(ids))
    if len(twice):
        pairs = [f"{ids[r]} at {start.text(moments[c])}" for r, c in twice[:NAMED_IN_LOG].tolist()]
        feedback.pushWarning(
            f"{PARAMETER}: “{rows.name}” has several rows for {len(twice)} road(s) and time(s), whose vehicles add up: "
            f"{', '.join(pairs)}. Remove what is there twice."
        )
    feedback.pushInfo(f"{PARAMETER}: {len(known)} values for {len(ids)} roads.")
    return moments, *_shared(held, [groups[name] for name in ids], network)


def _named(roads: set[str] | list[str]) -> str:
    return ", ".join(sorted(roads)[:NAMED_IN_LOG])


def _lines_of(network: RoadNetwork) -> dict[str, list[int]]:
    """Return the roads (indices of ``road_ids``) of each id."""
    lines: dict[str, list[int]] = {}
    for k, road in enumerate(network.road_ids):
        lines.setdefault(road, []).append(k)
    return lines


def _held(
    road: np.ndarray, time: np.ndarray, value: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the moments (k,), the vehicles (count, k) from each on, and (road, moment) of what was added up (t, 2)."""
    if not count:
        return np.zeros(1), np.zeros((0, 1)), np.empty((0, 2), dtype=np.int64)
    moments, column = np.unique(time, return_inverse=True)
    given, rows = np.zeros((count, len(moments))), np.zeros((count, len(moments)), dtype=np.int64)
    np.add.at(given, (road, column.ravel()), value)
    np.add.at(rows, (road, column.ravel()), 1)
    latest = np.maximum.accumulate(np.where(rows > 0, np.arange(len(moments)), -1), axis=1)
    held = np.where(latest >= 0, np.take_along_axis(given, np.maximum(latest, 0), axis=1), 0.0)
    return moments, held, np.argwhere(rows > 1)


def _shared(held: np.ndarray, lines: list[list[int]], network: RoadNetwork) -> tuple[np.ndarray, np.ndarray]:
    """Share the vehicles (r, k) of groups of roads over their arcs by length; return each arc's row and the values."""
    arc, arc_road = network.road_arcs()
    total = network.road_metres()
    named = sorted({road for roads in lines for road in roads})
    place = np.full(len(network.road_ids), -1, dtype=np.int64)
    place[named] = np.arange(len(named))
    on_metre = np.zeros((len(named), held.shape[1]))
    for vehicles, roads in zip(held, lines):
        if total[roads].sum() > 0:
            on_metre[place[roads]] += vehicles / total[roads].sum()
    used = np.flatnonzero(place[arc_road] >= 0)
    row = np.full(network.arc_count, -1, dtype=np.int32)
    if not len(used):
        return row, np.zeros((1, held.shape[1]))
    arcs, line = np.unique(arc[used], return_inverse=True)
    value = np.zeros((len(arcs), held.shape[1]))
    np.add.at(value, line.ravel(), on_metre[place[arc_road[used]]] * network.length[arc[used], None])  # copies share
    row[arcs] = np.arange(len(arcs))
    return row, value
