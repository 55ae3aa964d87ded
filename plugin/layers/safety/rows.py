"""Time to safety as rows of the output layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from qgis.core import QgsGeometry, QgsProcessingContext, QgsWkbTypes

from ...solvers.routing.clearance import people_until, time_grid
from ...solvers.safety.areas import along_pieces, nearest_ground
from ..fields import Column
from ..roads.route_geometry import piece_geometries
from ..transforming import transformed
from ..writing import OutputLayer
from .case import SafetyCase

OUTSIDE, ANY_TIME, IN_TIME, TOO_LATE, NO_WAY = (
    "outside the hazard", "at any time", "in time", "too late", "no way",
)  # fmt: skip
MINUTE = 60.0
PIECE_COLUMNS = (
    Column("road_id", "text", "road"),
    Column("street", "text", "what people call it"),
    Column("length_m", "float", "metres of this piece"),
    Column("minutes_to_safety", "float", "from its middle by the quickest way, no closing looked at; 0 outside"),
    Column("nearest_place", "text", "the safe place there"),
    Column("latest_minute", "float", "last minute to leave from its middle; empty: no limit, or no way"),
    Column("latest_time", "datetime", "the same as date and time"),
    Column("safe_place", "text", "the safe place to which who leaves then comes"),
    Column("margin_minutes", "float", "latest_minute less REACTION_MINUTES"),
    Column("status", "text", "in time, too late, at any time (never closes), no way, or outside the hazard"),
)
ZONE_COLUMNS = (
    Column("zone_id", "text", "zone"),
    Column("people", "int", "people"),
    Column("safe", "int", "people who make it"),
    Column("too_late", "int", "people who do not"),
    Column("no_way", "int", "of these: who have no way on the roads"),
    Column("minutes_to_safety", "float", "mean of its people, no closing looked at; of those who have a way"),
    Column("most_minutes", "float", "of the farthest of them"),
    Column("latest_minute", "float", "last minute after START_TIME at which all can leave; empty: no limit, or no way"),
    Column("latest_time", "datetime", "the same as date and time"),
    Column("safe_place", "text", "the safe place of those who have to leave first"),
    Column("order_minute", "float", "minutes after START_TIME at which the order comes"),
    Column("margin_minutes", "float", "latest_minute less order and REACTION_MINUTES"),
    Column("status", "text", "of those with the least margin: in time, too late, at any time, no way, outside"),
)
CURVE_COLUMNS = (
    Column("minute", "float", "after START_TIME"),
    Column("time", "datetime", "the same as date and time"),
    Column("safe", "int", "people who are safe"),
    Column("not_yet", "int", "people who are not yet"),
    Column("too_late", "int", "people who do not make it"),
)
AREA_COLUMNS = (
    Column("from_minutes", "float", "minutes to safety, from"),
    Column("to_minutes", "float", "and below; empty: no limit"),
    Column("nearest_place", "text", "the nearest safe place; empty: no way"),
    Column("people", "int", "people who start there"),
    Column("too_late", "int", "people of these who do not make it"),
    Column("minutes", "text", "the class in words"),
)


def pieces_layer(case: SafetyCase, context: QgsProcessingContext, kind_crs: Any, style: str) -> OutputLayer:
    """Return the pieces of road as a layer in the CRS ``kind_crs``."""
    rows = zip(piece_geometries(case.read, kind_crs, context), _piece_values(case))
    return OutputLayer(PIECE_COLUMNS, rows, QgsWkbTypes.Type.LineString, kind_crs, style)


def _piece_values(case: SafetyCase) -> Iterator[list[Any]]:
    network, names, metres = case.read.network, case.read.kinds.names, case.read.network.piece_lengths()
    one, places = case.pieces, case.places
    for p in range(network.piece_count):
        road = int(network.piece_road[p])
        head = [network.road_ids[road], names[road], round(float(metres[p]), 3)]
        if not case.piece_inside[p]:
            yield [*head, 0.0, "", None, None, "", None, OUTSIDE]
            continue
        seconds, latest = float(one.seconds[p]), float(one.latest[p])
        minutes = round(seconds / MINUTE, 4) if np.isfinite(seconds) else None
        yield [
            *head, minutes, _name(places, one.nearest[p]), *_moment(case, latest), _name(places, one.place[p]),
            _margin(latest, case.reaction), status(seconds, latest, case.reaction),
        ]  # fmt: skip


def status(seconds: float, latest: float, ready: float) -> str:
    """Return in words what becomes of who is ready to leave at a moment."""
    if not np.isfinite(seconds) or latest == -np.inf:
        return NO_WAY
    if latest == np.inf:
        return ANY_TIME
    return IN_TIME if ready <= latest else TOO_LATE


def _name(places: list[str], place: int) -> str:
    return places[int(place)] if place >= 0 else ""


def _moment(case: SafetyCase, latest: float) -> list[Any]:
    """Return the last minute and its date and time, empty where there is no limit or no way."""
    if not np.isfinite(latest):
        return [None, None]
    return [round(latest / MINUTE, 4), case.start.value(latest)]


def _margin(latest: float, ready: float) -> float | None:
    return round((latest - ready) / MINUTE, 4) if np.isfinite(latest) else None


def zone_rows(case: SafetyCase) -> list[dict[str, Any]]:
    """Return what holds of each zone by the names of :data:`ZONE_COLUMNS`, with ``classes``: (safe, too late) each."""
    out = []
    fate, groups, people = case.fate, case.groups, case.people
    start = np.searchsorted(groups.zone, np.arange(len(people.zones) + 1))
    for z, key in enumerate(people.zones.ids):
        own = slice(int(start[z]), int(start[z + 1]))
        count, safe, seconds, latest = case.counts[own], fate.safe[own], fate.seconds[own], fate.latest[own]
        ready = float(people.order[z]) + case.reaction
        way = np.isfinite(seconds)
        row: dict[str, Any] = {
            "zone_id": key,
            "people": int(count.sum()),
            "safe": int(count[safe].sum()),
            "too_late": int(count[~safe].sum()),
            "no_way": int(count[~way].sum()),
            "minutes_to_safety": None,
            "most_minutes": None,
            "latest": np.inf,
            "safe_place": "",
            "order_minute": round(float(people.order[z]) / MINUTE, 4),
            "margin_minutes": None,
            "status": "",
            "classes": [(int(c[safe].sum()), int(c[~safe].sum())) for c in groups.people[own].T],
        }
        if way.any():
            row["minutes_to_safety"] = round(float(seconds[way] @ count[way] / count[way].sum()) / MINUTE, 4)
            row["most_minutes"] = round(float(seconds[way].max()) / MINUTE, 4)
        if len(count):
            first = int(np.lexsort((-seconds, latest))[0])
            row["latest"] = float(latest[first])
            node = int(groups.node[own][first])
            outside = bool(fate.outside[own][first])
            row["safe_place"] = "" if node < 0 or outside else _name(case.places, case.found.nodes.place[node])
            row["margin_minutes"] = _margin(row["latest"], ready)
            row["status"] = OUTSIDE if outside else status(float(seconds[first]), row["latest"], ready)
        out.append(row)
    return out


def zones_layer(case: SafetyCase, style: str) -> OutputLayer:
    """Return the zones as a layer in their own CRS."""
    zones, name = case.people.zones, case.people.name
    classes = [
        Column(f"{own}_{end}", "int", f"{own} who {text}")
        for own in case.people.classes
        for end, text in (("safe", "make it"), ("too_late", "do not"))
    ]
    rows = []
    for row, shape, attributes in zip(zone_rows(case), zones.geometries, zones.attributes):
        minute, time = _moment(case, row["latest"])
        own = {**row, "latest_minute": minute, "latest_time": time}
        values = [own[column.name] for column in ZONE_COLUMNS]
        rows.append((shape, [*values, *(n for pair in row["classes"] for n in pair), *name.of(attributes)]))
    kinds = {shape.wkbType() for shape in zones.geometries}
    kind = kinds.pop() if len(kinds) == 1 else QgsWkbTypes.Type.MultiPolygon
    if len(kinds):
        rows = [(shape.coerceToType(kind)[0], values) for shape, values in rows]
    points = QgsWkbTypes.geometryType(kind) == QgsWkbTypes.GeometryType.PointGeometry
    columns = [*ZONE_COLUMNS, *classes, *name.fields]
    return OutputLayer(columns, rows, kind, zones.crs, f"{style}_point" if points else style)


def curve(case: SafetyCase) -> tuple[np.ndarray, np.ndarray]:
    """Return evenly spaced seconds (k,) from t = 0 and the people (k,) who are safe by then."""
    arrival, people = case.fate.arrival, case.counts
    seconds = time_grid(float(arrival[case.fate.safe].max(initial=0.0)))
    return seconds, people_until(arrival, people.astype(float), seconds)


def curve_layer(case: SafetyCase) -> OutputLayer:
    """Return the people who are safe by time as a table."""
    seconds, safe = curve(case)
    reach = case.all_people - case.too_late
    rows = [
        (None, [second / MINUTE, case.start.value(second), count, reach - count, case.too_late])
        for second, count in zip(seconds.tolist(), safe.tolist())
    ]
    return OutputLayer(CURVE_COLUMNS, rows)


def class_of(seconds: np.ndarray, breaks: list[float]) -> np.ndarray:
    """Return the class (k,) of times: 0 below the first break (minutes), ..., -1 for infinite ones."""
    classes = np.searchsorted(np.array(breaks) * MINUTE, seconds, side="right")
    return np.where(np.isfinite(seconds), classes, -1)


def area_rows(case: SafetyCase, breaks: list[float]) -> dict[tuple[int, int], list[int]]:
    """Return people, and those too late, by class of minutes and nearest safe place, of who has to leave."""
    node = case.groups.node
    classes = class_of(case.fate.seconds, breaks)
    nearest = np.where(node < 0, -1, case.found.nodes.nearest[np.maximum(node, 0)])
    out: dict[tuple[int, int], list[int]] = {}
    for k in np.flatnonzero(~case.fate.outside & (case.counts > 0)).tolist():
        row = out.setdefault((int(classes[k]), int(nearest[k]) if classes[k] >= 0 else -1), [0, 0])
        row[0] += int(case.counts[k])
        row[1] += 0 if case.fate.safe[k] else int(case.counts[k])
    return out


def areas_layer(
    case: SafetyCase, breaks: list[float], reach: float, context: QgsProcessingContext, crs: Any, style: str
) -> OutputLayer:
    """Return the ground by class of minutes and nearest safe place as polygons that do not overlap, with people.

    The ground of a stretch of road, and of a junction at which people start, is what lies nearest to it, at most
    ``reach`` metres away and inside the area to leave.
    """
    network, people = case.read.network, area_rows(case, breaks)
    pieces = np.flatnonzero(case.piece_inside)
    xy, own = along_pieces(network, pieces)
    starts = np.unique(case.groups.node[(case.counts > 0) & (case.groups.node >= 0) & ~case.fate.outside])
    nodes = case.found.nodes
    seconds = np.concatenate([nodes.seconds[starts], case.pieces.seconds[pieces][own]])
    nearest = np.concatenate([nodes.nearest[starts], case.pieces.nearest[pieces][own]])
    classes = class_of(seconds, breaks)
    label = (classes + 1) * (len(case.places) + 1) + np.where(classes >= 0, nearest, -1) + 1
    area = None if case.area is None else bytes(case.area.asWkb().data())
    ground = nearest_ground(np.concatenate([network.node_xy[starts], xy]), label, max(reach, 1.0), area)
    rows = []
    for key in sorted({*ground, *((c + 1) * (len(case.places) + 1) + p + 1 for c, p in people)}):
        number, place = key // (len(case.places) + 1) - 1, key % (len(case.places) + 1) - 1
        shape = QgsGeometry()
        if key in ground:
            shape.fromWkb(ground[key])
            shape = transformed(shape, case.read.crs, crs, context.transformContext())
            shape.convertToMultiType()
        low = None if number < 0 else 0.0 if number == 0 else breaks[number - 1]
        high = breaks[number] if 0 <= number < len(breaks) else None
        count = people.get((number, place), [0, 0])
        rows.append((shape, [low, high, _name(case.places, place), *count, words(low, high)]))
    return OutputLayer(AREA_COLUMNS, rows, QgsWkbTypes.Type.MultiPolygon, crs, style)


def words(low: float | None, high: float | None) -> str:
    """Return a class of minutes in words."""
    if low is None:
        return NO_WAY
    if high is None:
        return f"{low:g} and more"
    return f"under {high:g}" if low == 0.0 else f"{low:g} to {high:g}"
