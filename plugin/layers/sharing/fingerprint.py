"""What an input of a run was: features, extent, people, ids and content, so that changes are seen later."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from qgis.core import QgsFeature, QgsFields, QgsRasterLayer, QgsRectangle, QgsVectorLayer

from ...solvers.control import Control
from ..errors import LayerError
from ..shapes import empty_box, widen
from ..values import id_text, number, plain
from .command import Command

PEOPLE_PARAMETERS = frozenset({"POPULATION_FIELDS", "GROUP_FIELDS", "PEOPLE_FIELD", "COUNT_FIELD"})
PEOPLE_NAMES = ("population", "people")
ID_NAMES = ("zone_id", "shelter_id", "site_id", "request_id", "fleet_id", "road_id", "osm_id", "id")
_BLOCK = 1 << 20  # bytes of a file read at a time
_MODULUS = 1 << 256


@dataclass(frozen=True)
class Fingerprint:
    """What was counted and hashed; what does not apply is None or empty.

    Attributes
    ----------
    features : int or None
    extent : tuple of four float or None
        West, south, east, north of all shapes, in the layer's own reference system.
    crs : str
    people : float or None
        The sum of ``people_fields`` (empty values count 0); None where there is no such field, or one holds text.
    ids : str
        Hash of the sorted values of ``id_field``.
    content : str
        Hash of every value and shape, whatever their order; of a file, of its bytes.
    columns : tuple of str
    """

    features: int | None = None
    extent: tuple[float, float, float, float] | None = None
    crs: str = ""
    people: float | None = None
    people_fields: tuple[str, ...] = ()
    ids: str = ""
    id_field: str = ""
    content: str = ""
    columns: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the fingerprint as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> Fingerprint:
        """Return the fingerprint that :meth:`as_json` gave; what a newer version added is left out."""
        known = {one.name for one in fields(cls)}
        values = {name: tuple(v) if isinstance(v, list) else v for name, v in tree.items() if name in known}
        return cls(**values)


@dataclass(frozen=True)
class FactFields:
    """The fields by which a fingerprint sums people and hashes ids."""

    people: tuple[str, ...]
    id: str


def fact_fields(command: Command, parameter: str, layer: QgsFields) -> FactFields:
    """Return the fields of people and of ids of the input ``parameter``.

    Those that the run was given; else the default names of its field parameters, else the usual names
    (:data:`PEOPLE_NAMES`, :data:`ID_NAMES`), as far as the layer has them, whatever their case.
    """
    algorithm = command.definition()
    people: list[str] = []
    ids: list[str] = []
    for definition in algorithm.parameterDefinitions() if algorithm is not None else ():
        if definition.type() != "field" or definition.parentLayerParameterName() != parameter:
            continue
        value = command.value(definition.name())
        names = value.split(";") if isinstance(value, str) else [str(one) for one in value or ()]
        if definition.name() in PEOPLE_PARAMETERS:
            people += names
        elif definition.name().endswith("ID_FIELD"):
            ids += names
    found = _there(people, layer) or _there(PEOPLE_NAMES, layer)[:1]
    return FactFields(tuple(found), next(iter(_there([*ids, *ID_NAMES], layer)), ""))


def _there(names: Sequence[str], layer: QgsFields) -> list[str]:
    folded = {field.name().casefold(): field.name() for field in layer}
    return list(dict.fromkeys(folded[name.casefold()] for name in names if name.casefold() in folded))


def of_features(
    layer: QgsFields, features: Iterable[QgsFeature], crs: str, facts: FactFields, control: Control
) -> Fingerprint:
    """Return the fingerprint of features, in one walk.

    Raises
    ------
    Cancelled
    """
    columns = sorted((field.name(), position) for position, field in enumerate(layer))
    people_at = [layer.indexFromName(name) for name in facts.people]
    id_at = layer.indexFromName(facts.id) if facts.id else -1
    box, ids, people, content, count = empty_box(), [], [], 0, 0
    for feature in features:
        if count % 500 == 0:
            control.stop_if_cancelled()
        count += 1
        values = feature.attributes()
        shape = feature.geometry().asWkb().data() if feature.hasGeometry() else b""
        if shape and not feature.geometry().isEmpty():
            widen(box, feature.geometry().boundingBox())
        text = json.dumps([canonical(values[position]) for _, position in columns])
        digest = hashlib.sha256(text.encode() + b"\0" + shape).digest()
        content = (content + int.from_bytes(digest, "big")) % _MODULUS
        people += [values[position] for position in people_at]
        if id_at >= 0:
            ids.append(id_text(values[id_at]))
    named = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest() if id_at >= 0 else ""
    total = _sum(people) if people_at else None
    names = tuple(name for name, _ in columns)
    return Fingerprint(
        count, _corners(box), crs, total, facts.people, named, facts.id if id_at >= 0 else "", f"{content:064x}", names
    )


def of_vector(layer: QgsVectorLayer, command: Command, parameter: str, control: Control) -> Fingerprint:
    """Return the fingerprint of what a layer's provider holds, read for the input ``parameter``.

    Raises
    ------
    Cancelled
    """
    provider = layer.dataProvider()
    facts = fact_fields(command, parameter, provider.fields())
    return of_features(provider.fields(), provider.getFeatures(), layer.crs().authid(), facts, control)


def canonical(value: Any) -> Any:
    """Return an attribute value as JSON: the same for equal values, whichever version of QGIS reads them."""
    value = plain(value)
    if isinstance(value, float):
        return (int(value) if value.is_integer() else value) if math.isfinite(value) else str(value)
    if value is None or isinstance(value, (int, str)):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, (list, tuple)):
        return [canonical(one) for one in value]
    if isinstance(value, dict):
        return {str(name): canonical(value[name]) for name in sorted(value, key=str)}
    if hasattr(value, "toString"):  # dates and times
        from qgis.PyQt.QtCore import Qt

        return str(value.toString(Qt.DateFormat.ISODateWithMs))
    return bytes(value).hex() if hasattr(value, "__bytes__") or hasattr(value, "data") else str(value)


def _sum(values: Iterable[Any]) -> float | None:
    try:
        return math.fsum(number(value, "", "", "", "", 0.0) for value in values)
    except LayerError:
        return None


def _corners(box: QgsRectangle) -> tuple[float, float, float, float] | None:
    if box.xMinimum() > box.xMaximum():
        return None
    return box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()


def of_file(path: str, control: Control) -> Fingerprint:
    """Return the fingerprint of a file: the hash of its bytes.

    Raises
    ------
    Cancelled, OSError
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            control.stop_if_cancelled()
            digest.update(block)
    return Fingerprint(content=digest.hexdigest())


def of_raster(layer: QgsRasterLayer, path: str, control: Control) -> Fingerprint:
    """Return the fingerprint of a raster: cells, extent and bands, and its bytes where it is the file ``path``.

    Raises
    ------
    Cancelled, OSError
    """
    form = (f"{layer.width()} x {layer.height()} cells", f"{layer.bandCount()} band(s)")
    content = of_file(path, control).content if path else ""
    return Fingerprint(extent=_corners(layer.extent()), crs=layer.crs().authid(), content=content, columns=form)


def differences(before: Fingerprint, now: Fingerprint) -> list[str]:
    """Return what is different now, in words; an empty list for nothing."""
    out = []
    if before.features != now.features:
        out.append(f"{now.features:,} features, there were {before.features:,}")
    if before.people != now.people:
        out.append(f"{_people(now)} people, there were {_people(before)}")
    if before.crs != now.crs:
        out.append(f"reference system {now.crs or 'unknown'}, it was {before.crs or 'unknown'}")
    if before.extent != now.extent:
        out.append("another extent")
    if before.ids != now.ids:
        out.append(f"other ids ({before.id_field or now.id_field})")
    if before.columns != now.columns:
        lost = sorted(set(before.columns) - set(now.columns))
        new = sorted(set(now.columns) - set(before.columns))
        told = [f"without {', '.join(lost)}" if lost else "", f"with {', '.join(new)}" if new else ""]
        out.append(f"other columns ({', '.join(filter(None, told)) or 'in number'})")
    if not out and before.content != now.content:
        out.append("other values or shapes")
    return out


def _people(one: Fingerprint) -> str:
    return "unknown" if one.people is None else f"{one.people:,.10g}"
