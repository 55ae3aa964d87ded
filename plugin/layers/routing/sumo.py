"""A plan on its roads written for SUMO."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...solvers.control import Control
from ...solvers.routing.queue.network import SECOND, QueueRoads
from ...solvers.routing.sumo_files import Drawing, Traffic, write_sumo
from ...solvers.routing.sumo_roads import Ends, SumoRoads, sumo_roads
from .plan import PlanOnRoads


def export_plan(
    plan: PlanOnRoads, roads: QueueRoads, until: int, folder: str, control: Control | None = None
) -> tuple[SumoRoads, int]:
    """Write the files; return the edges and the number of vehicles written.

    Parameters
    ----------
    until : int
        The last arrival, microseconds: background traffic up to then counts, at its most.

    Raises
    ------
    OSError
        When the folder cannot be written.
    Cancelled
    """
    network, read, vehicles = plan.read.network, plan.read, plan.vehicles
    edges = sumo_roads(roads, Ends(network.tail, network.head), network.lanes, plan.routes, until)
    arcs = edges.arc.tolist()
    drawing = Drawing(
        network.node_xy, [network.arc_xy(e) for e in arcs], [read.arc_name(e) for e in arcs],
        [network.arc_road(e) for e in arcs],
    )  # fmt: skip
    traffic = Traffic(
        vehicles.vehicle, plan.departure / SECOND, vehicles.origin, vehicles.destination, vehicles.people, plan.routes
    )
    return edges, write_sumo(Path(folder), edges, drawing, traffic, control)


def told_arrivals(plan: PlanOnRoads, arrival: np.ndarray) -> str:
    """Return a sentence where the moments (t,) µs of the queue model are not those that the plan has, else ""."""
    told = plan.vehicles.arrival
    if not len(told) or not np.isfinite(told).all():
        return ""
    apart = np.abs(told - arrival / SECOND)
    different = int((apart > 1.0 / SECOND).sum())
    if not different:
        return ""
    return (
        f"{different:,} of {len(told):,} vehicles do not arrive when PLAN says they do (last arrival there "
        f"{told.max() / 60:,.1f} min, here {arrival.max() / SECOND / 60:,.1f} min): the plan was made under another "
        f"flow model, or network, entrances, background or STUCK_SECONDS are not those it was made with."
    )
