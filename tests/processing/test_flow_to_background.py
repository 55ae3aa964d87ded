"""``evacuation:flowtobackground`` through the registry: by hand, on into the routing, every row accounted for."""

from __future__ import annotations

from collections import defaultdict

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsProcessingException, QgsVectorLayer
from qgis.PyQt.QtCore import Qt

import environment
from tests.processing import routing_layers as routing
from tests.processing.routing_layers import CUMULATIVE, INDIVIDUAL, PRESENT, QUEUE, at, layer, line
from tests.processing.shelter_layers import Log, rows_of

FREE = 200.0  # s on a road of 2 km at 36 km/h, twice on the ellipsoid a little more
ROUND = 2e-3


def roads():
    """Two roads of 2 km, 1 lane a direction: a primary road both ways, a residential street one way, joined at 0."""
    rows = [
        (line((0, 0), (2000, 0)), ["main", "no", 36, 1200, "primary"]),
        (line((0, 0), (0, 2000)), ["lane", "yes", 36, 600, "residential"]),
        (line((2000, 0), (4000, 0)), ["more", "no", 36, 600, "primary"]),
    ]
    fields = "&field=road_id:string&field=oneway:string&field=maxspeed:double&field=capacity:double"
    return layer("LineString", fields + "&field=highway:string", rows, "streets")


def sensors(rows=((500, 5, "m"), (5, 900, "l")), crs=routing.UTM):
    made = [(f"POINT({at(x, y)})" if x is not None else None, [name]) for x, y, name in rows]
    return layer("Point", "&field=sensor_id:string", made, "detectors", crs)


def forecast(rows, time="string", value="forecast:double", name="tomorrow"):
    fields = f"field=place:string&field=time:{time}&field={value}"
    return layer("None", fields, [(None, list(row)) for row in rows], name)


HOURS = [("m", "2026-05-01 07:00", 360), ("m", "2026-05-01 08:00", 720), ("l", "2026-05-01 07:00", 90)]


def run(log=None, **parameters):
    given = {
        "FORECAST": forecast(HOURS), "SENSORS": sensors(), "NETWORK": roads(), "NETWORK_ID_FIELD": "road_id",
        "OUTPUT": "memory:", "OUTPUT_UNUSED": "memory:", **parameters,
    }  # fmt: skip
    return processing.run("evacuation:flowtobackground", given, feedback=log or Log())


def failure(**parameters) -> str:
    with pytest.raises(QgsProcessingException) as caught:
        run(**parameters)
    return str(caught.value)


def values(found):
    form = "yyyy-MM-ddTHH:mm"
    return {
        (row["road_id"], row["time"].toString(form) if hasattr(row["time"], "toString") else row["time"]): row["value"]
        for row in rows_of(found["OUTPUT"])
    }


def near(number):
    return pytest.approx(number, rel=ROUND)


def accounted(found, forecast_rows, sensor_rows):
    """Every sensor and row is used or listed."""
    listed = rows_of(found["OUTPUT_UNUSED"])
    assert found["ROWS_USED"] + found["ROWS_UNUSED"] == forecast_rows
    assert found["SENSORS_USED"] + found["SENSORS_UNUSED"] == sensor_rows
    assert sum(row["rows"] for row in listed) == found["ROWS_UNUSED"]
    assert sum(row["kind"] == "sensor" for row in listed) == found["SENSORS_UNUSED"]
    assert all(row["reason"] for row in listed)
    return {(row["kind"], row["place"], row["reason"]): row["rows"] for row in listed}


# --- by hand ------------------------------------------------------------------------------------------------------


def test_vehicles_present_are_flow_times_free_flow_time():
    found = run()
    assert found["OUTPUT"].fields().names() == ["road_id", "time", "value", "source", "factor"]
    assert values(found) == {
        ("main", "2026-05-01T07:00"): near(360 * FREE / 3600),
        ("main", "2026-05-01T08:00"): near(720 * FREE / 3600),
        ("lane", "2026-05-01T07:00"): near(90 * FREE / 3600),
    }
    assert {(row["road_id"], row["source"], row["factor"]) for row in rows_of(found["OUTPUT"])} == {
        ("main", "m", 1.0), ("lane", "l", 1.0),
    }  # fmt: skip
    assert (found["ROADS"], found["ROADS_WITHOUT"], found["OVER_CAPACITY"], found["OVER_ROOM"]) == (2, 1, 0, 0)
    assert found["MOST_VEHICLES"] == near((720 + 90) * FREE / 3600)  # the street's value holds on
    assert accounted(found, 3, 2) == {}


def test_near_roads_of_the_class_have_the_same_share_of_their_capacity():
    log = Log()
    rows = {row["road_id"]: row for row in rows_of(run(log, SPREAD=1, FORECAST=forecast(HOURS[:1]))["OUTPUT"])}
    assert {road: (row["value"], row["source"], row["factor"]) for road, row in rows.items()} == {
        "main": (near(20.0), "m", 1.0), "more": (near(10.0), "m", pytest.approx(0.5)),
    }  # fmt: skip
    assert any("within MAX_DISTANCE" in text and "residential (1)" in text for text in log.said)
    log = Log()
    every = run(log, SPREAD=1, ROAD_CLASS_FIELD="", FORECAST=forecast(HOURS[:1]))
    assert {row["road_id"] for row in rows_of(every["OUTPUT"])} == {"main", "more", "lane"}
    assert any("no road has a class" in text for text in log.said)
    assert len(rows_of(run(SPREAD=1, MAX_DISTANCE=1.4, FORECAST=forecast(HOURS[:1]))["OUTPUT"])) == 1  # 1.5 km


def test_one_direction_counts_for_both():
    rows = {row["road_id"]: row for row in rows_of(run(SENSORS_COUNT=1)["OUTPUT"]) if row["value"] < 30}
    assert (rows["lane"]["value"], rows["lane"]["factor"]) == (near(5.0), 1.0)
    assert values(run(SENSORS_COUNT=1))["main", "2026-05-01T07:00"] == near(40.0)


def test_vehicles_per_interval_are_as_many_an_hour_as_their_interval_is_short():
    rows = [("m", "2026-05-01 07:00", 90), ("m", "2026-05-01 07:15", 90), ("m", "2026-05-01 07:20", 30)]
    rows += [("l", "2026-05-01 07:00", 10), ("l", "2026-05-01 07:30", 10)]
    log = Log()
    found = values(run(log, FORECAST=forecast(rows), VALUE_IS=1))
    assert found == {
        ("main", "2026-05-01T07:00"): near(360 * FREE / 3600),  # 90 in 15 minutes
        ("main", "2026-05-01T07:15"): near(1080 * FREE / 3600),  # 90 in 5
        ("main", "2026-05-01T07:20"): near(360 * FREE / 3600),  # 30 in 5, as long as the one before
        ("lane", "2026-05-01T07:00"): near(20 * FREE / 3600),
        ("lane", "2026-05-01T07:30"): near(20 * FREE / 3600),
    }
    assert log.warned("INTERVAL", "5 to 30 minutes")
    log = Log()
    run(log, FORECAST=forecast(rows))
    assert log.warned("VALUE_IS", "5 minutes apart", "vehicles per interval")
    quarter = values(run(FORECAST=forecast(rows), VALUE_IS=1, INTERVAL=15))
    assert quarter["main", "2026-05-01T07:15"] == near(360 * FREE / 3600)
    assert "Give INTERVAL" in failure(FORECAST=forecast(rows[:1]), VALUE_IS=1)


def test_vehicles_present_stay_as_they_are():
    assert values(run(VALUE_IS=2))["main", "2026-05-01T08:00"] == pytest.approx(720)
    log = Log()
    assert run(log, VALUE_IS=2)["OVER_ROOM"] == 1 and log.warned("room", "main", "tenth of its capacity")


def test_several_sensors_on_a_road_give_their_mean_of_those_that_know():
    rows = [("m", "07:00", 360), ("m", "08:00", 720), ("n", "07:00", 0), ("n", "07:30", None), ("n", "08:00", 360)]
    rows = [(place, f"2026-05-01 {time}", flow) for place, time, flow in rows]
    found = run(FORECAST=forecast(rows), SENSORS=sensors([(500, 5, "m"), (1500, -5, "n")]))
    by_time = {row["time"].toString("HH:mm"): (row["value"], row["source"]) for row in rows_of(found["OUTPUT"])}
    assert by_time == {"07:00": (near(10.0), "m, n"), "07:30": (near(20.0), "m"), "08:00": (near(30.0), "m, n")}
    assert accounted(found, 5, 2) == {("forecast", "n", "no value"): 1}


def test_times_keep_their_clock():
    rows = [("m", "2026-05-01T07:00:00+12:00", 360), ("m", "2026-04-30T20:00:00Z", 720)]
    times = [row["time"] for row in rows_of(run(FORECAST=forecast(rows))["OUTPUT"])]
    assert [t.toUTC().toString(Qt.DateFormat.ISODate) for t in times] == [
        "2026-04-30T19:00:00Z", "2026-04-30T20:00:00Z",
    ]  # fmt: skip
    seconds = run(FORECAST=forecast([("m", 900, 360), ("m", 1800, 0)], "double"))
    assert [(row["time"], row["value"]) for row in rows_of(seconds["OUTPUT"])] == [(900.0, near(20.0)), (1800.0, 0.0)]


# --- on into the routing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "cost", "expected"), [
    (PRESENT, 0, lambda free: free * (1 + 0.02 * 20)),
    (PRESENT, 1, lambda free: free / (1 - 20 / (2000 / 7.5))),
    (CUMULATIVE, 2, lambda free: free * (1 + 0.15 * ((360 + 60) / 1200) ** 4)),  # 1 vehicle in a minute: 60 an hour
])  # fmt: skip
def test_a_vehicle_takes_the_models_time_with_that_many_on_the_road(model, cost, expected):
    """720 vehicles/h in both directions: 360 each, 20 vehicles present in each for 200 s."""
    table = run(FORECAST=forecast([("m", "2026-05-01 07:00", 720)]))["OUTPUT"]
    found = routing.run(
        TRIPS=routing.trips([(line((0, 0), (2000, 0)), ["a", "s", 1])]), NETWORK=roads(), BACKGROUND=table,
        FLOW_MODEL=model, COST=cost, METHOD=INDIVIDUAL, ANALYSIS_PERIOD=1, START_TIME="2026-05-01T07:30:00",
    )  # fmt: skip
    free = found["FREE_FLOW_TIME"]
    assert free == near(FREE)
    assert found["TOTAL_TIME"] == pytest.approx(expected(free), rel=1e-3)


def test_in_a_queue_vehicles_leave_by_the_capacity_that_the_flow_leaves():
    """Ten vehicles at once on a lane of 1200 vehicles/h with 360 of others: one every 3600 / 840 s."""
    table = run(FORECAST=forecast([("m", "2026-05-01 07:00", 720)]))["OUTPUT"]
    found = routing.run(
        TRIPS=routing.trips([(line((0, 0), (2000, 0)), ["a", "s", 10])]), NETWORK=roads(), BACKGROUND=table,
        FLOW_MODEL=QUEUE, METHOD=INDIVIDUAL, DEPARTURE_PROFILE=0, START_TIME="2026-05-01T07:30:00",
    )  # fmt: skip
    free, headway = found["FREE_FLOW_TIME"] / 10, 3600 / (1200 - 360)
    assert found["TOTAL_TIME"] == pytest.approx(10 * free + headway * 45, rel=1e-3)


def test_what_closed_areas_take_of_a_road_takes_its_vehicles_along():
    """Of 4 km with 40 vehicles a direction, 2 km lie in a closed area, and of the rest 1 km is closed one way."""
    long = layer(
        "LineString", "&field=road_id:string&field=oneway:string&field=maxspeed:double",
        [(line((0, 0), (1000, 0), (2000, 0), (4000, 0)), ["long", "no", 36])], "streets",
    )  # fmt: skip
    table = run(NETWORK=long, FORECAST=forecast([("m", "2026-05-01 07:00", 720)]))["OUTPUT"]
    ring = ", ".join(at(*p) for p in ((2000, -9), (5000, -9), (5000, 9), (2000, 9), (2000, -9)))
    area = layer("Polygon", "&field=n:integer", [(f"POLYGON(({ring}))", [1])], "water")
    shut = layer(
        "LineString", "&field=closed_from:integer&field=way:string", [(line((1100, 0), (1900, 0)), [0, "backward"])],
        "works",
    )  # fmt: skip
    for more in ({}, {"BARRIERS": area}, {"BARRIERS": area, "CLOSURES": shut, "CLOSURES_DIRECTION_FIELD": "way"}):
        found = routing.run(
            TRIPS=routing.trips([(line((0, 0), (1900, 0)), ["a", "s", 1])]), NETWORK=long, BACKGROUND=table, COST=1,
            METHOD=INDIVIDUAL, START_TIME="2026-05-01T07:30:00", **more,
        )  # fmt: skip
        assert found["FREE_FLOW_TIME"] == near(190)
        assert found["TOTAL_TIME"] == near(190 / (1 - 7.5 / 100))  # one vehicle every 100 m on a lane


def test_more_vehicles_than_room_slow_a_road_and_close_nothing():
    """720 on room for 533: a tenth of the capacity is left, one vehicle every 30 s, and room for seven."""
    table = run(FORECAST=forecast([("m", "2026-05-01 07:00", 720)]), VALUE_IS=2)["OUTPUT"]
    found = routing.run(
        TRIPS=routing.trips([(line((0, 0), (2000, 0)), ["a", "s", 10])]), NETWORK=roads(), BACKGROUND=table,
        FLOW_MODEL=QUEUE, METHOD=INDIVIDUAL, DEPARTURE_PROFILE=0, START_TIME="2026-05-01T07:30:00",
    )  # fmt: skip
    assert found["TOTAL_TIME"] == pytest.approx(found["FREE_FLOW_TIME"] + 30 * 45, rel=1e-3)


def test_counts_forecast_and_carried_into_a_plan():
    """Three weeks of the same day, at most 720 vehicles/h at 8 o'clock: the forecast's values are on the road."""
    flow = (
        [60, 30, 20, 20, 40, 120, 360, 600, 720, 540, 420, 400] + [420, 440, 460, 500, 560, 620, 540, 380] + [300] * 4
    )
    rows = [("m", f"2026-05-{day:02d} {hour:02d}:00", flow[hour]) for day in range(1, 22) for hour in range(24)]
    log = Log()
    predicted = processing.run(
        "evacuation:forecastflow",
        {"COUNTS": forecast(rows, value="value:double"), "METHOD": 1, "OUTPUT": "memory:", "OUTPUT_BACKTEST": None},
        feedback=log,
    )["OUTPUT"]
    traffic = run(log, FORECAST=predicted)
    assert accounted(traffic, 24, 2) == {("sensor", "l", "no row of the forecast has its id"): 0}
    by_hour = {time[-5:]: value for (_, time), value in values(traffic).items()}
    assert by_hour == {f"{hour:02d}:00": near(flow[hour] * FREE / 3600) for hour in range(24)}
    assert not log.warned("look like speeds")

    def seconds(**more):
        return routing.run(
            TRIPS=routing.trips([(line((0, 0), (2000, 0)), ["a", "s", 50])]), NETWORK=roads(), FLOW_MODEL=QUEUE,
            METHOD=INDIVIDUAL, DEPARTURE_PROFILE=0, **more,
        )["TOTAL_TIME"]  # fmt: skip

    empty = seconds()
    night, morning = (
        seconds(BACKGROUND=traffic["OUTPUT"], START_TIME=f"2026-05-22T{hour}:00:00") for hour in ("03", "08")
    )
    assert empty < night < morning
    # 50 vehicles a headway apart: 1225 headways more than the first one's time for all
    assert morning - empty == pytest.approx(1225 * (3600 / (1200 - 360) - 3600 / 1200), rel=1e-2)


# --- what cannot be used ------------------------------------------------------------------------------------------


def test_every_row_and_sensor_is_used_or_listed_with_its_reason():
    rows = [
        *HOURS, ("m", "2026-05-01 09:00", None), ("m", "2026-05-01 10:00", -1), ("m", None, 5), ("", "2026-05-01", 5),
        ("m", "2026-05-01 08:00", 360), ("far", "2026-05-01 07:00", 5), ("x", "2026-05-01 07:00", 5),
        ("x", "2026-05-01 08:00", None), ("nowhere", "2026-05-01 08:00", 5), ("empty", "2026-05-01 07:00", None),
    ]  # fmt: skip
    where = [
        (500, 5, "m"), (5, 900, "l"), (500, -51, "far"), (None, None, "nowhere"), (900, 0, "empty"), (900, 0, "idle"),
    ]  # fmt: skip
    log = Log()
    found = run(log, FORECAST=forecast(rows), SENSORS=sensors(where))
    listed = accounted(found, len(rows), 6)
    assert listed == {
        ("sensor", "far", "51 m from the nearest road (MAX_SNAP_DISTANCE 50 m)"): 0,
        ("sensor", "nowhere", listed_reason(listed, "nowhere")): 0,
        ("sensor", "empty", "none of its rows has a value and a time"): 0,
        ("sensor", "idle", "no row of the forecast has its id"): 0,
        ("forecast", "m", "no value"): 1, ("forecast", "m", "negative value"): 1, ("forecast", "m", "no time"): 1,
        ("forecast", "", "no place"): 1, ("forecast", "empty", "no value"): 1,
        ("forecast", "far", "its sensor is not used: 51 m from the nearest road (MAX_SNAP_DISTANCE 50 m)"): 1,
        ("forecast", "x", "no sensor has this id"): 2,
        ("forecast", "nowhere", f"its sensor is not used: {listed_reason(listed, 'nowhere')}"): 1,
    }  # fmt: skip
    assert values(found)["main", "2026-05-01T08:00"] == near(540 * FREE / 3600)  # of 720 and 360 the mean
    assert log.warned("1 row(s)", "place and time of another") and log.warned("4 sensor(s) are not used", "far: 51 m")
    assert run(SENSORS=sensors(where[:3]), MAX_SNAP_DISTANCE=60, FORECAST=forecast(rows))["SENSORS_UNUSED"] == 0


def listed_reason(listed, sensor):
    return next(reason for kind, place, reason in listed if kind == "sensor" and place == sensor)


def test_a_sensor_between_roads_is_named_with_both():
    log = Log()
    found = run(log, SENSORS=sensors([(4, 5, "m")]), FORECAST=forecast(HOURS[:2]))
    assert {row["road_id"] for row in rows_of(found["OUTPUT"])} == {"lane"}
    assert log.warned("may be meant for another road", "m: road lane at 4 m, road main at 5 m")


def test_speeds_and_people_are_told_from_flows():
    log = Log()
    run(log, FORECAST=forecast(HOURS, value="speed:double"), FORECAST_VALUE_FIELD="speed")
    assert log.warned("“speed” does not sound like vehicles")
    speeds = [50, 51, 52, 52, 52, 51, 46, 24, 15, 30, 45, 48, 49, 49, 48, 46, 38, 20, 25, 40, 47, 49, 50, 51]
    rows = [("m", f"2026-05-01 {hour:02d}:00", speed) for hour, speed in enumerate(speeds)]
    log = Log()
    run(log, FORECAST=forecast(rows))
    assert log.warned("look like speeds")
    counts = QgsVectorLayer(f"{environment.ROOT}/resources/sample/sample.gpkg|layername=counts", "pedestrians", "ogr")
    log = Log()
    places = sorted({row["place"] for row in rows_of(counts)})[:1]
    run(log, FORECAST=counts, SENSORS=sensors([(500, 5, places[0])]))
    assert log.warned("“pedestrians” does not sound like vehicles")


def test_flows_beyond_the_capacity_are_named():
    log = Log()
    found = run(log, FORECAST=forecast([("m", "2026-05-01 07:00", 4800)]))
    assert found["OVER_CAPACITY"] == 1 and log.warned("above the capacity of 1 road(s)", "main (2.0 times, m)")


@pytest.mark.parametrize(("parameters", "words"), [
    ({"FORECAST": lambda: forecast([("m", "noon", 1)])}, ("FORECAST_TIME_FIELD", "row 1", "noon")),
    ({"FORECAST": lambda: forecast([("m", 60, "many")], value="forecast:string")}, ("FORECAST", "row 1", "many")),
    ({"FORECAST": lambda: forecast([("m", "60", 1), ("m", "2026-05-01", 1)])}, ("FORECAST_TIME_FIELD", "compared")),
    ({"FORECAST": lambda: forecast([("m", "2026-05-01T01:00Z", 1), ("m", "2026-05-01", 1)])}, ("offset", "compared")),
    ({"FORECAST": lambda: forecast([("z", "60", 1)])}, ("SENSORS", "no place of FORECAST", "z", "SENSOR_ID_FIELD")),
    ({"FORECAST": lambda: forecast([("m", "60", None)])}, ("SENSORS", "none of its rows has a value")),
    ({"SENSORS": lambda: sensors([(500, 90, "m")])}, ("SENSORS", "90 m from the nearest road", "MAX_SNAP_DISTANCE")),
    ({"SENSORS": lambda: sensors([(5e5, 9e5, "m")])}, ("SENSORS", "nowhere near the roads", "km")),
    ({"SENSORS": lambda: sensors([(1, 1, "m"), (2, 2, "m")])}, ("SENSORS", "same value in several features")),
    ({"SENSORS": lambda: sensors([])}, ("SENSORS", "no usable feature")),
    ({"SENSORS": lambda: sensors(crs="")}, ("SENSORS", "reference system")),
    ({"FORECAST_VALUE_FIELD": lambda: "flow"}, ("FORECAST_VALUE_FIELD", "flow")),
    ({"MAX_DISTANCE": lambda: -1}, ("MAX_DISTANCE",)),
    ({"VALUE_IS": lambda: 3}, ("VALUE_IS",)),
])  # fmt: skip
def test_bad_input_is_a_sentence(parameters, words):
    text = failure(**{name: make() for name, make in parameters.items()})
    assert all(word in text for word in words), text


def test_without_rows_there_is_no_traffic_and_the_log_says_so():
    log = Log()
    found = run(log, FORECAST=forecast([]))
    assert log.warned("has no rows") and not rows_of(found["OUTPUT"])
    assert accounted(found, 0, 2).keys() == {
        ("sensor", "m", "no row of the forecast has its id"), ("sensor", "l", "no row of the forecast has its id"),
    }  # fmt: skip


def test_cancelled_it_writes_nothing(tmp_path):
    log, path = Log(stop_at="Nearest sensors"), tmp_path / "traffic.gpkg"
    assert run(log, SPREAD=1, OUTPUT=str(path)) == {} and log.warned("Cancelled") and not path.exists()


def test_what_was_counted_is_conserved_on_a_real_network():
    """Flow times time by the pieces of checkroads, which are read from the same roads by another way."""
    network = QgsVectorLayer(f"{environment.ROOT}/resources/sample/sample.gpkg|layername=roads", "roads", "ogr")
    pieces = processing.run(
        "evacuation:checkroads",
        {"NETWORK": network, "NETWORK_ID_FIELD": "road_id", "OUTPUT": "memory:", "OUTPUT_NETWORK": "memory:"},
        feedback=Log(),
    )["OUTPUT_NETWORK"]  # fmt: skip
    seconds, middle, seen = defaultdict(float), {}, set()
    for feature in pieces.getFeatures():
        if feature["piece"] not in seen:  # of two directions one: the speed is the same
            seconds[feature["road_id"]] += feature["free_flow_s"]
            seen.add(feature["piece"])
        middle.setdefault(feature["road_id"], feature.geometry().interpolate(feature.geometry().length() / 2).asWkt())
    chosen = sorted(seconds, key=seconds.get)[-200::20]
    spots = layer("Point", "&field=sensor_id:string", [(middle[road], [road]) for road in chosen], "spots", "EPSG:4326")
    rows = [(road, 60 * k, 100 + 10 * k) for road in chosen for k in range(3)]
    found = run(FORECAST=forecast(rows, "double"), SENSORS=spots, NETWORK=network)
    got = values(found)
    assert found["ROADS"] == 10 and len(got) == 30
    for road in chosen:
        for k in range(3):
            assert got[road, 60.0 * k] == pytest.approx((100 + 10 * k) * seconds[road] / 3600, rel=1e-6)
