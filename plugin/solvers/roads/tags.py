"""OpenStreetMap's tags kept together in one text, as GDAL, QGIS and PostGIS write them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

# Fields that hold tags, in the order in which they are looked for: of GDAL's driver, then of osm2pgsql and others.
TAG_FIELDS = ("other_tags", "all_tags", "tags")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def tags_in(value: Any, wanted: Collection[str]) -> dict[str, str]:
    """Return the tags of the keys ``wanted`` (lower case), as text.

    ``value`` is hstore text (``"maxspeed"=>"50","name"=>"a \\"b\\""``), a JSON object as text, or a mapping; whatever
    else it is holds no tags.
    """
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("{"):
            try:
                value = json.loads(text)
            except ValueError:
                return {}
        else:
            return _hstore(text, wanted)
    if not isinstance(value, dict):
        return {}
    return {key: str(given) for key, given in value.items() if key in wanted and given is not None}


def _hstore(text: str, wanted: Collection[str]) -> dict[str, str]:
    return {
        key: _ESCAPED.sub(r"\1", given) if "\\" in given else given
        for key, given in _pairs(frozenset(wanted)).findall(text)
        if given
    }


@lru_cache(maxsize=8)
def _pairs(wanted: frozenset[str]) -> re.Pattern[str]:
    """Return what finds the keys with their values; within a value the quotes are escaped, so no key is found there."""
    keys = "|".join(map(re.escape, sorted(wanted)))
    return re.compile(rf'"({keys})"\s*=>\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
