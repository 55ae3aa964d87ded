"""What a joint plan is asked for, besides its layers."""

from __future__ import annotations

from dataclasses import dataclass

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
    occupancy: float
    departures: Departures
    choice: CostChoice
    max_snap_distance: float
