"""Checks of what a road layer's attributes say: speeds and their unit, zeros, directions."""

from __future__ import annotations

import numpy as np

from .connection_checks import piece_middle
from .network import RoadNetwork
from .problem import ABSURD_SPEED, MISSING_SPEED, SPEED_UNIT, UNKNOWN_DIRECTION, ZERO_VALUE, Problem
from .speeds import ABSURD, MISSING, NOT_POSITIVE, NOT_UNDERSTOOD
from .traffic import Traffic

SLOW, FAST = 5.0, 140.0  # km/h; outside these a speed is taken as given, but looked at


def attribute_problems(network: RoadNetwork, traffic: Traffic) -> list[Problem]:
    """List the roads with a 0 that counts as missing or a direction that is not understood, and doubts of the unit.

    Each is placed at the middle of the road's first piece, a doubt of the unit on the first road.
    """
    piece = first_pieces(network)
    marks = [(road, ZERO_VALUE, f"{text}; counts as missing") for road, text in sorted(traffic.zeros.items())]
    unknown = np.flatnonzero(traffic.direction_unknown).tolist()
    word = ("forward", "backward", "both directions")
    marks += [
        (k, UNKNOWN_DIRECTION, f"a direction that is not understood; {word[traffic.direction[k]]} taken")
        for k in unknown
    ]
    if traffic.speed_doubt and piece:
        marks.append((min(piece), SPEED_UNIT, traffic.speed_doubt))
    problems = []
    for road, kind, detail in marks:
        if road in piece:
            x, y = piece_middle(network, piece[road])
            problems.append(Problem(kind, x, y, network.road_ids[road], detail))
    return problems


def first_pieces(network: RoadNetwork) -> dict[int, int]:
    """Return the first piece of each road that has one, merged copies too."""
    roads = np.concatenate([network.piece_road, network.copies[:, 1]]).tolist()
    pieces = np.concatenate([np.arange(network.piece_count), network.copies[:, 0]]).tolist()
    return dict(sorted(zip(roads, pieces), reverse=True))


def speed_problems(network: RoadNetwork, traffic: Traffic) -> list[Problem]:
    """List the roads whose speed is missing, absurd or unlikely, each at the middle of its first piece.

    A speed of 0 is one of :func:`attribute_problems`.
    """
    piece = first_pieces(network)
    road = np.array(sorted(piece), dtype=np.int64)
    speed = traffic.speed[road]
    problem = np.where(
        [k in traffic.zeros and "speed" in traffic.zeros[k] for k in road.tolist()], 0, traffic.speed_problem[road]
    )
    unlikely = (problem == 0) & ((speed < SLOW) | (speed > FAST))
    words = {
        MISSING: (MISSING_SPEED, "no speed"),
        NOT_UNDERSTOOD: (MISSING_SPEED, "a speed that is not understood"),
        NOT_POSITIVE: (ABSURD_SPEED, "a speed below zero"),
        ABSURD: (ABSURD_SPEED, "an absurd speed"),
    }
    problems = []
    for k in np.flatnonzero((problem != 0) | unlikely):
        if unlikely[k]:
            kind, detail = ABSURD_SPEED, f"{speed[k]:g} km/h is unlikely; taken as given"
        else:
            kind, text = words[int(problem[k])]
            detail = f"{text}; {speed[k]:g} km/h taken"
        x, y = piece_middle(network, piece[int(road[k])])
        problems.append(Problem(kind, x, y, network.road_ids[road[k]], detail))
    return problems
