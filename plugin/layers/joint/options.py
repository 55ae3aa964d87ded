"""What a joint plan is asked for, besides its layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.modes import BOTH, ON_FOOT
from ..roads.door_travel import DoorUse
from ..routing.case import CostChoice, Departures


@dataclass(frozen=True)
class JointOptions:
    """What counts, named as the parameters of ``jointplan``; limits are infinite where there is none.

    Attributes
    ----------
    keep_together, use_standby, exits : bool
    default_preference : float
    preference_decay : float or None
        Kilometres.
    max_distance, max_travel_time : float
        Kilometres and minutes.
    divide : bool
        Whether a group may be divided between destinations, where that is needed or always.
    hazard_aim : bool
        Whether little time in the hazard is the aim.
    doors : DoorUse
    doors_on_foot : callable
        Returns the same for people on foot, where some or all are by their fields.
    occupancy : float
        People in a full vehicle.
    departures : Departures
    choice : CostChoice
    max_snap_distance : float
        Metres.
    """

    keep_together: bool
    use_standby: bool
    exits: bool
    default_preference: float
    preference_decay: float | None
    max_distance: float
    max_travel_time: float
    divide: bool
    hazard_aim: bool
    doors: DoorUse
    doors_on_foot: Callable[[], DoorUse]
    occupancy: float
    departures: Departures
    choice: CostChoice
    max_snap_distance: float

    def for_those(self, travel: int | None, feedback: QgsProcessingFeedback) -> JointOptions:
        """Return what counts where ``travel`` says who travels (:attr:`.demand.Demand.travel`)."""
        if travel == ON_FOOT:
            return replace(self, doors=self.doors_on_foot(), occupancy=1.0)
        if travel == BOTH and self.doors.minutes is not None:
            feedback.pushInfo(
                "DOOR_MINUTES: plays no part where some walk and some drive to the same room; queues at doors are in "
                "the plan."
            )
            return replace(self, doors=replace(self.doors, minutes=None))
        return self

    def in_vehicle(self, on_foot: np.ndarray) -> np.ndarray:
        """Return the people in a full vehicle (k,), or in a unit of those ``on_foot``, each of whom is one."""
        return np.where(on_foot, 1.0, self.occupancy)
