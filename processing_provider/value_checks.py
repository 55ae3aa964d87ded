"""What a value of a parameter must be, for all parameters of all algorithms and models.

QGIS lets text, NaN and infinity pass in an optional number and then computes with 0 or the default, and does not ask
:meth:`checkParameterValues` of a model's steps. These checks are asked before every run, of steps too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsProcessingParameters,
    QgsProperty,
)
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, Qt, QVariant

from ..plugin.layers.times import time_of

_NUMBERS = frozenset({"number", "distance", "duration", "scale", "area", "volume"})
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_YES_OR_NO = frozenset({"true", "false", "1", "0"})  # QGIS takes every other text, "no" too, for yes
_LARGEST_INTEGER = 2**31 - 1


def wrong_value(
    definitions: Iterable[QgsProcessingParameterDefinition], parameters: dict[str, Any], context: QgsProcessingContext
) -> str:
    """Return what is wrong with the first value that cannot be used, naming parameter and value; "" for none.

    Absent and empty values are right where the parameter is optional or has a default; expressions are evaluated.
    """
    for definition in definitions:
        check = _check_of(definition)
        if check is None or definition.name() not in parameters:
            continue
        value = parameters[definition.name()]
        if isinstance(value, QgsProperty):
            value, _ = value.value(context.expressionContext())
        if _is_null(value):
            continue
        if value == "" and definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
            continue
        wrong = check(definition, value, context)
        if wrong:
            return f"{definition.name()}: {wrong}"
    return ""


def _check_of(
    definition: QgsProcessingParameterDefinition,
) -> Callable[[Any, Any, QgsProcessingContext], str] | None:
    kind = definition.type()
    if kind in _NUMBERS:
        return _wrong_number
    return {"enum": _wrong_choice, "boolean": _wrong_yes_or_no, "datetime": _wrong_moment}.get(kind)


def _wrong_number(definition: Any, value: Any, context: QgsProcessingContext) -> str:
    number = _number(value)
    if number is None:
        return _tr(
            "“{value}” is not a number. Write digits, with a point for decimals and without a unit: 5.5."
        ).format(value=value)
    if not math.isfinite(number):
        return _tr("“{value}” is not a finite number.").format(value=value)
    if definition.dataType() == QgsProcessingParameterNumber.Type.Integer:
        if number != int(number):
            return _tr("“{value}” is not a whole number.").format(value=value)
        if abs(number) > _LARGEST_INTEGER:
            return _tr("{value} is too large; at most {most}.").format(value=value, most=_LARGEST_INTEGER)
    if number < definition.minimum():
        return _tr("{value} is too small; at least {least:g}.").format(value=value, least=definition.minimum())
    if number > definition.maximum():
        return _tr("{value} is too large; at most {most:g}.").format(value=value, most=definition.maximum())
    return ""


def _wrong_choice(definition: Any, value: Any, context: QgsProcessingContext) -> str:
    if definition.allowMultiple() and isinstance(value, str):
        value = value.split(",")
    chosen = value if isinstance(value, (list, tuple)) else [value]
    options = definition.options()
    for one in chosen:
        number = None if isinstance(one, bool) else _number(one)
        if number is None or number not in range(len(options)):
            listed = ", ".join(f"{k}: {option}" for k, option in enumerate(options))
            return _tr("“{value}” is none of the choices ({listed}).").format(value=one, listed=listed)
    return ""


def _wrong_yes_or_no(definition: Any, value: Any, context: QgsProcessingContext) -> str:
    if isinstance(value, (bool, int, float)) or str(value).strip().casefold() in _YES_OR_NO:
        return ""
    return _tr("“{value}” is neither true nor false.").format(value=value)


def _wrong_moment(definition: Any, value: Any, context: QgsProcessingContext) -> str:
    # Not text as QGIS reads it, which leaves out what it does not know: a zone's name, an offset with another sign.
    moment = QgsProcessingParameters.parameterAsDateTime(definition, {definition.name(): value}, context)
    if time_of(value) or (moment.isValid() and not isinstance(value, str)):
        return ""
    return _tr(
        "“{value}” is not a date and time. Write it as 2026-05-01T08:00:00, with an offset from universal time as "
        "2026-05-01T08:00:00+02:00."
    ).format(value=_shown(value))


def _number(value: Any) -> float | None:
    """Return a value as a number, NaN and infinity included, None where it is none."""
    if isinstance(value, str):
        text = value.strip()
        if text.casefold().lstrip("+-") in ("nan", "inf", "infinity"):
            return math.nan
        return float(text) if _DECIMAL.fullmatch(text) else None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _shown(moment: Any) -> str:
    """Return a date and time that a clock skips as it is written, other values as text."""
    if isinstance(moment, QDateTime):
        parts = (moment.date(), moment.time())
        return "T".join(part.toString(Qt.DateFormat.ISODate) for part in parts if part.isValid())
    return str(moment)


def _is_null(value: Any) -> bool:
    return value is None or (isinstance(value, QVariant) and value.isNull())


def _tr(text: str) -> str:
    return QCoreApplication.translate("EvacuationPlanner", text)
