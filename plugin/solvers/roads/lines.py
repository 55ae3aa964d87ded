"""Drawn lines made fit for splitting: no repeated vertices, no coordinates that are not numbers, no empty parts."""

from __future__ import annotations

import numpy as np

from .wkb import Lines

NOT_NUMBERS = "coordinates that are not numbers"
NO_LENGTH = "no length"


def keep_vertices(lines: Lines, keep: np.ndarray) -> Lines:
    """Return the lines with only the vertices of the mask ``keep`` (k,); lines may become empty."""
    taken = np.concatenate([[0], np.cumsum(keep)])
    return Lines(lines.xy[keep], taken[lines.start], lines.feature, None if lines.z is None else lines.z[keep])


def keep_lines(lines: Lines, keep: np.ndarray) -> Lines:
    """Return only the lines of the mask ``keep`` (q,)."""
    size = np.diff(lines.start)
    start = np.concatenate([[0], np.cumsum(size[keep])]).astype(np.int64)
    vertex = np.repeat(keep, size)
    z = None if lines.z is None else lines.z[vertex]
    return Lines(lines.xy[vertex], start, lines.feature[keep], z)


def line_of_vertex(lines: Lines) -> np.ndarray:
    """Return the line (k,) each vertex belongs to."""
    return np.repeat(np.arange(len(lines)), np.diff(lines.start))


def without(lines: Lines, bad_vertex: np.ndarray, reason: str) -> tuple[Lines, dict[int, str]]:
    """Leave out the lines that have a bad vertex (k,) and say why, by feature."""
    if not bad_vertex.any():
        return lines, {}
    bad = np.zeros(len(lines), dtype=bool)
    bad[line_of_vertex(lines)[bad_vertex]] = True
    return keep_lines(lines, ~bad), reasons_by_feature(lines, bad, reason)


def reasons_by_feature(lines: Lines, bad: np.ndarray, reason: str) -> dict[int, str]:
    """Word the reason for each feature with bad lines (q,): the reason itself, or how many of its parts it concerns."""
    all_parts = dict(zip(*(a.tolist() for a in np.unique(lines.feature, return_counts=True))))
    parts = zip(*(a.tolist() for a in np.unique(lines.feature[bad], return_counts=True)))
    return {
        feature: reason if count == all_parts[feature] else f"{count} of {all_parts[feature]} parts: {reason}"
        for feature, count in parts
    }


def clean(lines: Lines) -> tuple[Lines, dict[int, str]]:
    """Leave out repeated vertices, and lines with coordinates that are not numbers or without length.

    Returns
    -------
    lines : Lines
        Each with at least two vertices, neighbours different.
    unusable : dict of int to str
        Features that lost a line, each with the reason.
    """
    lines, not_numbers = without(lines, ~np.isfinite(lines.xy).all(axis=1), NOT_NUMBERS)
    line = line_of_vertex(lines)
    repeated = np.zeros(len(lines.xy), dtype=bool)
    repeated[1:] = (lines.xy[1:] == lines.xy[:-1]).all(axis=1) & (line[1:] == line[:-1])
    if repeated.any():
        lines = keep_vertices(lines, ~repeated)
    short = np.diff(lines.start) < 2
    if not short.any():
        return lines, not_numbers
    no_length = reasons_by_feature(lines, short, NO_LENGTH)
    return keep_lines(lines, ~short), {**no_length, **not_numbers}
