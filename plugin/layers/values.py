"""Attribute values of QGIS as plain Python values."""

from __future__ import annotations

import math
from typing import Any

from qgis.PyQt.QtCore import QVariant

from ..solvers.numerals import number_in, two_readings
from .errors import LayerError

EXACT_BELOW = 2.0**53  # of floating-point numbers


def plain(value: Any) -> Any:
    """Return an attribute value with every kind of NULL as None."""
    if value is None or (isinstance(value, QVariant) and value.isNull()):
        return None
    return value


def blank(value: Any) -> bool:
    """Whether a plain value is NULL or text without a word."""
    return value is None or (isinstance(value, str) and not value.strip())


def id_text(value: Any) -> str:
    """Return an identifier as text, the same for 12, 12.0 and "12"; NULL gives "".

    Layers of one chain keep their keys in different types (a GeoPackage integer, a CSV text, a Shapefile real), so
    keys are compared by this text.

    Raises
    ------
    LayerError
        When the value is a number that may have been rounded (PostgreSQL's numeric comes as a floating-point number).
    """
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        if abs(value) >= EXACT_BELOW:
            raise LayerError(
                f"The id {value:.0f} comes as a floating-point number, which is exact only below 2^53. Keep ids as "
                f"whole numbers of 64 bits (bigint) or as text."
            )
        return str(int(value))
    return str(value).strip()


def number(value: Any, parameter: str, layer: str, feature: str, field: str, null: float = math.nan) -> float:
    """Return an attribute value as a number; NULL and empty text give ``null``. Texts as :func:`number_in` reads them.

    Raises
    ------
    LayerError
        When the value is text that is no number or can be read as two, or not finite.
    """
    value = plain(value)
    if blank(value):
        return null
    try:
        result = number_in(value) if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        result = math.nan
    if isinstance(value, str) and two_readings(value):
        raise LayerError(
            f"{parameter}: feature {feature} of “{layer}” has “{value}” in the field “{field}”; the comma may separate "
            f"thousands ({value.replace(',', '')}) or decimals ({value.replace(',', '.')}). Write one of these."
        )
    if not math.isfinite(result):
        raise LayerError(
            f"{parameter}: feature {feature} of “{layer}” has “{value}” in the field “{field}”, which is not a number. "
            f"Correct the value or choose a numeric field."
        )
    return result
