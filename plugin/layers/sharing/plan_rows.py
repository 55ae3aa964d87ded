"""Rows of a layer as PostgreSQL's COPY takes them: columns, the rest as JSON, the shape in degrees."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
)
from qgis.PyQt.QtCore import QDate, QDateTime

from ...solvers.control import Control
from ..errors import LayerError
from ..values import plain
from .fingerprint import canonical
from .plan_tables import LINES, MOMENT, NUMBER, TEXT, WHOLE, Placed

DEGREES = "EPSG:4326"
_MOST_WHOLE = 2**63 - 1
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"
_NUL = re.compile(r"\0|(?<!\\)(?:\\\\)*\\u0000")  # as it is, and in JSON


class CopyStream:
    """Rows as a file that COPY reads; stops soon after the user asked to.

    psycopg2 swallows what is raised while it reads: :attr:`error` keeps it.
    """

    def __init__(self, lines: Iterator[str], control: Control, expected: int) -> None:
        self.rows = 0
        self.error: BaseException | None = None
        self._lines, self._control, self._expected = lines, control, max(expected, 1)

    def read(self, size: int = 8192) -> bytes:
        """Return about ``size`` bytes of whole rows, b"" at the end."""
        try:
            self._control.stop_if_cancelled()
            out, length = [], 0
            for line in self._lines:
                out.append(line)
                self.rows += 1
                length += len(line)
                if length >= size:
                    break
            self._control.progress(self.rows / self._expected, "")
            return "".join(out).encode("utf-8", "replace")
        except BaseException as error:
            self.error = error
            raise

    def taken_error(self) -> BaseException:
        """Return :attr:`error` and keep it no longer, so that it does not hold itself."""
        error, self.error = self.error, None
        return error or ValueError()


def copied_columns(one: Placed) -> list[str]:
    """Return the names of the columns in the order of :func:`copied_lines`."""
    return ["plan_id", *one.table.columns, "attributes", *(["geom"] if one.table.geometry else [])]


def copied_lines(one: Placed, plan_id: str, context: QgsProcessingContext) -> Iterator[str]:
    """Yield a line of COPY's text format for each feature.

    Raises
    ------
    LayerError
        When a shape cannot be brought into degrees, or a text holds what PostgreSQL cannot.
    """
    position = {field.name(): k for k, field in enumerate(one.layer.fields())}
    sources = one.columns()
    columns = [(kind, position.get(sources.get(name, ""), -1)) for name, kind in one.table.columns.items()]
    others = [(name, position[name]) for name in one.attributes()]
    names = list(position)
    shape = _shaper(one, context)
    for feature in one.layer.getFeatures():
        values = [plain(value) for value in feature.attributes()]
        rest = {name: canonical(values[k]) for name, k in others if values[k] is not None}
        cells: list[str] = [plan_id]
        for kind, k in columns:
            value = values[k] if k >= 0 else None
            cell = _NULL if value is None else _cell(value, kind)
            if cell is None:
                rest[names[k]], cell = canonical(value), _NULL
            cells.append(_escaped(cell, one, feature) if kind == TEXT and value is not None else cell)
        cells.append(_escaped(json.dumps(rest, ensure_ascii=False, allow_nan=False), one, feature) if rest else "{}")
        if one.table.geometry:
            cells.append(shape(feature))
        yield "\t".join(cells) + "\n"


def _cell(value: Any, kind: str) -> str | None:
    """Return a value as text that a column of ``kind`` takes, None where it is of another kind."""
    if kind == MOMENT:
        return str(canonical(value)) if isinstance(value, (QDateTime, QDate)) else None
    if kind in (WHOLE, NUMBER):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        if kind == NUMBER:
            return repr(float(value))
        whole = math.isfinite(value) and value == int(value) and abs(value) <= _MOST_WHOLE
        return str(int(value)) if whole else None
    shown = canonical(value)
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)


def _escaped(text: str, one: Placed, feature: QgsFeature) -> str:
    if _NUL.search(text):
        raise LayerError(
            f"SCENARIO: feature {feature.id()} of “{one.stored.name}” has a text with a NUL character, which "
            f"PostgreSQL does not store. Correct it and save the scenario again."
        )
    return text.translate(_ESCAPED)


def _shaper(one: Placed, context: QgsProcessingContext) -> Callable[[QgsFeature], str]:
    """Return what makes a feature's shape a cell: in degrees, flat, without curves, of the table's type."""
    name, crs, lines = one.stored.name, one.layer.crs(), one.table.geometry == LINES
    degrees = QgsCoordinateReferenceSystem(DEGREES)
    transform = QgsCoordinateTransform(crs, degrees, context.transformContext())

    def cell(feature: QgsFeature) -> str:
        if not feature.hasGeometry() or feature.geometry().isEmpty():
            return _NULL
        if not crs.isValid():
            raise LayerError(
                f"SCENARIO: “{name}” has no coordinate reference system. Set it in the layer's properties (Source) "
                f"and save the scenario again."
            )
        shape = QgsGeometry(feature.geometry())
        shape.convertToStraightSegment()
        flat = shape.get()
        flat.dropZValue()
        flat.dropMValue()
        try:
            shape.transform(transform)
        except QgsCsException as error:
            raise LayerError(
                f"SCENARIO: feature {feature.id()} of “{name}” cannot be brought from {crs.authid()} into degrees: "
                f"{error}."
            ) from error
        if lines:
            shape.convertToMultiType()
        return str(shape.asWkb().toHex().data().decode())

    return cell
