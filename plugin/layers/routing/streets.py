"""What the roads of a route are called, in the order in which they are driven."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...solvers.roads.network import NO_PIECE
from ..roads.options import ReadNetwork

MOST_STREETS = 8  # of one route: the longest stretches
BETWEEN = ", "


def streets_of(read: ReadNetwork, arcs: np.ndarray) -> str:
    """Return the names of the roads ``arcs`` (k,) in travel order; roads without a name are left out."""
    network = read.network
    pieces = network.piece[arcs].tolist()
    names = ["" if piece == NO_PIECE else read.kinds.names[int(network.piece_road[piece])] for piece in pieces]
    return BETWEEN.join(named_stretches(names, network.length[arcs].tolist()))


def named_stretches(names: Sequence[str], length: Sequence[float], most: int = MOST_STREETS) -> list[str]:
    """Return the names of stretches in order, each once in a row; of many the ``most`` longest stretches.

    Examples
    --------
    >>> named_stretches(["A", "", "A", "B", "C"], [5.0, 1.0, 5.0, 2.0, 3.0], 2)
    ['A', 'C']
    """
    stretches: list[tuple[str, float]] = []
    for name, metres in zip(names, length):
        if not name:
            continue
        if stretches and stretches[-1][0] == name:
            metres += stretches.pop()[1]
        stretches.append((name, metres))
    longest = sorted(range(len(stretches)), key=lambda k: (-stretches[k][1], k))[:most]
    kept = [stretches[k][0] for k in sorted(longest)]
    return [name for k, name in enumerate(kept) if not k or kept[k - 1] != name]
