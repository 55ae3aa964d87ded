"""Attributes of merged roads in the words of their layer."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsField, QgsProcessingFeatureSource

from ...solvers.roads.directions import BACKWARD, BOTH, FORWARD
from ...solvers.roads.mended import Row, Values
from ...solvers.roads.osm import KMH_OF, plain_text
from ...solvers.roads.traffic import Traffic
from .attributes import direction_rule
from .features import RoadFeatures
from .options import NetworkOptions

_WORDS = {FORWARD: ("yes", "1"), BACKWARD: ("-1",), BOTH: ("no", "0")}  # OpenStreetMap's, as text and as number


class ValueWriter:
    """Says what to write into the fields of a merged road so that it is read as merged.

    Values of the layer are taken where one says it: the direction's from any road, the others' from the copies.
    """

    def __init__(
        self, source: QgsProcessingFeatureSource, features: RoadFeatures, traffic: Traffic, options: NetworkOptions
    ) -> None:
        self.features, self.traffic, self.options = features, traffic, options
        self.fields = source.fields()
        self.direction_value = self._directions(source) if options.direction_field else {}

    def _directions(self, source: QgsProcessingFeatureSource) -> dict[int, Any]:
        """Return a value of the direction field for each direction that it can say."""
        rule = direction_rule(source, self.options)
        field = self._field(self.options.direction_field)
        column = {plain_text(value): value for value in self.features.directions or []}
        texts = sorted(column)
        meaning, _ = rule.meaning(texts)
        found: dict[int, Any] = {}
        for code, words in _WORDS.items():
            own = [text for text in texts if meaning.get(text) == code]
            if own:
                found[code] = column[own[0]]
                continue
            given = {meant: text for text, meant in rule.given().items()}
            for word in ([given[code]] if code in given else []) + list(words):
                after, _ = rule.meaning([*texts, word])
                fits, value = _as_field(field, word)
                if fits and after.get(word) == code and all(after.get(t) == meaning.get(t) for t in texts):
                    found[code] = value
                    break
        return found

    def _field(self, name: str | None) -> QgsField:
        return self.fields.field(name)

    def can_say(self, to: Values, road: int) -> bool:
        """Whether a road can be given these values, so that the layer is read again as merged."""
        traffic, options, features = self.traffic, self.options, self.features
        lanes = traffic.lanes[road]
        if options.lanes_field and features.lanes is not None:
            lanes = to.lanes
        capacity = lanes * traffic.lane_capacity[road]
        if options.capacity_field and features.capacities is not None:
            capacity = to.capacity
        speed = to.speed if options.speed_field and features.speeds is not None else traffic.speed[road]
        as_read = (float(speed), float(lanes), float(capacity))
        return to.direction in self.direction_value and as_read == (to.speed, to.lanes, to.capacity)

    def changed(self, row: Row) -> dict[int, Any]:
        """Return the values to write for a row, by field index, where they are others than its feature's own."""
        road, share = row.feature, row.share
        new: dict[int, Any] = {}
        if self.options.length_field and share < 1 and self.features.lengths is not None:
            length = self.features.lengths[road]
            if isinstance(length, (int, float)):
                self._put(new, self.options.length_field, length * share)
        if row.values is None:
            return new
        to, traffic = row.values, self.traffic
        roads = [road, *row.merged]
        if to.direction != traffic.direction[road]:
            new[self.fields.indexFromName(self.options.direction_field)] = self.direction_value[to.direction]
        if self.options.speed_field and self.features.speeds is not None and to.speed != traffic.speed[road]:
            raw = next((self.features.speeds[k] for k in roads if traffic.speed[k] == to.speed), None)
            self._put(new, self.options.speed_field, to.speed / KMH_OF[self.options.speed_unit] if raw is None else raw)
        changed_lanes = (to.direction, to.lanes) != (traffic.direction[road], traffic.lanes[road])
        if self.options.lanes_field and self.features.lanes is not None and changed_lanes:
            self._put(new, self.options.lanes_field, to.lanes * (2 if to.direction == BOTH else 1))
        if self.options.capacity_field and self.features.capacities is not None:
            given = self.features.capacities[road] is not None
            by_lanes = to.lanes * traffic.lane_capacity[road]
            if to.capacity != (traffic.capacity[road] if given else by_lanes):
                self._put(new, self.options.capacity_field, to.capacity)
        return new

    def _put(self, new: dict[int, Any], name: str, value: Any) -> None:
        field = self._field(name)
        if isinstance(value, float) and not field.isNumeric():
            value = f"{value:.10g}"
        fits, converted = _as_field(field, value)
        if fits:
            new[self.fields.indexFromName(name)] = converted


def _as_field(field: QgsField, value: Any) -> tuple[bool, Any]:
    """Return whether a value fits into a field, and the value in its type."""
    if field.isNumeric() and isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return False, None
    if field.isNumeric() and isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return True, field.convertCompatible(value)
    except ValueError:
        return False, None
