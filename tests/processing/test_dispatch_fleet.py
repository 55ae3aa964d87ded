"""``evacuation:dispatchfleet`` through the registry, on a few streets."""

from __future__ import annotations

import processing
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import QgsProcessingException, QgsVectorLayer

from tests.processing.closing_layers import box
from tests.processing.routing_layers import Log, at, layer, line

# Along y = 0 a street of 36 km/h, 10 m/s: depot at 0, requests at 1000 and 2000, shelter at 3000; a detour from 1000 to
# 3000 over (2000, 1500) that takes 361 s where the street takes 200.
STREETS = [
    (line((0, 0), (1000, 0)), ["west", "no", 36]),
    (line((1000, 0), (2000, 0)), ["middle", "no", 36]),
    (line((2000, 0), (3000, 0)), ["east", "no", 36]),
    (line((1000, 0), (2000, 1500), (3000, 0)), ["round", "no", 36]),
]
REQUESTS = [(1000, ["a", 3, 0, 0, None, 1]), (2000, ["b", 2, 1, 0, None, 1])]
FAR = [(1000, ["a", 3, 0, 0, None, 1]), (2000, ["b", 2, 0, 0, 20, 1])]


def streets():
    fields = "&field=road_id:string&field=oneway:string&field=maxspeed:double"
    return layer("LineString", fields, STREETS, "streets")


def requests(rows=None, known="double"):
    fields = (
        "&field=request_id:string&field=people:double&field=wheelchairs:double&field=ready_time:double"
        f"&field=known_time:{known}&field=probability:double"
    )
    made = [(f"POINT({at(x, 0)})", values) for x, values in (REQUESTS if rows is None else rows)]
    return layer("Point", fields, made, "calls")


def fleet(rows=((0, ["bus", 1, 40, 2, None]),)):
    fields = (
        "&field=fleet_id:string&field=vehicles:double&field=seats:double&field=wheelchair_places:double"
        "&field=available_time:double"
    )
    return layer("Point", fields, [(f"POINT({at(x, 0)})", list(values)) for x, values in rows], "depots")


def shelters(rows=((3000, ["hall", 100, 0]),)):
    fields = "&field=shelter_id:string&field=capacity:double&field=load:double"
    return layer("Point", fields, [(f"POINT({at(x, 0)})", list(values)) for x, values in rows], "halls")


def dispatch(log=None, **more):
    given = {
        "NETWORK": streets(), "REQUESTS": requests(), "FLEET": fleet(), "SHELTERS": shelters(), "EFFORT": 0,
        "OUTPUT": "memory:", "OUTPUT_STOPS": "memory:", "OUTPUT_UNSERVED": "memory:", "OUTPUT_PERIODS": "memory:",
        **more,
    }  # fmt: skip
    return processing.run("evacuation:dispatchfleet", given, feedback=log or Log())


def table(found, name="OUTPUT"):
    source = found[name]
    made = source if isinstance(source, QgsVectorLayer) else QgsVectorLayer(source)
    return [dict(zip(made.fields().names(), feature.attributes())) for feature in made.getFeatures()]


def test_a_tour_by_hand(tmp_path):
    log, report = Log(), tmp_path / "fleet.html"
    found = dispatch(log, OUTPUT_HTML=str(report))
    # 100 s to a, 120 + 3 * 4 s there; 100 s to b, 120 + 4 + 60 s there; 100 s to the hall.
    aboard = (232.0, 232.0 + 100.0 + 184.0)
    assert found["SERVED"] == 5 and found["UNSERVED"] == 0
    assert found["WAITING"] == pytest.approx((3 * aboard[0] + 2 * aboard[1]) / 60)
    assert found["LAST_ARRIVAL"] == pytest.approx((aboard[1] + 100.0) / 60)
    assert found["PERFECT_INFORMATION"] == pytest.approx(found["WAITING"])
    (tour,) = table(found)
    assert tour["vehicle"] == tour["fleet_id"] == "bus" and tour["shelter_id"] == "hall"
    assert (tour["people"], tour["wheelchairs"], tour["requests"], tour["length_m"]) == (5, 1, 2, 3000.0)
    assert tour["driving"] == pytest.approx(5.0) and not tour["planned_shelter_id"]
    (feature,) = found["OUTPUT"].getFeatures()
    assert feature.geometry().length() == pytest.approx(3000.0)
    stops = table(found, "OUTPUT_STOPS")
    assert [(s["sequence"], s["kind"], s["place"], s["on"], s["off"], s["load"]) for s in stops] == [
        (0, "start", "bus", 0, 0, 0), (1, "request", "a", 3, 0, 3), (2, "request", "b", 2, 0, 5),
        (3, "shelter", "hall", 0, 5, 0),
    ]  # fmt: skip
    assert [s["departure_minute"] for s in stops[1:3]] == pytest.approx([a / 60 for a in aboard], abs=1e-3)
    assert [f.geometry().asPoint().x() - 500_000 for f in found["OUTPUT_STOPS"].getFeatures()] == pytest.approx(
        [0, 1000, 2000, 3000], abs=1e-3
    )
    assert not table(found, "OUTPUT_UNSERVED") and not log.warnings
    (period,) = table(found, "OUTPUT_PERIODS")
    assert (period["news"], period["tours"], period["fetched"], period["best"]) == (5, 1, 5, 1)
    text = report.read_text(encoding="utf-8")
    assert "empty roads" in text and "not the paper" in text and "WAIT_FOR_PERIOD" in text
