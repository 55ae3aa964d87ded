"""Read the plan's main figures from the result file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

CLASSES = ("children", "adults", "elderly")


@dataclass(frozen=True)
class Findings:
    """What the map, the report and the printed table show."""

    numbers: dict[str, float]
    """Output numbers of all algorithms, as "algorithm.NAME"."""
    people: dict[str, dict[str, int]]
    """Class (and "all") to people living in the city, at risk, sheltered, not allocated."""
    shelters: list[dict]
    """Open shelters: id, name, load, capacity, utilisation (percent), fullest first."""
    rejected: list[dict]
    """Sites not taken: id, name, status, reason."""
    bottlenecks: list[dict]
    """Streets by delay: name, vehicles, peak, delay (vehicle-hours), worst delay of one vehicle (s)."""
    clearance: list[dict]
    """Rows of the clearance curve in order of time."""
    unallocated: list[dict]
    """People without a shelter by reason."""

    def number(self, name: str) -> float | None:
        """Return an output number by "algorithm.NAME", None where the algorithm left it out."""
        return self.numbers.get(name)


def numbers_of(results: Mapping[str, Mapping[str, str]]) -> dict[str, float]:
    """Return every result that is a number, as "algorithm.NAME"."""
    numbers = {}
    for algorithm, values in results.items():
        for name, value in values.items():
            try:
                numbers[f"{algorithm}.{name}"] = float(value)
            except ValueError:
                continue  # a layer or a file
    return numbers


def read_findings(result: Path, sample: Path, results: Mapping[str, Mapping[str, str]]) -> Findings:
    """Return the findings from the result file, with names from the sample."""
    with closing(sqlite3.connect(f"file:{result}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        database.execute("ATTACH ? AS city", (f"file:{sample}?mode=ro",))
        return Findings(
            numbers_of(results),
            _people(database),
            _rows(database, SHELTERS),
            _rows(database, REJECTED),
            _rows(database, BOTTLENECKS),
            _rows(database, "SELECT * FROM clearance ORDER BY seconds"),
            _rows(database, "SELECT reason, sum(people) AS people FROM unallocated GROUP BY reason ORDER BY 2 DESC"),
        )


SHELTERS = """
    SELECT l.shelter_id AS id, s.name, l.load, l.capacity, l.utilisation
    FROM shelter_load l LEFT JOIN city.sites s ON s.site_id = l.shelter_id
    WHERE l.load > 0
    ORDER BY l.load DESC, l.shelter_id
"""
REJECTED = """
    SELECT c.site_id AS id, s.name, c.status, c.reason
    FROM candidate_sites c LEFT JOIN city.sites s ON s.site_id = c.site_id
    WHERE c.site_id NOT IN (SELECT shelter_id FROM shelter_load WHERE load > 0) ORDER BY c.status, c.site_id
"""
# A street is many ways and pieces: the delay on them is summed, vehicles are those of the busiest piece.
BOTTLENECKS = """
    SELECT coalesce(r.name, 'unnamed ' || r.highway || ' road ' || r.road_id) AS name, max(f.vehicles) AS vehicles,
        max(f.peak_vehicles) AS peak, sum(f.delay_s) / 3600.0 AS delay_hours,
        sum(f.delay_s) / max(f.vehicles) AS seconds_each
    FROM road_flow f LEFT JOIN city.roads r ON r.road_id = f.road_id
    GROUP BY 1 ORDER BY delay_hours DESC LIMIT 10
"""


def _rows(database: sqlite3.Connection, query: str) -> list[dict]:
    return [dict(row) for row in database.execute(query)]


def _people(database: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Return people by class, and in all."""
    people = {}
    for name in CLASSES:
        city = database.execute(f"SELECT sum({name}) FROM city.zones").fetchone()[0]
        risk = database.execute(f"SELECT sum({name}) FROM zones_at_risk").fetchone()[0]
        sheltered = database.execute("SELECT sum(people) FROM allocation WHERE class = ?", (name,)).fetchone()[0]
        left = database.execute("SELECT sum(people) FROM unallocated WHERE class = ?", (name,)).fetchone()[0]
        people[name] = {"city": city or 0, "risk": risk or 0, "sheltered": sheltered or 0, "left": left or 0}
    people["all"] = {key: sum(part[key] for part in people.values()) for key in ("city", "risk", "sheltered", "left")}
    return people
