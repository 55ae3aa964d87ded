"""Who is sent where together: groups of one class, or all of a zone as one group, and what they would rather."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..allocation.groups import Groups, Stranded

TOGETHER = "+"  # between the classes of a group that holds several


def together(groups: Groups) -> tuple[Groups, np.ndarray]:
    """Return one group for each zone, and the weight (h, g) with which each given group counts in it.

    Who walks is a group of his own. A group's preference is the mean over its people.
    """
    row, into = np.unique(groups.row, return_inverse=True)
    into = into.ravel()
    sizes = np.bincount(into, groups.sizes, len(row)).astype(np.int64)
    weight = np.zeros((len(row), len(groups.sizes)))
    weight[into, np.arange(len(into))] = groups.sizes / np.maximum(sizes, 1)[into]
    name = TOGETHER.join(groups.classes)
    stranded: dict[tuple[str, bool], int] = {}
    for each in groups.stranded:
        key = each.zone, each.on_foot
        stranded[key] = stranded.get(key, 0) + each.people
    zones = len(groups.zones)
    merged = replace(
        groups, classes=[name], zone=row % max(zones, 1), kind=np.zeros(len(row), dtype=np.int64), sizes=sizes,
        on_foot=row >= zones,
        stranded=[Stranded(zone, name, people, walks) for (zone, walks), people in stranded.items()],
    )  # fmt: skip
    return merged, weight


def dealt(classes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return how many of each class (k, n) are among the ``shares`` (n,) of a group, evenly mixed.

    Parameters
    ----------
    classes : (k,) int
        People of each class.
    shares : (n,) int
        Parts of the group, which add up to as many people.

    Examples
    --------
    >>> dealt(np.array([2, 4]), np.array([3, 3])).tolist()
    [[1, 1], [2, 2]]
    """
    kind = np.repeat(np.arange(len(classes)), classes)
    first = np.repeat(np.cumsum(classes) - classes, classes)
    place = (np.arange(len(kind)) - first + 0.5) / np.repeat(np.maximum(classes, 1), classes)
    part = np.empty(len(kind), dtype=np.int64)
    part[np.argsort(place, kind="stable")] = np.repeat(np.arange(len(shares)), shares)
    out = np.zeros((len(classes), len(shares)), dtype=np.int64)
    np.add.at(out, (kind, part), 1)
    return out


def apart(groups: Groups) -> tuple[Groups, np.ndarray]:
    """Return the groups as they are, as :func:`together` does."""
    return groups, np.eye(len(groups.sizes))
