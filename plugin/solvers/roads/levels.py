"""The level of a road where roads pass over each other: OpenStreetMap's layer, bridge and tunnel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .osm import Values, lane_count, plain_text

FIELDS = ("layer", "bridge", "tunnel")  # names of the fields, whatever their case
_NO = ("", "no", "false", "f", "n", "0", "none", "nan", "null")


def level_of_roads(
    count: int,
    layers: Sequence[Any] | None,
    bridges: Sequence[Any] | None,
    tunnels: Sequence[Any] | None,
) -> np.ndarray:
    """Number the levels of ``count`` roads: (count, 2) float64, the layer and the kind (0, 1 bridge, 2 tunnel, 3 both).

    Parameters
    ----------
    layers : sequence, optional
        Numbers, or text of one; nothing counts as 0. A column with any other text (the name of the layer a road was
        merged from, which QGIS writes under this name) is no level and plays no part.
    bridges, tunnels : sequence, optional
        Any value but none, no, false and 0 says yes.

    None stands for a column the layer does not have.
    """
    layer = np.zeros(count)
    if layers is not None:
        column = Values(layers)
        number = column.each(lane_count)
        empty = column.each(lambda value: plain_text(value).lower() in _NO, np.bool_)
        if np.isfinite(number[~empty]).all():
            layer = np.where(empty, 0.0, number)
    kind = np.zeros(count)
    for weight, values in ((1, bridges), (2, tunnels)):
        if values is not None:
            kind += weight * Values(values).each(lambda value: plain_text(value).lower() not in _NO, np.bool_)
    return np.column_stack([layer, kind])


def level_codes(level: np.ndarray) -> np.ndarray:
    """Return a whole number (r,) for each of the levels (r, 2); equal where the levels are."""
    if len(level) == 0:
        return np.empty(0, dtype=np.int64)
    codes: np.ndarray = np.unique(level, axis=0, return_inverse=True)[1].reshape(-1)
    return codes
