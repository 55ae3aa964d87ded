"""When the order to leave comes to each zone, in seconds from t = 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from qgis.core import QgsProcessingFeedback

from .errors import LayerError
from .moments import MomentColumn, Start, moment_column, start_time
from .places import Places
from .times import ClockTime

PARAMETER = "ORDER_TIME_FIELD"
MINUTE = 60.0


class ZoneOrders(NamedTuple):
    """The orders of zones.

    Attributes
    ----------
    start : Start
        Date and time of t = 0.
    column : MomentColumn or None
        As the layer has them.
    seconds : (m,) float64
        From t = 0; 0 for a zone without an order.
    """

    start: Start
    column: MomentColumn | None
    seconds: np.ndarray


def zone_orders(
    given: ClockTime | None,
    zones: Places,
    field: str | None,
    dangers: Sequence[MomentColumn],
    ahead: float,
    feedback: QgsProcessingFeedback,
    others: Sequence[MomentColumn] = (),
) -> ZoneOrders:
    """Read the orders in a ``field`` of the zones, None for no field.

    Parameters
    ----------
    given : ClockTime or None
        START_TIME.
    dangers, ahead, others
        See :func:`.moments.start_time`.

    Raises
    ------
    LayerError
        An order before t = 0, or a value that is no moment.
    """
    column = None
    if field:
        features = [f"zone {name}" for name in zones.ids]
        column = moment_column(zones.values(field), features, PARAMETER, zones.name, field, MINUTE)
    start = start_time(given, [] if column is None else [column], others, feedback, dangers, ahead)
    seconds = np.zeros(len(zones)) if column is None else np.nan_to_num(column.seconds(start, feedback))
    early = np.flatnonzero(seconds < 0)
    if len(early):
        raise LayerError(
            f"{PARAMETER}: zone {zones.ids[early[0]]} of “{zones.name}” is ordered to leave "
            f"{-seconds[early[0]]:,.0f} s before START_TIME ({start.text()}). Choose an earlier START_TIME or correct "
            "the value."
        )
    return ZoneOrders(start, column, seconds)
