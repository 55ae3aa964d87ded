"""The features of a road layer as columns: geometries in well-known binary, ids, attributes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import partial
from itertools import compress
from typing import Any

import numpy as np
from qgis.core import QgsFeature, QgsFeatureRequest, QgsGeometry, QgsProcessingFeatureSource, QgsWkbTypes
from qgis.PyQt.QtCore import QVariant

from ...solvers.control import Control
from ...solvers.roads.classes import USED_TAGS
from ...solvers.roads.levels import FIELDS
from ...solvers.roads.osm import TAG_FIELDS, tags_in
from ..database_sources import DatabaseRows
from ..errors import LayerError
from ..shapes import features_of
from ..values import id_text
from .options import NetworkOptions

REF = "ref"
COLUMNS = (*USED_TAGS, *FIELDS, REF)  # read under these names where they are there, as fields or as tags
LINES = (QgsWkbTypes.Type.LineString, QgsWkbTypes.Type.MultiLineString)
LOOK_EVERY = 5000  # features between two looks at the cancel button
# The tag that stands in for a field that the layer does not have. (A capacity among tags is that of a car park.)
TAG_OF = {
    "direction": "oneway", "speed": "maxspeed", "lanes": "lanes", "class": "highway",
    "lanes forward": "lanes:forward", "lanes backward": "lanes:backward",
}  # fmt: skip
TAG_ON_FOOT = {"width": "width"}


@dataclass(frozen=True)
class RoadFeatures:
    """Columns of a road layer, one entry a feature; None for a field that is not used.

    ``tags`` holds, by OpenStreetMap's key in lower case, those of :data:`COLUMNS` that the layer has.
    ``from_tags`` names the columns that were read from the layer's field of tags.
    """

    geometries: list[bytes]
    ids: list[str]
    directions: list[Any] | None
    speeds: list[Any] | None
    lanes: list[Any] | None
    capacities: list[Any] | None
    lengths: list[Any] | None = None
    classes: list[Any] | None = None
    names: list[Any] | None = None
    tags: dict[str, list[Any]] = field(default_factory=dict)
    from_tags: list[str] = field(default_factory=list)
    lanes_forward: list[Any] | None = None
    lanes_backward: list[Any] | None = None
    capacity_forward: list[Any] | None = None
    capacity_backward: list[Any] | None = None
    rows: list[int] | None = None  # position of each feature in the layer
    widths: list[Any] | None = None

    def levels(self) -> tuple[list[Any] | None, ...]:
        """Return the columns of :data:`FIELDS`."""
        return tuple(self.tags.get(name) for name in FIELDS)

    def only(self, keep: np.ndarray) -> RoadFeatures:
        """Return the features of the mask ``keep`` (r,)."""
        if keep.all():
            return self

        def of(column: list[Any] | None) -> Any:
            return None if column is None else list(compress(column, mask))

        mask = keep.tolist()
        changed = {
            item.name: of(getattr(self, item.name)) for item in fields(self) if item.name not in ("tags", "from_tags")
        }
        return replace(self, **changed, tags={key: of(column) for key, column in self.tags.items()})


def read_features(source: QgsProcessingFeatureSource, options: NetworkOptions, control: Control) -> RoadFeatures:
    """Read the layer in one pass, fetching only the fields that are used.

    What has no field of its own is read from the layer's field of OpenStreetMap tags, where it has one.

    Raises
    ------
    LayerError
        When a field is not in the layer.
    Cancelled
    """
    index = _chosen_fields(source, options)
    tags = _Tags(source, options, set(index))
    index.update(tags.index)
    blobs, fids, columns = _columns_of(source, index, control)
    columns.update(tags.unpack(columns, control))
    ids = [id_text(v) for v in columns["id"]] if "id" in index else list(map(str, fids))
    return RoadFeatures(
        blobs,
        ids,
        columns.get("direction"),
        columns.get("speed"),
        columns.get("lanes"),
        columns.get("capacity"),
        columns.get("length"),
        columns.get("class"),
        columns.get("name"),
        {key: columns[key] for key in COLUMNS if key in columns},
        tags.unpacked,
        columns.get("lanes forward"),
        columns.get("lanes backward"),
        columns.get("capacity forward"),
        columns.get("capacity backward"),
        list(range(len(blobs))),
        columns.get("width"),
    )


def _chosen_fields(source: QgsProcessingFeatureSource, options: NetworkOptions) -> dict[str, int]:
    """Return the position in the layer of each column that has a field of its own."""
    names = {
        "direction": options.direction_field,
        "speed": options.speed_field,
        "lanes": options.lanes_field,
        "capacity": options.capacity_field,
        "length": options.length_field,
        "class": options.class_field,
        "name": options.name_field,
        "id": options.id_field,
        "lanes forward": options.lanes_each[0],
        "lanes backward": options.lanes_each[1],
        "capacity forward": options.capacity_each[0],
        "capacity backward": options.capacity_each[1],
        "width": options.width_field,
    }
    return {key: _index(source, name) for key, name in names.items() if name}


def _columns_of(
    source: QgsProcessingFeatureSource, index: dict[str, int], control: Control
) -> tuple[list[bytes], list[int], dict[str, list[Any]]]:
    """Return geometries in well-known binary, feature ids, and the columns at the positions of ``index``."""
    columns: dict[str, list[Any]] = {key: [] for key in index}
    request = QgsFeatureRequest()
    if index:
        request.setSubsetOfAttributes(sorted(set(index.values())))
    else:
        request.setNoAttributes()
    curved = not _is_plain(source)
    wanted = [(index[key], columns[key].append) for key in index]
    blobs: list[bytes] = []
    fids: list[int] = []
    features = features_of(source, request)
    total = max(features.expected or source.featureCount(), 1)
    # This loop is the slowest step of reading a network: one pass, no objects kept but bytes, numbers and text.
    # One feature is filled anew each time: that spares a Python object for each of them.
    feature = QgsFeature()
    more, shape, fid, attribute = features.nextFeature, feature.geometry, feature.id, feature.__getitem__
    database = features.database
    key_of = database.key_of() if database is not None else None
    if key_of is not None:
        fid = partial(key_of, feature)
    while more(feature):
        geometry = shape()
        if curved:
            geometry = _straight(geometry)
        blobs.append(geometry.asWkb().data())
        fids.append(fid())
        for position, append in wanted:
            value = attribute(position)
            append(value if type(value) is not QVariant or not value.isNull() else None)
        if len(blobs) % LOOK_EVERY == 0:
            control.stop_if_cancelled()
            control.progress(min(1.0, len(blobs) / total), "Reading roads")
    if database is None:
        return blobs, fids, columns
    database.refuse_incomplete(len(blobs), features.expected)
    return _in_order(database, blobs, fids, columns)


def _in_order(
    database: DatabaseRows, blobs: list[bytes], keys: list[Any], columns: dict[str, list[Any]]
) -> tuple[list[bytes], list[int], dict[str, list[Any]]]:
    """Return the columns of all rows of a source in PostgreSQL in the order of their key."""
    order = database.order(keys)
    if order is not None:
        blobs, keys = [blobs[k] for k in order], [keys[k] for k in order]
        columns = {name: [values[k] for k in order] for name, values in columns.items()}
    return blobs, keys if database.whole or not database.keys else list(range(1, len(blobs) + 1)), columns


class _Tags:
    """The OpenStreetMap tags of a layer: columns of their own, and those packed in one field."""

    PACKED = "packed tags"

    def __init__(self, source: QgsProcessingFeatureSource, options: NetworkOptions, chosen: set[str]) -> None:
        place = {name.casefold(): k for k, name in reversed(list(enumerate(source.fields().names())))}
        self.index = {key: place[key] for key in COLUMNS if key in place}
        self.unpacked: list[str] = []
        self._columns: dict[str, str] = {}  # column by tag
        packed = next((place[name] for name in TAG_FIELDS if name in place), None)
        if packed is None or not options.use_tags:
            return
        self._columns = {key: key for key in COLUMNS if key not in place}
        for column, key in (*TAG_OF.items(), *(TAG_ON_FOOT.items() if options.on_foot else ())):
            if column not in chosen and key not in place:
                self._columns[key] = column
                self.unpacked.append(key)
        self.index[self.PACKED] = packed

    def unpack(self, columns: dict[str, list[Any]], control: Control) -> dict[str, list[Any]]:
        """Return the columns of the packed tags, None where a feature does not have one."""
        packed = columns.pop(self.PACKED, [])
        found: dict[str, list[Any]] = {column: [None] * len(packed) for column in self._columns.values()}
        wanted = frozenset(self._columns)
        for row, value in enumerate(packed):
            if row % LOOK_EVERY == 0:
                control.stop_if_cancelled()
            for key, text in tags_in(value, wanted).items() if value is not None else ():
                found[self._columns[key]][row] = text
        return found


def _index(source: QgsProcessingFeatureSource, name: str) -> int:
    position = source.fields().indexFromName(name)
    if position < 0:
        raise LayerError(
            f"NETWORK: “{source.sourceName()}” has no field “{name}”. "
            f"Its fields are: {', '.join(source.fields().names())}."
        )
    return int(position)


def _straight(geometry: QgsGeometry) -> QgsGeometry:
    """Return a geometry without curves; compound ones made of straight parts become lines too."""
    if geometry.isNull() or QgsWkbTypes.flatType(geometry.wkbType()) in LINES:
        return geometry
    return QgsGeometry(geometry.constGet().segmentize())


def _is_plain(source: QgsProcessingFeatureSource) -> bool:
    """Whether the layer's type leaves no room for curves."""
    return QgsWkbTypes.flatType(source.wkbType()) in LINES
