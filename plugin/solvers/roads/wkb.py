"""Lines in well-known binary, all features at once, to coordinate arrays.

Reads LineString and MultiLineString, plain, Z, M and ZM, in the ISO numbering and in the older one with flag bits; M
is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LINE, MULTI_LINE = 2, 5
HEADER = 9  # byte order (1), type (4), count (4)
OLD_Z, OLD_M = 0x80000000, 0x40000000


@dataclass(frozen=True)
class Lines:
    """Lines of many features; a feature may have several.

    Attributes
    ----------
    xy : (k, 2) float64
        Vertices of all lines.
    start : (q + 1,) int64
        Offsets of each line's vertices in ``xy``.
    feature : (q,) int64
        The feature each line belongs to, ascending.
    z : (k,) float64 or None
        Heights of the vertices, NaN for lines without; None where no line has any.
    """

    xy: np.ndarray
    start: np.ndarray
    feature: np.ndarray
    z: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.feature)


def parse_lines(blobs: list[bytes]) -> tuple[Lines, dict[int, str]]:
    """Parse the features' geometries.

    Parameters
    ----------
    blobs : list of bytes
        Well-known binary of each feature, little-endian; empty for a feature without geometry.

    Returns
    -------
    lines : Lines
        In the order of the features and of the parts within each.
    unusable : dict of int to str
        Features without a line, each with the reason.
    """
    size = np.fromiter(map(len, blobs), dtype=np.int64, count=len(blobs))
    buffer = np.frombuffer(b"".join(blobs) + bytes(16), dtype=np.uint8)
    at = np.cumsum(size) - size
    unusable = {int(k): "no geometry" for k in np.flatnonzero(size < HEADER)}
    there = np.flatnonzero(size >= HEADER)
    kind, _ = _kind(buffer, at[there])
    little = buffer[at[there]] == 1
    single = there[(kind == LINE) & little]
    multi = there[(kind == MULTI_LINE) & little]
    for k in there[((kind != LINE) & (kind != MULTI_LINE)) | ~little]:
        unusable[int(k)] = "the geometry is not a line"
    position, feature = [at[single]], [single]
    for begin, owner in _parts(buffer, at[multi], multi):
        position.append(begin)
        feature.append(owner)
    begins, owners = np.concatenate(position), np.concatenate(feature)
    order = np.lexsort((begins, owners)) if len(multi) else np.arange(len(owners))
    begins, owners = begins[order], owners[order]
    with_line = np.zeros(len(blobs), dtype=bool)
    with_line[owners] = True
    for k in multi[~with_line[multi]]:
        unusable[int(k)] = "no geometry"
    xy, z, count = _coordinates(buffer, begins)
    return Lines(xy, np.concatenate([[0], np.cumsum(count)]).astype(np.int64), owners, z), unusable


def _items(buffer: np.ndarray, at: np.ndarray, size: int) -> np.ndarray:
    """Copy ``size`` bytes from each of the byte positions; they need not be aligned."""
    everywhere: np.ndarray = np.ndarray(
        shape=(len(buffer) - size + 1,), dtype=f"V{size}", buffer=buffer.data, strides=(1,)
    )
    return everywhere[at]


def _integers(buffer: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Read unsigned 32-bit little-endian integers at byte positions."""
    return _items(buffer, at, 4).view("<u4").astype(np.int64)


def _kind(buffer: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the flat type and the number of ordinates of the geometries at byte positions."""
    code = _integers(buffer, at + 1)
    old_z, old_m = (code & OLD_Z) > 0, (code & OLD_M) > 0
    iso = (code & 0x0FFFFFFF) // 1000
    ordinates = 2 + ((iso == 1) | (iso == 3) | old_z) + ((iso == 2) | (iso == 3) | old_m)
    return (code & 0x0FFFFFFF) % 1000, ordinates.astype(np.int64)


def _parts(buffer: np.ndarray, at: np.ndarray, owner: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Find the parts of multi-lines: the first part of all features together, then the second, and so on."""
    left = _integers(buffer, at + 5)
    position = at + HEADER
    found: list[tuple[np.ndarray, np.ndarray]] = []
    while True:
        more = left > 0
        position, owner, left = position[more], owner[more], left[more] - 1
        if len(position) == 0:
            return found
        found.append((position, owner))
        _, ordinates = _kind(buffer, position)
        position = position + HEADER + _integers(buffer, position + 5) * ordinates * 8


def _has_z(buffer: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return whether the geometries at byte positions have heights."""
    code = _integers(buffer, at + 1)
    iso = (code & 0x0FFFFFFF) // 1000
    found: np.ndarray = (iso == 1) | (iso == 3) | ((code & OLD_Z) > 0)
    return found


def _coordinates(buffer: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Read x and y, and z where there is any, of the lines at byte positions, and each line's number of vertices."""
    count = _integers(buffer, at + 5)
    _, ordinates = _kind(buffer, at)
    step = ordinates * 8
    before = np.cumsum(count) - count
    place = np.repeat(at + HEADER - before * step, count) + np.arange(count.sum()) * np.repeat(step, count)
    xy = _items(buffer, place, 16).view("<f8").astype(np.float64, copy=False).reshape(-1, 2)
    high = _has_z(buffer, at)
    if not high.any():
        return xy, None, count
    z = np.full(len(place), np.nan)
    known = np.repeat(high, count)
    z[known] = _items(buffer, place[known] + 16, 8).view("<f8").ravel()
    return xy, z, count
