"""Lengths that a road layer gives, instead of those of its geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .osm import Values, metres
from .splitting import Pieces

FAR_OFF = 2.0  # times longer or shorter than drawn: worth a warning
NAMED = 10


def with_given_lengths(
    pieces: Pieces, values: Sequence[Any], ids: Sequence[str], name: str
) -> tuple[Pieces, list[str]]:
    """Give the pieces the lengths of their roads.

    Parameters
    ----------
    pieces : Pieces
    values : sequence of length r
        Metres of each whole road; its pieces share them in proportion to their own lengths. NULL, zero, negative and
        what is no number leaves a road as drawn.
    ids : list of str
        The roads' names, for the warnings.
    name : str
        The field, for the warnings.

    Returns
    -------
    pieces : Pieces
    warnings : list of str
    """
    column = Values(values)
    given = column.each(metres)
    drawn = np.bincount(pieces.road, weights=pieces.length, minlength=len(given))
    there = drawn > 0
    usable = np.isfinite(given) & (given > 0) & there
    factor = np.divide(given, drawn, out=np.ones(len(given)), where=usable)
    warnings = []
    without = there & ~usable
    if without.any():
        odd = without & ~column.empty()
        some = f" (“{'”, “'.join(column.texts(odd)[:5])}”)" if odd.any() else ""
        warnings.append(f"{int(without.sum())} road(s) have no usable length in “{name}”{some}: as drawn.")
    far = usable & ((factor > FAR_OFF) | (factor < 1 / FAR_OFF))
    if far.any():
        worst = np.flatnonzero(far)
        worst = worst[np.argsort(-np.abs(np.log(factor[worst])), kind="stable")][:NAMED]
        shown = ", ".join(f"{ids[k]} ({given[k]:,.0f} m given, {drawn[k]:,.0f} m drawn)" for k in worst)
        warnings.append(
            f"{int(far.sum())} road(s) are in “{name}” more than {FAR_OFF:g} times longer or shorter than drawn "
            f"(half of all roads: {np.median(factor[usable]):.3g} times or more): {shown}. Taken as given, in metres."
        )
    return replace(pieces, length=pieces.length * factor[pieces.road]), warnings
