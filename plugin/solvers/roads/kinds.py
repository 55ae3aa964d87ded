"""What roads are to those who live on them: through roads without doors, bridges and tunnels; how they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .levels import level_of_roads
from .osm import Values, plain_text

THROUGH = frozenset(("motorway", "motorway_link", "trunk", "trunk_link"))


@dataclass(frozen=True)
class RoadKinds:
    """Kinds of the roads (r,).

    Attributes
    ----------
    through : bool
        Motorways, trunk roads and their links: nobody lives on one, and no shelter opens on one.
    off_ground : bool
        Bridges and tunnels.
    names : list of str
        What people call the road, "" where it is not known.
    classes, refs : list of str
        OpenStreetMap's class in lower case, of several the first, and the road's number; "" where they are not known.
    """

    through: np.ndarray
    off_ground: np.ndarray
    names: list[str]
    classes: list[str] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)

    @classmethod
    def plain(cls, count: int) -> RoadKinds:
        """Return roads of which nothing is known."""
        nothing = [""] * count
        return cls(np.zeros(count, dtype=bool), np.zeros(count, dtype=bool), nothing, nothing, nothing)


def road_kinds(
    count: int,
    classes: Sequence[Any] | None = None,
    bridges: Sequence[Any] | None = None,
    tunnels: Sequence[Any] | None = None,
    names: Sequence[Any] | None = None,
    refs: Sequence[Any] | None = None,
) -> RoadKinds:
    """Tell the kinds of ``count`` roads from their columns, None for one that the layer does not have.

    A road of several classes ("trunk;primary") is a through road where every one of them is.

    Examples
    --------
    >>> kinds = road_kinds(3, ["trunk_link", "primary;trunk", None], bridges=["yes", "no", "viaduct"])
    >>> kinds.through.tolist(), kinds.off_ground.tolist()
    ([True, False, False], [True, False, True])
    """
    through = np.zeros(count, dtype=bool)
    if classes is not None:
        through = Values(classes).each(_is_through, np.bool_)
    off_ground = level_of_roads(count, None, bridges, tunnels)[:, 1] > 0
    texts, numbers = (
        [""] * count if column is None else [plain_text(value).strip() for value in column] for column in (names, refs)
    )
    firsts = [""] * count if classes is None else [(_parts(value) or [""])[0] for value in classes]
    return RoadKinds(through, off_ground, texts, firsts, numbers)


def _is_through(value: Any) -> bool:
    parts = _parts(value)
    return bool(parts) and THROUGH.issuperset(parts)


def _parts(value: Any) -> list[str]:
    """Return the classes of a value: "trunk;primary" has two."""
    parts = [part.strip(" '\"") for part in plain_text(value).lower().strip("[]").replace(",", ";").split(";")]
    return [part for part in parts if part]
