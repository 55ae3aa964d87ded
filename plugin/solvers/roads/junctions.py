"""Capacity where a road ends at a junction with a much higher one: drivers wait there for gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .network import RoadNetwork

RANKS_APART = 2  # from this difference of classes on a road gives way


def piece_ranks(network: RoadNetwork, rank: np.ndarray) -> np.ndarray:
    """Return the rank (p,) of each piece's class from those of the roads (r,); of merged copies the highest.

    NaN where no road of the piece has one.
    """
    ranks = rank[network.piece_road].astype(np.float64)
    np.fmin.at(ranks, network.copies[:, 0], rank[network.copies[:, 1]])
    return ranks


def giving_way(network: RoadNetwork, rank: np.ndarray) -> np.ndarray:
    """Return which arcs (m,) end at a junction with a road at least :data:`RANKS_APART` classes higher.

    A junction is a node at which at least three pieces meet, a piece that begins and ends there counted twice.

    Parameters
    ----------
    network : RoadNetwork
    rank : (r,) float64
        Of the roads' classes, 1 for the highest; NaN for none, which neither gives way nor is given way.
    """
    ranks = piece_ranks(network, rank)
    start, end = network.piece_ends()
    there = start >= 0
    node = np.concatenate([start[there], end[there]])
    meeting = np.bincount(node, minlength=network.node_count)
    highest = np.full(network.node_count, np.nan)
    np.fmin.at(highest, node, np.concatenate([ranks[there], ranks[there]]))
    gives = np.zeros(network.arc_count, dtype=bool)
    arc = np.flatnonzero(network.is_road)
    head = network.head[arc]
    gives[arc] = (meeting[head] >= 3) & (ranks[network.piece[arc]] - highest[head] >= RANKS_APART)
    return gives


def with_junction_delay(network: RoadNetwork, gives: np.ndarray, seconds: float) -> RoadNetwork:
    """Return the network with the headway of the arcs of a mask (m,) lengthened: c' = 3600 / (3600 / c + seconds)."""
    delayed = 3600.0 / (3600.0 / network.capacity + seconds)
    return replace(network, capacity=np.where(gives, delayed, network.capacity))
