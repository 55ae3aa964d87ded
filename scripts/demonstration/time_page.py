"""The page of the demo on time against the hazard: who is caught under which order to leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sample.hazard import WIDTH

from evacuation_planner.plugin.reports import charts

from .findings import Findings
from .flood import ORDERS, RESULT, read_caught, read_latest, read_reasons, read_zones
from .report import write_html
from .steps import NEAR_REACTION, NEAR_WINDOW

TITLE = "Time against the hazard"
WALKING = 1.1  # m/s, as everywhere in the plugin


@dataclass(frozen=True)
class OrderRun:
    """A run with an order at ``minute`` for every zone, or None for each zone's own; zone to people caught."""

    minute: int | None
    caught: Mapping[str, int]

    @property
    def label(self) -> str:
        """What the table calls it."""
        return "its own order" if self.minute is None else f"order at {self.minute} min"

    @property
    def total(self) -> int:
        """People caught."""
        return sum(self.caught.values())


@dataclass(frozen=True)
class NearField:
    """The near-field tsunami by car: people, of whom caught, and the times (s) that the far-field plan needs by car;
    on foot: who is ``late`` though he walks after ``reaction`` minutes, out of the strip or up a tall building."""

    people: int
    caught: int
    clearance: float | None
    bound: float | None
    late: float | None
    on_foot: float = WIDTH / WALKING / 60.0
    window: int = NEAR_WINDOW
    reaction: int = NEAR_REACTION


def zone_rows(
    zones: Sequence[Mapping[str, Any]], runs: Sequence[OrderRun], latest: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a row for each zone (zone_id, people, first_arrival), first water first, with who is caught in each run.

    ``latest`` says by zone by when it must be told.

    Raises
    ------
    ValueError
        When a run catches people of a zone that is not among them.
    """
    named = [str(zone["zone_id"]) for zone in zones]
    unknown = sorted({zone for run in runs for zone in run.caught} - set(named))
    if unknown:
        raise ValueError(f"people of unknown zones are caught: {', '.join(unknown)}")
    rows = [
        {
            "zone": zone["zone_id"],
            "people": zone["people"],
            "arrival": zone["first_arrival"],
            "caught": [run.caught.get(name, 0) for run in runs],
            "latest": latest.get(name, ""),
        }
        for zone, name in zip(zones, named)
    ]
    return sorted(rows, key=lambda row: (row["arrival"], row["zone"]))


def write_time_page(folder: Path, found: Findings) -> None:
    """Write ``folder``/time.html from the tables of ``folder`` and the figures of the far-field plan."""
    flooded = folder / RESULT
    runs = [OrderRun(minute, read_caught(flooded, f"caught_{minute}", f"unrouted_{minute}")) for minute in ORDERS]
    runs.append(OrderRun(None, read_caught(flooded)))
    near = NearField(
        found.people["all"]["sheltered"],
        sum(read_caught(folder / "evacuation.gpkg", "near_caught", "near_unrouted").values()),
        found.number("jointplan.CLEARANCE_TIME"),
        found.number("jointplan.CLEARANCE_BOUND"),
        found.number("timetosafety.TOO_LATE"),
    )
    write_page(folder, read_zones(flooded), runs, read_reasons(flooded), read_latest(flooded), near)


def write_page(
    folder: Path,
    zones: Sequence[Mapping[str, Any]],
    runs: Sequence[OrderRun],
    reasons: Sequence[Mapping[str, Any]],
    latest: Mapping[str, str],
    near: NearField,
) -> None:
    """Write ``folder``/time.html."""
    at = [run for run in runs if run.minute is not None]
    chart = charts.line_chart(
        [run.minute for run in at],
        {"caught": [run.total for run in at]},
        title="People caught by the flood",
        x_label="order to leave, minutes after the beginning",
        y_label="people",
        points=True,
    )
    write_html(
        folder / "time.html",
        title=TITLE,
        people=sum(zone["people"] for zone in zones),
        chart=chart,
        runs=runs,
        rows=zone_rows(zones, runs, latest),
        reasons=reasons,
        near=near,
    )
