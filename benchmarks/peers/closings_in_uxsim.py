"""Closings in UXsim: it is stopped at each moment at which a link is shut or opened or the hazard comes somewhere.

A shut link lets nobody in (``capacity_in`` 0). Where the hazard comes to a part of a link, whoever is there by UXsim's
own account is marked as caught, and drives on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

NO_LIMIT = 1e10  # vehicles/s: what UXsim takes for "not metered"


class Closings:
    """What closes when, from the arrays ``shut_*``, ``part_*`` and ``start_reached`` of a case."""

    def __init__(self, case: Any, world: Any, vehicles: Sequence[Any], members: Sequence[np.ndarray]) -> None:
        self.case, self.world = case, world
        self.vehicles, self.members = vehicles, members
        self.caught = np.full(len(case["departure"]), np.nan)
        names = {link.name for link in world.LINKS}
        events: dict[int, list[tuple[str, int]]] = {}

        def at(moment: float, kind: str, row: int) -> None:
            if np.isfinite(moment):
                events.setdefault(max(int(np.ceil(moment)), 0), []).append((kind, row))

        for row, e in enumerate(case["shut_arc"]):
            if f"e{e}" in names:
                at(max(case["shut_since"][row], 0.0), "shut", row)
                at(case["shut_until"][row], "open", row)
        for row, e in enumerate(case["part_arc"]):
            if f"e{e}" in names:
                at(case["part_since"][row], "part", row)
        for moment in np.unique(case["start_reached"]):
            at(moment, "starts", -1)
        self.events = sorted(events.items())

    def run(self, until: int) -> None:
        """Run the world to ``until`` seconds."""
        step = int(self.world.DELTAT)
        for moment, rows in self.events:
            if moment >= until:
                break
            if moment >= step:
                self.world.exec_simulation(until_t=moment - step)
            kinds = {kind for kind, _ in rows}
            if kinds & {"part", "starts"}:
                self.look(moment, [row for kind, row in rows if kind == "part"])
            for order in ("open", "shut"):  # a link that is shut again at once stays shut
                for row in (row for kind, row in rows if kind == order):
                    link = self.world.get_link(f"e{self.case['shut_arc'][row]}")
                    link.capacity_in = NO_LIMIT if order == "open" else 0.0
                    link.capacity_in_remain = NO_LIMIT if order == "open" else 0.0
        self.world.exec_simulation(until_t=until)

    def look(self, moment: int, parts: Sequence[int]) -> None:
        """Mark who is on one of these parts, or at an origin that the hazard has reached."""
        case, on_link = self.case, {}
        for row in parts:
            on_link.setdefault(f"e{case['part_arc'][row]}", []).append(row)
        for trips, vehicle in zip(self.members, self.vehicles):
            if vehicle.state == "end" or not np.isnan(self.caught[trips[0]]):
                continue
            link = vehicle.link
            if link is None or link.name.startswith("entry"):
                reached = case["start_reached"][trips] <= moment
                self.caught[trips[reached]] = moment
                continue
            share = vehicle.x / link.length
            for row in on_link.get(link.name, ()):
                end = case["part_end"][row]
                if case["part_begin"][row] <= share and (share < end or end >= 1.0):
                    self.caught[trips] = moment
