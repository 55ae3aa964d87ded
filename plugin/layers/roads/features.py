"""The features of a road layer as columns: geometries in well-known binary, ids, attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.core import QgsFeature, QgsFeatureRequest, QgsProcessingFeatureSource, QgsWkbTypes
from qgis.PyQt.QtCore import QVariant

from ...solvers.control import IsCancelled, Progress, stop_if
from ...solvers.roads.levels import FIELDS
from ..errors import LayerError
from ..places import features_of
from ..values import id_text
from .options import NetworkOptions

LOOK_EVERY = 5000  # features between two looks at the cancel button


@dataclass(frozen=True)
class RoadFeatures:
    """Columns of a road layer, one entry a feature; None for a field that is not used."""

    geometries: list[bytes]
    ids: list[str]
    directions: list[Any] | None
    speeds: list[Any] | None
    lanes: list[Any] | None
    capacities: list[Any] | None
    levels: tuple[list[Any] | None, ...] = (None,) * len(FIELDS)  # layer, bridge, tunnel


def read_features(
    source: QgsProcessingFeatureSource, options: NetworkOptions, progress: Progress, cancelled: IsCancelled
) -> RoadFeatures:
    """Read the layer in one pass, fetching only the fields that are used.

    Raises
    ------
    LayerError
        When a field is not in the layer.
    Cancelled
    """
    names = {
        "direction": options.direction_field,
        "speed": options.speed_field,
        "lanes": options.lanes_field,
        "capacity": options.capacity_field,
        "id": options.id_field,
    }
    index = {key: _index(source, name) for key, name in names.items() if name}
    index.update({name.lower(): k for k, name in enumerate(source.fields().names()) if name.lower() in FIELDS})
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
    total = max(source.featureCount(), 1)
    features = features_of(source, request)
    # This loop is the slowest step of reading a network: one pass, no objects kept but bytes, numbers and text.
    # One feature is filled anew each time: that spares a Python object for each of them.
    feature = QgsFeature()
    more, shape, fid, attribute = features.nextFeature, feature.geometry, feature.id, feature.__getitem__
    while more(feature):
        geometry = shape()
        if curved:
            geometry.convertToStraightSegment()
        blobs.append(geometry.asWkb().data())
        fids.append(fid())
        for position, append in wanted:
            value = attribute(position)
            append(value if type(value) is not QVariant or not value.isNull() else None)
        if len(blobs) % LOOK_EVERY == 0:
            stop_if(cancelled)
            progress(min(1.0, len(blobs) / total), "Reading roads")
    ids = [id_text(v) for v in columns["id"]] if "id" in index else list(map(str, fids))
    return RoadFeatures(
        blobs,
        ids,
        columns.get("direction"),
        columns.get("speed"),
        columns.get("lanes"),
        columns.get("capacity"),
        tuple(columns.get(name) for name in FIELDS),
    )


def _index(source: QgsProcessingFeatureSource, name: str) -> int:
    position = source.fields().indexFromName(name)
    if position < 0:
        raise LayerError(
            f"NETWORK: “{source.sourceName()}” has no field “{name}”. "
            f"Its fields are: {', '.join(source.fields().names())}."
        )
    return int(position)


def _is_plain(source: QgsProcessingFeatureSource) -> bool:
    """Whether the layer's type leaves no room for curves."""
    flat = QgsWkbTypes.flatType(source.wkbType())
    return flat in (QgsWkbTypes.Type.LineString, QgsWkbTypes.Type.MultiLineString)
