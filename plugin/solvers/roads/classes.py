"""Which lines of a layer are roads, for cars or on foot, by their class (resources/roads/classes.csv) and access tags.

The table holds OpenStreetMap's values of "highway", and MATSim's modes. What it says of speed, lanes and capacity is
taken in :mod:`.class_values`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..data_file import RESOURCES, Line, read_lines
from ..errors import SolverError
from .osm import HIGHEST_SPEED, LOWEST_SPEED, MOST_LANES, Values, plain_text

TABLES = RESOURCES / "roads"
CLASSES = TABLES / "classes.csv"
LINK = "_link"
# From the most general to the most specific: the last one that is there counts.
ACCESS = ("access", "vehicle", "motor_vehicle", "motorcar")
CLOSED_TO_CARS = frozenset(
    ("no", "agricultural", "forestry", "agricultural;forestry", "emergency", "military", "psv", "bus")
)
OPENED_TO_CARS = frozenset(("yes", "designated", "permissive"))  # of the last two, on ways that are not for cars
CLOSED_TO_WALKERS = frozenset(("no", "false", "0"))
OPENED_TO_WALKERS = frozenset(("yes", "true", "1", "designated", "permissive"))
YES = frozenset(("yes", "true", "1"))
# Classes of lines that are not there (yet, or any more), whatever their tags say.
NOT_THERE = frozenset(
    ("construction", "proposed", "planned", "disused", "abandoned", "razed", "demolished", "dismantled", "removed",
     "historic", "no")
)  # fmt: skip
ROUNDABOUTS = frozenset(("roundabout", "circular"))
# What a line without a class may be instead, for the log.
OTHER_KINDS = ("railway", "waterway", "route", "aerialway", "aeroway", "barrier", "power", "man_made", "natural",
               "boundary", "landuse", "leisure")  # fmt: skip
FOOT, MOTORROAD = "foot", "motorroad"
USED_TAGS = ("junction", *ACCESS, FOOT, MOTORROAD, *OTHER_KINDS)


class RoadClass(NamedTuple):
    """A row of the table.

    Who may use the class, whether it is one-way without a tag that says so; km/h, lanes of one direction, vehicles/h of
    a lane and its rank (1 is the highest class), NaN where the row leaves them empty.
    """

    car: bool
    foot: bool
    oneway: bool
    speed: float = math.nan
    lanes: float = math.nan
    capacity: float = math.nan
    rank: float = math.nan


# Least and most of the numbers.
NUMBERS = {
    "speed": (LOWEST_SPEED, HIGHEST_SPEED),
    "lanes": (0.5, MOST_LANES),
    "capacity": (1.0, 10_000.0),
    "rank": (1.0, 100.0),
}


def table_of(name: str) -> Path:
    """Return the table that ROAD_CLASSES names: a file, one of resources/roads by its name alone, or "" for ours."""
    if not name:
        return CLASSES
    path = Path(name)
    return TABLES / name if path.name == name and not path.is_file() and (TABLES / name).is_file() else path


def read_classes(path: Path | str = CLASSES) -> dict[str, RoadClass]:
    """Read the table of classes; columns that are not known are passed over.

    Raises
    ------
    SolverError
        An unreadable file, a value other than 0 or 1, a number out of range, a class that is there twice.
    """
    classes: dict[str, RoadClass] = {}
    for line in read_lines(path, "ROAD_CLASSES", ("class", *RoadClass._fields)):
        if line["class"] in classes:
            raise SolverError(f"{line.where}: the class “{line['class']}” is there twice. Delete one of the rows.")
        car, foot, oneway = (_flag(line, column) for column in ("car", "foot", "oneway"))
        numbers = {column: _number(line, column) for column in NUMBERS}
        classes[line["class"]] = RoadClass(car, foot, oneway, **numbers)
    return classes


def _flag(line: Line, column: str) -> bool:
    if line[column] not in ("0", "1"):
        raise SolverError(f"{line.where}: “{line[column]}” in the column {column} must be 0 or 1.")
    return line[column] == "1"


def _number(line: Line, column: str) -> float:
    """Return a number of the table; NaN for an empty cell."""
    if not line[column]:
        return math.nan
    least, most = NUMBERS[column]
    value = line.number(column)
    if not least <= value <= most:
        raise SolverError(
            f"{line.where}: “{line[column]}” in the column {column} must be between {least:g} and {most:g}."
        )
    return value


@dataclass(frozen=True)
class RoadChoice:
    """Which lines of a layer cars can use.

    Attributes
    ----------
    known : bool
        Whether a value of the class column is in the table. If not, every line is taken for a road.
    reason : (r,) list of str
        Why a line is not for cars, or not for walkers; empty where it is.
    one_way : (r,) bool
        Lines that are one-way in the drawn direction where no tag says otherwise: motorways and roundabouts.
    unknown : dict of str to int
        Classes that are not in the table, with the number of lines; they are taken for roads.
    """

    known: bool
    reason: list[str]
    one_way: np.ndarray
    unknown: dict[str, int]

    def usable(self) -> np.ndarray:
        """Return which lines (r,) are roads."""
        return np.array([not reason for reason in self.reason], dtype=bool)


def choose_roads(
    classes: Mapping[str, RoadClass],
    values: Sequence[Any] | None,
    tags: Mapping[str, Sequence[Any]],
    count: int,
    on_foot: bool = False,
) -> RoadChoice:
    """Tell roads for cars, or for walkers, from other lines.

    Parameters
    ----------
    classes : mapping
        See :func:`read_classes`; "x_link" without a row is as "x".
    values : sequence of length r, optional
        Class of each line, several as a list or separated by semicolons; None where the layer has none.
    tags : mapping
        Columns of :data:`USED_TAGS` that the layer has, (r,) each.
    count : int
        Number of lines r.
    on_foot : bool
        Whether roads for walkers are asked for.

    Notes
    -----
    A line with a class is for cars where one of its classes is, unless the most specific of its :data:`ACCESS` tags is
    one of :data:`CLOSED_TO_CARS`. "private", "destination" and the like stay: people leave from there. A way for
    walkers that its own motorcar or motor_vehicle tag opens is for cars. A line without a class is not.

    On foot the line's own "foot" tag says it; without one a "motorroad" and a line with access "no" are closed, and
    else its class says it. Without any class of the table every line is open but those that these tags close.
    """
    texts = class_texts(values, count)
    split = {text: names_in(text) for text in set(texts)}
    known = any(class_row(classes, part) is not None for parts in split.values() for part in parts)
    keys = list(tags)
    columns = [class_texts(tags[key], count) for key in keys]
    combined = Values(list(zip(texts, *columns)))
    reasons, one_way = {}, {}
    for row in combined.different:
        own = {key: text for key, text in zip(keys, row[1:]) if text}
        rows = [class_row(classes, part) for part in split[row[0]]]
        if on_foot:
            reasons[row] = _reason_on_foot(row[0], rows, own, known)
        else:
            reasons[row] = _reason(row[0], rows, own) if known else ""
        circle = own.get("junction", "") in ROUNDABOUTS
        one_way[row] = circle or bool(rows) and all(r is not None and r.oneway for r in rows)
    unknown = Counter(part for text in texts for part in split[text] if class_row(classes, part) is None)
    found = [reasons[row] for row in combined.different]
    return RoadChoice(
        known,
        [found[code] for code in combined.code.tolist()],
        combined.each(one_way.__getitem__, np.bool_),
        dict(sorted(unknown.items())) if known else {},
    )


def class_texts(values: Sequence[Any] | None, count: int) -> list[str]:
    """Return the texts (r,) of a column as they are compared, several values separated by semicolons."""
    if values is None:
        return [""] * count
    column = Values(values)
    text = [_listed(plain_text(value).lower()) for value in column.different]
    return [text[code] for code in column.code.tolist()]


def _listed(text: str) -> str:
    """Write a list as text, "['residential', 'service']" or "car,bike", with semicolons."""
    if text == "nan":
        return ""
    return ";".join(part.strip(" '\"") for part in text.strip("[]").split(","))


def names_in(text: str) -> list[str]:
    """Return the classes that a text of :func:`class_texts` names."""
    return [part.strip() for part in text.split(";") if part.strip()]


def class_row(classes: Mapping[str, RoadClass], name: str) -> RoadClass | None:
    """Return the row of a class, of "x" for an "x_link" without a row; None for one that is not known."""
    row = classes.get(name)
    return classes.get(name[: -len(LINK)]) if row is None and name.endswith(LINK) else row


def _reason_on_foot(text: str, rows: Sequence[RoadClass | None], own: Mapping[str, str], known: bool) -> str:
    """Why a line is not for walkers; empty where it is."""
    if known and not rows:
        return next((f"{key} {own[key]}" for key in OTHER_KINDS if key in own), "no class")
    foot = own.get(FOOT, "")
    if foot in CLOSED_TO_WALKERS:
        return f"{FOOT} {foot}"
    if foot in OPENED_TO_WALKERS and not NOT_THERE.intersection(names_in(text)):
        return ""
    if own.get(MOTORROAD, "") in YES:
        return f"{MOTORROAD} {own[MOTORROAD]}"
    if not foot and own.get(ACCESS[0], "") == "no":
        return f"{ACCESS[0]} no"
    return "" if not known or any(row is None or row.foot for row in rows) else text


def _reason(text: str, rows: Sequence[RoadClass | None], own: Mapping[str, str]) -> str:
    """Why a line is not for cars; empty where it is."""
    if not rows:
        return next((f"{key} {own[key]}" for key in OTHER_KINDS if key in own), "no class")
    key = next((key for key in reversed(ACCESS) if key in own), "")
    walked = any(row is not None and row.foot for row in rows)
    opened = walked and key in ACCESS[-2:] and own[key] in OPENED_TO_CARS
    if not opened and not any(row is None or row.car for row in rows):
        return text
    return f"{key} {own[key]}" if key and own[key] in CLOSED_TO_CARS else ""
