"""Arcs by the node they leave or enter: the one adjacency structure of kernels, trees and networks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


def arcs_at(ends: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Group arcs by one of their ends.

    Parameters
    ----------
    ends : (m,) int
        The node each arc is listed under.
    nodes : int
        Number of nodes n.

    Returns
    -------
    indptr : (n + 1,) int64
        The arcs at node v are ``arc[indptr[v]:indptr[v + 1]]``.
    arc : (m,) int32
        Arc numbers, ascending within a node.

    Examples
    --------
    >>> import numpy as np
    >>> indptr, arc = arcs_at(np.array([2, 0, 2]), 3)
    >>> indptr.tolist(), arc.tolist()
    ([0, 1, 1, 3], [1, 0, 2])
    """
    arc = np.argsort(ends, kind="stable").astype(np.int32)
    indptr = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=nodes), out=indptr[1:])
    return indptr, arc


def spread_rows(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions ``first`` to before ``first + count`` of every row (r,), one row after another.

    Returns
    -------
    row, position : (k,) int64

    Examples
    --------
    >>> row, position = spread_rows(np.array([5, 0, 9]), np.array([2, 0, 1]))
    >>> row.tolist(), position.tolist()
    ([0, 0, 2], [5, 6, 9])
    """
    row = np.repeat(np.arange(len(count)), count)
    return row, first[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)


class ForwardStar(NamedTuple):
    """Arcs by the node they leave, as the kernels read them.

    Attributes
    ----------
    indptr : (n + 1,) int64
        Offsets by node.
    arc, head : (m,) int32
        Arc numbers and the nodes that they enter.
    """

    indptr: np.ndarray
    arc: np.ndarray
    head: np.ndarray

    @classmethod
    def of(cls, nodes: int, tail: np.ndarray, head: np.ndarray) -> ForwardStar:
        """Return the star of arcs ``tail`` -> ``head`` (m,)."""
        indptr, arc = arcs_at(tail, nodes)
        return cls(indptr, arc, np.ascontiguousarray(head[arc]))


class ReverseStar:
    """Arcs by the node they enter, in the order in which trees read them.

    Attributes
    ----------
    indptr : (n + 1,) int64
        Offsets by node.
    arc, tail : (m,) int32
        Arc numbers and the nodes that they leave.
    nodes : int
        Number of nodes n.
    """

    def __init__(self, nodes: int, tail: np.ndarray, head: np.ndarray) -> None:
        self.indptr, self.arc = arcs_at(head, nodes)
        self.tail = np.ascontiguousarray(tail[self.arc], dtype=np.int32)
        self.nodes = nodes
