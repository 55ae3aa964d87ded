"""``evacuation:nearestshelters`` through the registry: the k nearest, all pairs, pairs without a route, bad input."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import QgsProcessingException

from tests.processing.shelter_layers import EAST, NORTH, Log, box, make_layer, point, rows_of


def line(*xy):
    """Return a line as WKT, metres from the corner of the made-up town."""
    return "LINESTRING(" + ",".join(f"{EAST + x} {NORTH + y}" for x, y in xy) + ")"


def roads(rows=None, crs="EPSG:32719"):
    """A street of 3 km at 36 km/h (10 m/s), and a street that nothing leads to."""
    rows = rows or [
        (line((0, 0), (1000, 0), (2000, 0), (3000, 0)), ["main", "no", "36"]),
        (line((0, 9000), (1000, 9000), (1000, 9500)), ["island", "no", "36"]),
    ]
    return make_layer("LineString", "field=id:string&field=oneway:string&field=maxspeed:string", rows, "streets", crs)


def zones(crs="EPSG:32719"):
    rows = [(point(0, 0), ["west"]), (box(1900, 0, 2100, 20), ["middle"])]
    return make_layer("Point", "field=zone_id:string", rows[:1], "zones", crs) if crs == "points" else make_layer(
        "Polygon", "field=zone_id:string", [(box(-50, -10, 50, 10), ["west"]), rows[1]], "zones", crs
    )  # fmt: skip


def shelters(extra=(), fields="field=site_id:string"):
    rows = [(point(3000, 0), ["far"]), (point(1000, 10), ["near"]), (point(500, 9000), ["island"])]
    return make_layer("Point", fields, [*rows, *extra], "shelters", "EPSG:4326")


def run(log=None, **parameters):
    given = {
        "ZONES": zones(), "SHELTERS": shelters(), "NETWORK": roads(), "OUTPUT": "memory:",
        "OUTPUT_UNREACHABLE": "memory:", **parameters,
    }  # fmt: skip
    return processing.run("evacuation:nearestshelters", given, feedback=log or Log())


def test_the_nearest_come_first_with_route_length_and_time():
    result = run(K=1)
    rows = rows_of(result["OUTPUT"])
    assert [(row["zone_id"], row["shelter_id"], row["rank"]) for row in rows] == [
        ("west", "near", 1),
        ("middle", "far", 1),
    ]
    for row in rows:
        assert row["length_m"] == pytest.approx(1000, rel=2e-3)
        assert row["free_flow_s"] == pytest.approx(row["length_m"] / 10.0, abs=1e-3)
        assert row["distance_km"] == pytest.approx(row["length_m"] / 1000.0, abs=1e-6)
        # 10 m on foot at 1.1 m/s: from the street to "near", and from the middle to the street
        assert row["access_m"] == pytest.approx(10, abs=0.1)
        assert row["access_minutes"] == pytest.approx(row["access_m"] / 1.1 / 60.0, abs=1e-4)
        assert row["minutes"] == pytest.approx(row["free_flow_s"] / 60.0 + row["access_minutes"], abs=2e-4)
    assert result["ROUTES"] == 2 and result["UNREACHABLE"] == 0
    shape = next(result["OUTPUT"].getFeatures()).geometry().asPolyline()
    assert (shape[0].x(), shape[-1].x()) == (pytest.approx(EAST, abs=0.1), pytest.approx(EAST + 1000, abs=0.1))
    assert result["OUTPUT"].crs().authid() == "EPSG:32719"


def test_all_pairs_with_k_0_and_pairs_without_a_route_are_named():
    log = Log()
    result = run(log, K=0)
    pairs = {(row["zone_id"], row["shelter_id"]) for row in rows_of(result["OUTPUT"])}
    assert pairs == {("west", "near"), ("west", "far"), ("middle", "near"), ("middle", "far")}
    missing = rows_of(result["OUTPUT_UNREACHABLE"])
    assert {(row["zone_id"], row["shelter_id"]) for row in missing} == {("west", "island"), ("middle", "island")}
    assert result["UNREACHABLE"] == 2
    assert log.warned("2 pair(s)", "west to island", "middle to island")


def test_reasons_tell_a_place_that_is_not_joined_from_one_without_a_way():
    log = Log()
    result = run(log, K=0, SHELTERS=shelters([(point(1500, 3000), ["field"])]))
    reasons = {row["shelter_id"]: row["reason"] for row in rows_of(result["OUTPUT_UNREACHABLE"])}
    assert "m from the nearest road" in reasons["field"]
    assert "no route" in reasons["island"] or "nearest road" in reasons["island"]
    assert log.warned("SHELTERS", "field", "MAX_SNAP_DISTANCE")


def test_a_zone_that_reaches_nothing_is_named():
    one_way = [(line((3000, 0), (0, 0)), ["a", "yes", "36"]), (line((0, 0), (0, 5000), (3000, 0)), ["b", "no", "36"])]
    lonely = make_layer("Polygon", "field=zone_id:string", [(box(0, 20000, 9, 20009), ["lonely"])], "zones")
    log = Log()
    result = run(log, ZONES=lonely, NETWORK=roads(one_way), K=2)
    assert result["ROUTES"] == 0
    assert log.warned("reach no shelter", "lonely")


def test_a_zone_at_its_shelter_has_a_line_without_length():
    here = make_layer("Point", "field=site_id:string", [(point(0, 0), ["here"])], "shelters")
    (row, _) = rows_of(run(SHELTERS=here)["OUTPUT"])
    assert row["length_m"] == 0.0 and row["free_flow_s"] == 0.0
    feature = next(run(SHELTERS=here)["OUTPUT"].getFeatures())
    assert len(feature.geometry().asPolyline()) == 2


def test_any_status_is_routed_to_and_the_log_says_so():
    log = Log()
    rows = [(point(3000, 0), ["far", "rejected"]), (point(1000, 10), ["near", "selected"])]
    layer = make_layer("Point", "field=site_id:string&field=status:string", rows, "sites")
    assert run(log, SHELTERS=layer, K=0)["ROUTES"] == 4
    assert any("other than “selected”" in line and "far" in line for line in log.said)


def test_output_serves_as_distances_of_the_allocation():
    table = run(K=0)["OUTPUT"]
    people = make_layer(
        "Polygon",
        "field=zone_id:string&field=population:integer",
        [(box(-50, -10, 50, 10), ["west", 10]), (box(1900, 0, 2100, 20), ["middle", 20])],
        "zones",
    )
    rows = [(point(3000, 0), ["far", 50]), (point(1000, 10), ["near", 50])]
    places = make_layer("Point", "field=site_id:string&field=residual:integer", rows, "shelters")
    done = processing.run(
        "evacuation:allocatecrowd",
        {
            "ZONES": people, "SHELTERS": places, "DISTANCES": table, "GROUP_FIELDS": ["population"],
            "OUTPUT": "memory:", "OUTPUT_SHELTERS": "memory:", "OUTPUT_UNALLOCATED": "memory:",
        },
        feedback=Log(),
    )  # fmt: skip
    assert done["ALLOCATED"] == 30
    nearest = {row["zone_id"]: row["distance_km"] for row in rows_of(table) if row["rank"] == 1}
    sent = {row["zone_id"]: row for row in rows_of(done["OUTPUT"])}
    # The middle lies as far from one shelter as from the other: either will do.
    assert {zone: row["distance_km"] for zone, row in sent.items()} == pytest.approx(nearest)
    assert sent["west"]["shelter_id"] == "near"


def test_no_zones_is_a_success_and_no_shelters_an_error(tmp_path):
    log = Log()
    empty = make_layer("Polygon", "field=zone_id:string", [], "nobody")
    assert run(log, ZONES=empty)["ROUTES"] == 0
    assert log.warned("no zones")
    nothing = make_layer("LineString", "field=road_id:string", [], "nothing")
    assert run(log, ZONES=empty, NETWORK=nothing)["ROUTES"] == 0
    assert log.warned("no roads")
    with pytest.raises(QgsProcessingException, match="NETWORK"):
        run(NETWORK=nothing)
    with pytest.raises(QgsProcessingException, match="SHELTERS"):
        run(SHELTERS=make_layer("Point", "field=site_id:string", [], "nothing"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SHELTERS": lambda: shelters([(point(1, 1), ["far"])])}, ("SHELTERS", "same value", "far")),
        ({"ZONE_ID_FIELD": lambda: "name"}, ("ZONE_ID_FIELD", "name", "zone_id")),
        (
            {"NETWORK": lambda: make_layer("LineString", "field=id:string", [], "no streets")},
            ("NETWORK", "no features"),
        ),
    ],
)
def test_bad_input_is_named_with_what_to_mend(changes, words, tmp_path):
    output = tmp_path / "routes.gpkg"
    with pytest.raises(QgsProcessingException) as error:
        run(OUTPUT=str(output), **{name: make() for name, make in changes.items()})
    for word in words:
        assert word in str(error.value)
    assert not output.exists()
