"""Numbers written as text: decimal points and commas, thousands separators; what can be read two ways is not read."""

from __future__ import annotations

import math
import re

# Separators that only ever stand between thousands: blanks, apostrophes, underscores.
_BLANKS = re.compile(r"(?<=\d)[\u0020\u00a0\u2009\u202f'\u2019_](?=\d{3}(?!\d))")
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
_COMMA_DECIMAL = re.compile(r"[+-]?\d*,\d+")
_POINT_GROUPS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?")  # 1.500,5 and 1.500.000
_COMMA_GROUPS = re.compile(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?")  # 1,500.5 and 1,500,000 and 1,50,000
_TWO_WAYS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # 1,500


def two_readings(text: str) -> bool:
    """Whether the text is a number with one comma that may separate thousands or decimals, such as "1,500"."""
    return _TWO_WAYS.fullmatch(text.strip()) is not None


def number_in(text: str) -> float:
    """Return the number a text holds, NaN where it is none or can be read two ways.

    A point is the decimal sign, alone as in "1.5" and "1.500". A comma is the decimal sign where it cannot separate
    thousands ("7,5", "0,500", "1234,567"); with three digits behind it and up to three before it ("1,500") it could be
    either and gives NaN, see :func:`two_readings`. Thousands are understood where nothing else can be meant:
    "1 500", "1'500", "1,500.5", "1.500,5", "1,500,000", "1.500.000".
    """
    word = _BLANKS.sub("", text.strip())
    if _PLAIN.fullmatch(word):
        number = float(word)
        return number if math.isfinite(number) else math.nan
    if two_readings(word):
        return math.nan
    if _COMMA_DECIMAL.fullmatch(word):
        return float(word.replace(",", "."))
    if _POINT_GROUPS.fullmatch(word):
        return float(word.replace(".", "").replace(",", "."))
    if _COMMA_GROUPS.fullmatch(word):
        return float(word.replace(",", ""))
    return math.nan
