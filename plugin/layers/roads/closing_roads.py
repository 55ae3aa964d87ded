"""Roads that close in time, as problems of a network."""

from __future__ import annotations

import numpy as np

from ...solvers.roads.near_pieces import NearPieces
from ...solvers.roads.problem import CLOSES, Problem
from ...solvers.roads.road_closings import HAZARD
from ..closing.danger import closing_window
from .options import ReadNetwork


def closing_problems(read: ReadNetwork) -> list[Problem]:
    """Return each stretch of road that the hazard or a closure closes in time, at its middle; once for each road."""
    network, closings = read.network, read.danger.closings
    row, parts = closings.on_pieces(network)
    if not len(row):
        return []
    pieces = NearPieces(network)
    middle = (parts.begin + parts.end) / 2.0 * pieces.lengths(parts.piece)
    xy = pieces.points(parts.piece, middle)
    found: dict[tuple[int, int, float], Problem] = {}
    for k, (x, y) in enumerate(xy.tolist()):
        stretch = int(row[k])
        road, since, until = int(network.piece_road[parts.piece[k]]), closings.since[stretch], closings.until[stretch]
        by = "the hazard" if closings.cause[stretch] == HAZARD else "a closure"
        words = f"{by} closes it {closing_window(float(since), float(until), read.danger.start)}"
        key = (road, int(closings.cause[stretch]), float(since))
        found.setdefault(key, Problem(CLOSES, x, y, network.road_ids[road], words))
    order = np.argsort([key[2] for key in found], kind="stable")
    problems = list(found.values())
    return [problems[k] for k in order.tolist()]
