"""Background flow: vehicles that are on the roads anyway, as a table by road and time."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingFeatureSource, QgsProcessingFeedback
from qgis.PyQt.QtCore import QDateTime

from ...solvers.roads.network import RoadNetwork
from ..errors import LayerError
from ..places import NAMED_IN_LOG
from ..tables import read_table
from ..values import id_text, number
from .moments import read_moment, seconds_after

PARAMETER = "BACKGROUND"


def read_background(
    source: QgsProcessingFeatureSource,
    fields: dict[str, str],
    network: RoadNetwork,
    start: QDateTime,
    feedback: QgsProcessingFeedback,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times (k,) in seconds, the row of each arc (m,) and the vehicles (r, k) on it from each time on.

    A value counts the vehicles on the whole line; its pieces, and the two directions of a two-way road, share them by
    length. It holds until the road's next time; before its first there are none. Roads that the network does not have
    are counted in a warning.

    Parameters
    ----------
    fields : dict
        Names of the fields with ``road``, ``time`` and ``value``.

    Raises
    ------
    LayerError
        A missing field, text where a number is needed, a negative value.
    """
    table = read_table(source, PARAMETER, fields)
    name, index = source.sourceName(), network.road_index()
    known, times, values, unknown = [], [], [], set()
    for row, (road, moment, value) in enumerate(zip(table["road"], table["time"], table["value"]), 1):
        feature = f"in row {row}"
        count = number(value, PARAMETER, name, feature, fields["value"], 0.0)
        if count < 0:
            raise LayerError(
                f"{PARAMETER}: the feature {feature} of “{name}” has {count:g} vehicles in the field "
                f"“{fields['value']}”; it must be at least 0. Correct the value."
            )
        when = read_moment(moment, PARAMETER, name, feature, fields["time"])
        if when is None:
            raise LayerError(
                f"{PARAMETER}: the feature {feature} of “{name}” has no time in the field “{fields['time']}”. Fill it."
            )
        if id_text(road) not in index:
            unknown.add(id_text(road))
            continue
        known.append(index[id_text(road)])
        times.append(seconds_after(when, start))
        values.append(count)
    if unknown:
        shown = ", ".join(sorted(unknown)[:NAMED_IN_LOG])
        feedback.pushWarning(
            f"{PARAMETER}: {len(unknown)} road(s) of “{name}” are not in the network and were passed over: {shown}. "
            f"Check BACKGROUND_ROAD_FIELD and NETWORK_ID_FIELD."
        )
    feedback.pushInfo(f"{PARAMETER}: {len(known)} values for {len(set(known))} roads.")
    return _shared(np.array(known, dtype=np.int64), np.array(times), np.array(values), network)


def _shared(
    road: np.ndarray, time: np.ndarray, value: np.ndarray, network: RoadNetwork
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share the values of roads over their arcs by length, each held until the road's next time."""
    moments, column = np.unique(time, return_inverse=True)
    roads, line = np.unique(road, return_inverse=True)
    if not len(roads):
        return np.zeros(1), np.full(network.arc_count, -1, dtype=np.int32), np.zeros((1, 1))
    given = np.full((len(roads), len(moments)), np.nan)
    given[line.ravel(), column.ravel()] = value
    latest = np.maximum.accumulate(np.where(np.isnan(given), -1, np.arange(len(moments))), axis=1)
    held = np.where(latest >= 0, np.take_along_axis(given, np.maximum(latest, 0), axis=1), 0.0)
    arc, arc_road = network.road_arcs()
    where = np.searchsorted(roads, arc_road)
    where = np.where(where < len(roads), where, 0)
    used = np.flatnonzero(roads[where] == arc_road)
    total = np.bincount(arc_road, weights=network.length[arc], minlength=len(network.road_ids))
    share = network.length[arc[used]] / np.maximum(total[arc_road[used]], 1e-9)
    arcs, line = np.unique(arc[used], return_inverse=True)
    vehicles = np.zeros((len(arcs), len(moments)))
    np.add.at(vehicles, line.ravel(), held[where[used]] * share[:, None])  # copies of a road share its arcs
    row = np.full(network.arc_count, -1, dtype=np.int32)
    row[arcs] = np.arange(len(arcs))
    return moments, row, vehicles
