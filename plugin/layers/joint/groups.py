"""Who is sent where together: groups of one class, or all of a zone as one group, and what they would rather."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..allocation.groups import Groups, Stranded

TOGETHER = "+"  # between the classes of a group that holds several


def together(groups: Groups) -> tuple[Groups, np.ndarray]:
    """Return one group for each zone, and the weight (h, g) with which each given group counts in it.

    A zone's preference is the mean over its people.
    """
    zone, into = np.unique(groups.zone, return_inverse=True)
    sizes = np.bincount(into, groups.sizes, len(zone)).astype(np.int64)
    weight = np.zeros((len(zone), len(groups.sizes)))
    weight[into, np.arange(len(into))] = groups.sizes / np.maximum(sizes, 1)[into]
    name = TOGETHER.join(groups.classes)
    stranded: dict[str, int] = {}
    for each in groups.stranded:
        stranded[each.zone] = stranded.get(each.zone, 0) + each.people
    merged = replace(
        groups, classes=[name], zone=zone, kind=np.zeros(len(zone), dtype=np.int64), sizes=sizes,
        on_foot=np.zeros(len(zone), dtype=bool),
        stranded=[Stranded(identifier, name, people) for identifier, people in stranded.items()],
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
