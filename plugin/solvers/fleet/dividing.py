"""Requests divided into parts that a vehicle can take and a shelter has room for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Part(NamedTuple):
    """A part of a request: its number, the number of the part, people, and wheelchairs of these."""

    request: int
    number: int
    people: int
    wheels: int


def divide(request: int, left: np.ndarray, seats: np.ndarray, chairs: np.ndarray, most_room: int) -> list[Part]:
    """Return the parts of a request, in one where some vehicle can take all and some shelter has room.

    ``left`` (2,) holds its people, and wheelchairs of these.

    The first parts are as large as possible, those with wheelchairs first; who can be taken by no vehicle is in none.

    Examples
    --------
    >>> [tuple(part) for part in divide(7, np.array([90, 3]), np.array([40, 10]), np.array([0, 2]), 1000)]
    [(7, 0, 10, 2), (7, 1, 10, 1), (7, 2, 40, 0), (7, 3, 30, 0)]
    """
    parts: list[Part] = []
    people, wheels = left.tolist()
    while people > 0 and most_room > 0 and len(seats):
        fits = np.minimum(np.minimum(wheels, chairs), np.minimum(seats, most_room))
        others = np.minimum(people - wheels, np.minimum(seats, most_room) - fits)
        if not (fits + others).max() > 0:
            break
        best = int(np.lexsort((-others, -fits))[0])
        own, rest = int(fits[best]), int(others[best])
        parts.append(Part(request, len(parts), own + rest, own))
        people, wheels = people - own - rest, wheels - own
    return parts
