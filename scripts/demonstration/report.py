"""The report of the demo: one HTML page with the map inside."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from evacuation_planner.plugin.reports import charts, page

from .findings import Findings

HERE = Path(__file__).resolve().parent
TITLE = "Evacuation of the bay of Coquimbo"
STORY = (
    "A far-field tsunami warning, hours of notice: the people in the strip along the bay leave by car for open places "
    "inland."
)
CLASS_LABELS = {"children": "Children (0-14)", "adults": "Adults (15-64)", "elderly": "Elderly (65+)", "all": "All"}
LIMITS = (
    "People are spread evenly over the area of their zone, and all are at home: no workers, no tourists on the beach.",
    "Shelters may be filled to the last place, with no margin.",
    "Everybody goes by car, 2.5 people in each, and follows the plan. No walking, no buses, no traffic of others.",
    "Departures are spread evenly over the first hour after the order. Another spread gives another clearance time.",
    "Streets let out so many vehicles an hour and hold so many. Traffic lights, turning and giving way do not count: "
    "where side streets cross main roads somebody must direct traffic, or times are longer.",
    "Speed and lanes are filled in by class of road where OpenStreetMap has none (for speed: 80 % of the length).",
    "The strip is 800 m wide everywhere: neither the height of the ground nor that of the wave is known here.",
    "A shelter is full by its open area, 2 m² a person; water, toilets and parking for the cars are not counted.",
)


def write_page(folder: Path, found: Findings, steps: Sequence[dict[str, Any]]) -> None:
    """Write ``folder``/report.html with the picture ``folder``/map.png inside."""
    picture = base64.b64encode((folder / "map.png").read_bytes()).decode("ascii")
    shelters = [{**row, "full": 100 * row["load"] / row["capacity"]} for row in found.shelters]
    write_html(
        folder / "report.html",
        title=TITLE,
        subtitle=STORY,
        figures=[{"label": label, "value": value} for label, value in headline(found)],
        map=f"data:image/png;base64,{picture}",
        people=[{"label": label, **found.people[key]} for key, label in CLASS_LABELS.items()],
        unallocated=found.unallocated,
        shelters=shelters,
        rejected=found.rejected,
        streets=found.bottlenecks,
        times=[{"label": label, "value": value} for label, value in times(found)],
        beside=beside(found),
        limits=[*LIMITS, *start_outside(found)],
        steps=steps,
        shelter_chart=_shelter_chart(shelters),
        clearance_chart=_clearance_chart(found),
        street_chart=_street_chart(found),
    )


def write_html(target: Path, **values: Any) -> None:
    """Write a page from the template of its name in this folder, with every value escaped."""
    loader = jinja2.FileSystemLoader([str(HERE), str(page.TEMPLATES)])
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(whole=page.whole, minutes=page.minutes, percent=page.percent)
    target.write_text(environment.get_template(target.name).render(**values), encoding="utf-8")


def headline(found: Findings) -> list[tuple[str, str]]:
    """Return the main figures, (label, value with unit)."""
    people = found.people["all"]
    return [
        ("people must leave", page.whole(people["risk"])),
        ("have a place in a shelter", page.whole(people["sheltered"])),
        ("have none", page.whole(people["left"])),
        ("shelters open", page.whole(len(found.shelters))),
        ("vehicles", page.whole(found.number("jointplan.VEHICLES"))),
        ("until 95 % have arrived", page.minutes(found.number("jointplan.CLEARANCE_95"))),
        ("until all have arrived", page.minutes(found.number("jointplan.CLEARANCE_TIME"))),
        *_range(found),
        *_step_by_step(found),
        *_held_up(found),
    ]


def _step_by_step(found: Findings) -> list[tuple[str, str]]:
    """Return until when all have arrived by the plan made step by step."""
    last = found.number("jointplan.STEPWISE_CLEARANCE")
    return [] if last is None else [("if planned step by step", page.minutes(last))]


def _range(found: Findings) -> list[tuple[str, str]]:
    """Return until when all have arrived where the roads let more or fewer vehicles out than taken."""
    low, high = (found.number(f"jointplan.CLEARANCE_{name}") for name in ("LOW", "HIGH"))
    if low is None or high is None:
        return []
    between = f"{low / 60:.0f} to {high / 60:.0f} min"
    return [("at 120 to 80 % of capacities", between)]


def _held_up(found: Findings) -> list[tuple[str, str]]:
    """Return the time that the roads need at their capacity where the plan claims less: the figure to believe."""
    claimed, floor = (found.number(f"jointplan.CLEARANCE_{name}") for name in ("TIME", "FLOOR"))
    if claimed is None or floor is None or floor <= claimed:
        return []
    return [("at least, by the capacity of the fullest road", page.minutes(floor))]


def times(found: Findings) -> list[tuple[str, str]]:
    """Return the figures about time, (label, value with unit)."""
    total, free = found.number("jointplan.TOTAL_TIME"), found.number("jointplan.FREE_FLOW_TIME")
    vehicles, gap = found.number("jointplan.VEHICLES"), found.number("jointplan.GAP")
    each = [None if value is None or not vehicles else value / vehicles for value in (total, free)]
    lines = [
        ("Mean travel time of a vehicle under this plan", page.minutes(each[0])),
        ("The same ways on empty roads", page.minutes(each[1])),
        *saved(found),
    ]
    if gap is not None:
        text = "The most by which any plan that places as many people could be better (bound: roads and room)"
        lines.append((text, page.percent(gap)))
    delay = found.number("jointplan.DELAY_95")
    if delay is not None:
        lines.append(("Lost against the fastest way on empty roads: 95 % of the people at most", page.minutes(delay)))
    over = found.number("jointplan.OVER_CAPACITY_ROADS")
    if over is not None:
        lines.append(("Road pieces with a queue for 5 minutes and more", page.whole(over)))
    return lines


def saved(found: Findings) -> list[tuple[str, str]]:
    """Return what the plan saves of the travel time of the plans beside it, (label, value with unit)."""
    total, lines = found.number("jointplan.TOTAL_TIME"), []
    for name, label in (
        ("jointplan.STEPWISE_TIME", "Travel time saved over the plan made step by step"),
        ("jointplan.INFORMED_TIME", "Travel time saved over drivers with navigation, sent to the same shelters"),
    ):
        other = found.number(name)
        if total is not None and other:
            lines.append((label, page.percent(100.0 * (other - total) / other)))
    return lines


def beside(found: Findings) -> list[dict[str, Any]]:
    """Return the three ways to leave, each with vehicle-hours and the last arrival (s)."""
    rows = (
        ("Shelters and streets together: this plan", "jointplan.TOTAL_TIME", "jointplan.CLEARANCE_TIME"),
        (
            "The same shelters, but nobody plans the streets: drivers with navigation",
            "jointplan.INFORMED_TIME",
            "jointplan.INFORMED_CLEARANCE",
        ),
        (
            "Step by step: the shelters first, by travel time, then the best streets there",
            "jointplan.STEPWISE_TIME",
            "jointplan.STEPWISE_CLEARANCE",
        ),
    )
    made = []
    for label, time, last in rows:
        seconds = found.number(time)
        hours = None if seconds is None else seconds / 3600.0
        made.append({"label": label, "hours": hours, "last": found.number(last)})
    return made


def start_outside(found: Findings) -> list[str]:
    """Return a sentence on people who start outside the strip though they live in it, or none."""
    at_risk = found.people["all"]["risk"]
    inside = found.clearance[0]["in_hazard"] if found.clearance else None
    if inside is None or inside >= at_risk:
        return []
    return [
        f"The people of a zone start at one point of it. Where that point lies outside the strip, they count as out of "
        f"it from the beginning: {page.whole(at_risk - inside)} of {page.whole(at_risk)}."
    ]


def _shelter_chart(shelters: list[dict]):
    return charts.bar_chart(
        [f"{row['id']} {row['name'] or ''}".strip() for row in shelters],
        [row["load"] for row in shelters],
        title="People sent to each open shelter",
        value_label="people",
        limits=[row["capacity"] for row in shelters],
        limit_label="room",
    )


def _clearance_chart(found: Findings):
    minutes = [row["seconds"] / 60 for row in found.clearance]
    names = {"departed": "have left", "arrived": "have arrived", "on_road": "on the road", "in_hazard": "in the strip"}
    series = {
        label: [row[key] for row in found.clearance]
        for key, label in names.items()
        if any(row[key] is not None for row in found.clearance)
    }
    names = {"jointplan.CLEARANCE_95": "95 % have arrived", "jointplan.STEPWISE_CLEARANCE": "all, step by step"}
    marks = {text: found.number(name) / 60 for name, text in names.items() if found.number(name) is not None}
    return charts.line_chart(
        minutes,
        series,
        title="People over time",
        x_label="minutes after the order to leave",
        y_label="people",
        marks=marks,
    )


def _street_chart(found: Findings):
    return charts.bar_chart(
        [row["name"] for row in found.bottlenecks],
        [row["delay_hours"] for row in found.bottlenecks],
        title="The ten streets with most delay",
        value_label="delay, vehicle-hours",
    )
