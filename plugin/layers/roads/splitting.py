"""The lines of a layer split where they meet, with what is worth saying of it."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.control import Control
from ...solvers.naming import NAMED_IN_LOG
from ...solvers.roads.levels import level_codes, part_crossings
from ...solvers.roads.splitting import Pieces, split, swallowed
from .measured import MeasuredLines

FEW_SWALLOWED = 0.01  # share of the pieces that may vanish without a warning


def split_lines(
    found: MeasuredLines,
    level: np.ndarray,
    ids: list[str],
    tolerance: float,
    feedback: QgsProcessingFeedback,
    control: Control | None = None,
) -> Pieces:
    """Split lines where they meet on one level; see :func:`part_crossings` and :func:`split`.

    ``level`` (r, 2) and ``ids`` are the features'. Says how many crossings are none, and warns where a TOLERANCE above
    the length of the roads makes these vanish.
    """
    control = control or Control()
    place, origin, apart = part_crossings(found.lines, found.place, found.xy, level)
    if len(apart):
        feedback.pushInfo(
            f"NETWORK: at {len(origin) - len(found.xy)} shared vertices roads cross on different levels (layer, "
            "bridge, tunnel, or Z more than 2 m apart): they are not joined there."
        )
    pieces = split(found.lines, place, found.xy[origin], found.step, tolerance, level_codes(level), apart, control)
    gone = np.flatnonzero(swallowed(pieces))
    if len(gone) > FEW_SWALLOWED * len(pieces):
        roads = list(dict.fromkeys(ids[k] for k in pieces.road[gone].tolist()))
        named = ", ".join(roads[:NAMED_IN_LOG]) + (" and more" if len(roads) > NAMED_IN_LOG else "")
        feedback.pushWarning(
            f"TOLERANCE: {tolerance:g} m swallows {len(gone)} of {len(pieces)} pieces of road (of {named}): joining "
            "moved their ends by more than half their length. Choose a tolerance well below the length of a block."
        )
    return pieces
