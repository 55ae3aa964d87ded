"""A plan on its roads written for SUMO."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...solvers.control import Control
from ...solvers.modes import BUS
from ...solvers.routing.queue.network import SECOND, QueueRoads
from ...solvers.routing.queue.simulation import QueueRun
from ...solvers.routing.sumo_files import Drawing, Traffic, write_sumo
from ...solvers.routing.sumo_roads import Ends, SumoRoads, sumo_roads
from .plan import PlanOnRoads

LATEST = 3600  # s: with closings SUMO's run ends that much after twice our last moment, for some stand for ever


def export_plan(
    plan: PlanOnRoads, roads: QueueRoads, until: int, folder: str, control: Control | None = None
) -> tuple[SumoRoads, int]:
    """Write the files; return the edges and the number of vehicles written.

    Parameters
    ----------
    until : int
        The last moment at which anybody moves or is caught, microseconds: background traffic up to then counts, at
        its most.

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
        vehicles.vehicle, plan.departure / SECOND, vehicles.origin, vehicles.destination, vehicles.people, plan.routes,
        vehicles.order, np.array([mode == BUS for mode in vehicles.mode], dtype=bool),
    )  # fmt: skip
    end = 2 * -(-until // SECOND) + LATEST if edges.shut else None
    return edges, write_sumo(Path(folder), edges, drawing, traffic, end, control)


def told_arrivals(plan: PlanOnRoads, run: QueueRun) -> str:
    """Return a sentence where the arrivals of the queue model are not those that the plan has, else ""."""
    told, arrival, arrived = plan.vehicles.arrival, run.arrival(), run.arrived
    known = np.isfinite(told)
    if not known.any():
        return ""
    apart = np.abs(np.where(known, told, 0.0) - arrival / SECOND) > 1.0 / SECOND
    different = int(((known != arrived) | (known & apart)).sum())
    if not different:
        return ""
    last = arrival[arrived].max(initial=0) / SECOND
    return (
        f"{different:,} of {len(told):,} vehicles do not arrive when PLAN says they do (last arrival there "
        f"{np.nanmax(told) / 60:,.1f} min, here {last / 60:,.1f} min): the plan was made under "
        "another flow model, or network, entrances, background, hazard, closures or STUCK_SECONDS are not those it was "
        "made with."
    )
