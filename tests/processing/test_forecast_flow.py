"""``evacuation:forecastflow`` through the registry: the sample's counts, the chain to recommendshelters, bad input."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import numpy as np
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("scipy")

import processing
from qgis.core import QgsProcessingException, QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, Qt

import environment
from tests.processing.shelter_layers import Log, make_layer, point, rows_of

SAMPLE = environment.ROOT / "resources" / "sample" / "sample.gpkg"
MONDAY = datetime(2026, 3, 2)


def wave(hour: int, place: int) -> float:
    """People at a place: a day's wave, more on working days."""
    day = MONDAY + timedelta(hours=hour)
    return round(
        100 * (1 + place) * (1.2 + np.sin(2 * np.pi * (day.hour - 9) / 24)) * (1.0 if day.weekday() < 5 else 0.5)
    )


def table(hours=24 * 28, places=("a", "b"), skip=(), text=None, extra=(), kind="string"):
    """Counts by the hour as a table without geometry; ``text`` writes the time."""
    write = text or (lambda moment: moment.isoformat(sep=" "))
    rows = [
        (None, [place, write(MONDAY + timedelta(hours=hour)), wave(hour, k)])
        for k, place in enumerate(places)
        for hour in range(hours)
        if (place, hour) not in skip
    ]
    rows += [(None, list(row)) for row in extra]
    return make_layer("None", f"field=place:string&field=time:{kind}&field=value:double", rows, "counts")


def run(layer, log=None, **parameters):
    given = {"COUNTS": layer, "OUTPUT": "memory:", "OUTPUT_BACKTEST": "memory:", "HORIZON": 6, **parameters}
    return processing.run("evacuation:forecastflow", given, feedback=log or Log())


def test_a_regular_wave_is_forecast_by_every_method():
    for method in range(4):
        result = run(table(), METHOD=method)
        rows = rows_of(result["OUTPUT"])
        assert result["OUTPUT"].fields().names() == ["place", "time", "forecast", "lower", "upper"]
        assert len(rows) == 2 * 6
        for row in rows:
            hour = 24 * 28 + row["time"].time().hour()
            assert row["forecast"] == pytest.approx(wave(hour, "ab".index(row["place"])), rel=0.02, abs=1)
            assert 0 <= row["lower"] <= row["forecast"] <= row["upper"]
        assert rows[0]["time"].toString(Qt.DateFormat.ISODate) == "2026-03-30T00:00:00"
        assert 0 <= result["MAE"] <= result["RMSE"] < 2
        assert 0 <= result["COVERAGE"] <= 100 and 0 <= result["WINKLER"] < 20


def test_backtest_has_every_method_and_horizon():
    rows = rows_of(run(table())["OUTPUT_BACKTEST"])
    assert {row["method"] for row in rows} == {"historical average", "seasonal naive", "graph ridge"}
    assert sorted({row["horizon"] for row in rows}) == [1, 2, 3, 4, 5, 6]
    assert all(row["MAE"] is not None and row["values"] > 0 for row in rows)


def test_the_log_says_how_much_the_bands_held_and_where_errors_are_few():
    draw = np.random.default_rng(11)
    extra = [
        ("noisy", (MONDAY + timedelta(hours=hour)).isoformat(sep=" "), 100 + draw.normal()) for hour in range(24 * 28)
    ]
    log = Log()
    result = run(table(places=(), extra=extra), log, METHOD=1)
    assert any(f"lay {result['COVERAGE']:.1f} %" in line and "80 % are aimed at" in line for line in log.said)
    assert 72 < result["COVERAGE"] < 88
    # Bands of independent normal errors score 2 x 1.755 at best; a mean of three weeks errs 1.15 times as much.
    assert 3.51 < result["WINKLER"] < 1.3 * 1.15 * 3.51 and not log.warned("widest error")
    log = Log()
    run(table(places=(), extra=extra), log, METHOD=1, QUANTILE=0.999)
    assert log.warned("QUANTILE: 0.999 needs 1000 errors", "widest error seen")


def test_the_sample_feeds_recommendshelters_without_typing():
    def layer(name):
        return QgsVectorLayer(f"{SAMPLE}|layername={name}", name, "ogr")

    log = Log()
    result = run(layer("counts"), log, HORIZON=24, PLACES=layer("sites"), METHOD=1)
    assert len(rows_of(result["OUTPUT"])) == 24 * layer("sites").featureCount()
    assert any("neighbouring places" in line for line in log.said)
    chosen = processing.run(
        "evacuation:recommendshelters",
        {
            "SITES": layer("sites"), "FORECAST": result["OUTPUT"], "ZONES": layer("zones"), "NETWORK": layer("roads"),
            "MAX_SNAP_DISTANCE": 1200, "EFFORT": 0, "OUTPUT": "memory:", "OUTPUT_SELECTED": "memory:",
        },
        feedback=Log(),
    )  # fmt: skip
    upper = {}
    for row in rows_of(result["OUTPUT"]):
        upper[row["place"]] = max(upper.get(row["place"], 0), row["upper"])
    predicted = {row["site_id"]: row["predicted"] for row in rows_of(chosen["OUTPUT"])}
    assert predicted.keys() == upper.keys()
    for site, value in upper.items():  # the least whole number of people that is not below the forecast
        assert predicted[site] == int(predicted[site]) and predicted[site] - 1 < value <= predicted[site] + 1e-6


def test_gaps_repeats_and_stray_rows_are_named_and_work_goes_on():
    skip = {("a", hour) for hour in range(100, 140)}
    extra = [("a", "2026-03-02 05:00:00", 1e3), ("a", "soon", 1), ("b", None, 1), ("", "2026-03-02 05:00:00", 1),
             ("c", "2026-03-02 05:00:00", None)]  # fmt: skip
    log = Log()
    result = run(table(skip=skip, extra=extra), log)
    assert {row["place"] for row in rows_of(result["OUTPUT"])} == {"a", "b"}
    assert log.warned("cannot be read", "soon")
    assert log.warned("no time") and log.warned("no place")
    assert log.warned("several rows", "mean") and log.warned("missing")
    assert log.warned("no value at all", "c")


def test_clock_changes_follow_the_time_zone():
    # New Zealand's clocks went back on 5 April 2026 at 3:00: the hour from 2:00 comes twice.
    hours = [MONDAY + timedelta(hours=h) for h in range(24 * 34 + 3)]
    hours += [MONDAY + timedelta(hours=h) for h in range(24 * 34 + 2, 24 * 36)]
    rows = [(None, ["a", moment.isoformat(), float(10 + moment.hour)]) for moment in hours]
    layer = make_layer("None", "field=place:string&field=time:string&field=value:double", rows, "counts")
    log = Log()
    result = run(layer, log, TIMEZONE="Pacific/Auckland", METHOD=1)
    assert log.warned("come twice") and not log.warned("several rows") and not log.warned("missing")
    for row in rows_of(result["OUTPUT"]):
        assert row["forecast"] == pytest.approx(10 + row["time"].time().hour())
    assert log.warned("come twice")
    log = Log()
    run(layer, log, METHOD=1)
    assert log.warned("several rows")


def test_offsets_give_a_forecast_in_universal_time():
    result = run(table(places=("a",), text=lambda moment: moment.isoformat() + "+12:00"), METHOD=1)
    first = rows_of(result["OUTPUT"])[0]
    assert first["time"].toUTC().toString(Qt.DateFormat.ISODate) == "2026-03-29T12:00:00Z"
    assert first["forecast"] == pytest.approx(wave(0, 0))


def test_mixed_zones_are_read_with_a_warning():
    log = Log()

    def text(moment):
        return moment.isoformat() + ("" if moment.day == 3 else "+12:00" if moment.day > 4 else "+13:00")

    run(table(places=("a",), text=text), log, METHOD=1)
    assert log.warned("different offsets", "UTC+12:00", "UTC+13:00") and log.warned("do not say their offset")


def test_start_before_and_after_the_end_of_the_data():
    log = Log()
    result = run(table(), log, START="2026-03-23T06:00:00", METHOD=1)
    assert rows_of(result["OUTPUT"])[0]["time"].toString(Qt.DateFormat.ISODate) == "2026-03-23T06:00:00"
    assert any("left aside" in line for line in log.said)
    start = QDateTime.fromString("2026-03-31T06:00:00", Qt.DateFormat.ISODate)
    rows = rows_of(run(table(), START=start, METHOD=0)["OUTPUT"])
    assert rows[0]["time"] == start and len(rows) == 12
    assert rows[0]["forecast"] == pytest.approx(wave(24 * 29 + 6, 0), rel=0.02)


def test_neighbours_from_places_and_from_a_table():
    places = make_layer(
        "Point",
        "field=site_id:string",
        [(point(0, 0), ["a"]), (point(100, 0), ["b"]), (point(9, 9), ["quiet"])],
        "sites",
    )
    log = Log()
    run(table(places=("a", "b", "nowhere")), log, PLACES=places, METHOD=3)
    assert log.warned("no series", "quiet") and log.warned("no place", "nowhere")
    pairs = make_layer("None", "field=from:string&field=to:string", [(None, ["a", "b"]), (None, ["a", "z"])], "pairs")
    log = Log()
    run(table(), log, ADJACENCY=pairs, METHOD=3)
    assert log.warned("ADJACENCY", "z")


@pytest.mark.parametrize(("hours", "words"), [(24 * 6, "shorter than 2 weeks"), (20, "shorter than 2 days")])
def test_short_series_use_a_shorter_season_and_say_so(hours, words):
    log = Log()
    result = run(table(hours), log, HORIZON=3)
    assert log.warned(words) and len(rows_of(result["OUTPUT"])) == 6
    assert all(row["forecast"] is not None for row in rows_of(result["OUTPUT"]))


def test_too_short_for_a_backtest():
    log = Log()
    result = run(table(20), log, HORIZON=12)
    assert log.warned("too short for a back-test", "historical average")
    assert (
        "MAE" not in result
        and "COVERAGE" not in result
        and "WINKLER" not in result
        and result["OUTPUT_BACKTEST"].featureCount() == 0
    )
    assert all(row["lower"] <= row["forecast"] <= row["upper"] for row in rows_of(result["OUTPUT"]))


def test_no_rows_is_a_success_with_a_warning():
    log = Log()
    assert run(table(0), log)["OUTPUT"].featureCount() == 0
    assert log.warned("no rows")


def test_cancelling_writes_nothing(tmp_path):
    output = tmp_path / "forecast.gpkg"
    run(table(), Log(stop_at="graph ridge"), OUTPUT=str(output))
    assert not output.exists()


@pytest.mark.parametrize(
    ("make", "changes", "words"),
    [
        (lambda: table(text=lambda moment: "noon"), {}, ("COUNTS", "no row", "noon", "2026-05-01 06:30")),
        (lambda: table(1), {}, ("COUNTS", "two different times")),
        (lambda: table(extra=[("a", "9026-03-02 05:00", 1)]), {}, ("COUNTS", "stray time")),
        (lambda: table(), {"TIMEZONE": "Middle/Earth"}, ("TIMEZONE", "Middle/Earth", "Pacific/Auckland")),
        (lambda: table(), {"VALUE_FIELD": "place"}, ("COUNTS", "not a number", "row 1")),
        (lambda: table(), {"START": "2020-01-01T00:00:00"}, ("START", "no data before")),
        (lambda: table(), {"START": "2926-01-01T00:00:00"}, ("HORIZON", "START nearer")),
        (lambda: table(), {"PLACE_FIELD": "site"}, ("PLACE_FIELD", "site", "place")),
        (lambda: table(0, extra=[("a", "2026-03-02 05:00", None)]), {}, ("COUNTS", "no value")),
    ],
)
def test_bad_input_is_named_with_what_to_mend(make, changes, words, tmp_path):
    output = tmp_path / "forecast.gpkg"
    with pytest.raises(QgsProcessingException) as error:
        run(make(), OUTPUT=str(output), **changes)
    for word in words:
        assert word in str(error.value)
    assert not output.exists()


def test_a_new_sensor_among_old_ones():
    skip = {("b", hour) for hour in range(24 * 26)}  # its first value comes after what the back-test learns from
    log = Log()
    result = run(table(skip=skip), log, METHOD=3)
    rows = [row for row in rows_of(result["OUTPUT"]) if row["place"] == "b"]
    assert len(rows) == 6 and all(row["lower"] <= row["forecast"] <= row["upper"] for row in rows)
    assert all(row["MAE"] is not None for row in rows_of(result["OUTPUT_BACKTEST"]))


def test_date_and_time_fields():
    def moment(when):
        return QDateTime.fromString(when.isoformat(), Qt.DateFormat.ISODate)

    as_text = rows_of(run(table())["OUTPUT"])
    assert rows_of(run(table(text=moment, kind="datetime"))["OUTPUT"]) == as_text


def test_automatic_never_takes_the_network_and_says_that_it_could_be_tried():
    log = Log()
    result = run(table(), log)
    assert any("GWNN-STGM (METHOD 4)" in line and "could be tried" in line for line in log.said)
    assert "GWNN-STGM" not in {row["method"] for row in rows_of(result["OUTPUT_BACKTEST"])}
    short = Log()
    run(table(24 * 3), short)
    assert not any("GWNN-STGM" in line for line in short.said)


def test_the_network_without_pytorch_is_a_sentence_per_platform(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it fails, whether it is there or not
    output = tmp_path / "forecast.gpkg"
    with pytest.raises(QgsProcessingException) as error:
        run(table(), METHOD=4, OUTPUT=str(output))
    for word in ("torch", "METHOD 4", "Windows", "macOS", "Linux", "whl/cpu"):
        assert word in str(error.value)
    assert not output.exists()


def test_what_belongs_to_the_network_is_left_aside_with_other_methods(tmp_path):
    log, model = Log(), tmp_path / "model.npz"
    result = run(table(), log, METHOD=1, OUTPUT_MODEL=str(model))
    assert log.warned("OUTPUT_MODEL", "left aside") and not model.exists() and "OUTPUT_MODEL" not in result


@pytest.mark.parametrize(("changes", "word"), [({"EPOCHS": 0}, "EPOCHS"), ({"SEED": -1}, "SEED")])
def test_numbers_of_the_network_have_limits(changes, word):
    with pytest.raises(QgsProcessingException, match=word):
        run(table(), METHOD=4, **changes)
