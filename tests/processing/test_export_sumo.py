"""``evacuation:exportsumo``: what stands in the files, read by a reader of our own."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import processing
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import QgsProcessingException

from tests.processing.plan_tables import planned
from tests.processing.routing_layers import Log, at, background, layer, line, roads, trips
from tests.processing.test_plan_tables import ENDS, case

ODD = 'R&D "Park" <1>'
FILES = {
    "plan.nod.xml", "plan.edg.xml", "plan.con.xml", "plan.netccfg", "plan.net.xml", "plan.add.xml", "plan.rou.xml",
    "plan.sumocfg",
}  # fmt: skip


def export(made, folder: Path, log=None, **parameters):
    given = {key: value for key, value in parameters.items() if key not in ("TRIPS", "ORIGINS", "DEPARTURE_WINDOW")}
    base = {"NETWORK": roads(), "NETWORK_ID_FIELD": "road_id", **made.tables, "FOLDER": str(folder)}
    return processing.run("evacuation:exportsumo", {**base, **given}, feedback=log or Log())


def root(folder: Path, name: str) -> ElementTree.Element:
    return ElementTree.parse(folder / name).getroot()


def edges_of(folder: Path) -> dict[str, dict]:
    return {edge.get("id"): dict(edge.attrib) for edge in root(folder, "plan.edg.xml")}


def tau_of(folder: Path) -> dict[str, float]:
    return {kind.get("id"): float(kind[0].get("tauff")) for kind in root(folder, "plan.add.xml")}


def test_every_vehicle_has_a_way_of_connected_edges_and_departures_are_sorted(tmp_path):
    given = case()
    made, log = planned(**given), Log()
    found = export(made, tmp_path / "sumo", log, **given)
    folder = tmp_path / "sumo"
    assert {path.name for path in folder.iterdir()} == FILES and found["FOLDER"] == str(folder)
    edges = edges_of(folder)
    nodes = {node.get("id") for node in root(folder, "plan.nod.xml")}
    assert all({edge["from"], edge["to"]} <= nodes for edge in edges.values())
    exits = {name for name in edges if name.startswith("exit")}
    assert found["EDGES"] == len(edges) - len(exits) == int(made.case.read.network.is_road.sum()) and exits
    turns = {(c.get("from"), c.get("to")) for c in root(folder, "plan.con.xml")}
    assert all(edges[a]["to"] == edges[b]["from"] for a, b in turns)
    traffic = root(folder, "plan.rou.xml")
    routes = {route.get("id"): route.get("edges").split() for route in traffic.iter("route")}
    vehicles = list(traffic.iter("vehicle"))
    assert len(vehicles) == found["VEHICLES"] == 390
    for vehicle in vehicles:
        way = routes[vehicle.get("route")]
        assert all(pair in turns for pair in zip(way, way[1:])) and way[-1] in exits and not exits & {*way[:-1]}
    departures = [float(vehicle.get("depart")) for vehicle in vehicles]
    assert departures == sorted(departures)
    told = {f.attribute("vehicle"): f.attribute("departure_s") for f in made.plan.getFeatures()}
    assert {int(v.get("id")[1:]): float(v.get("depart")) for v in vehicles} == told
    assert [path.tag for path in root(folder, "plan.sumocfg")][0] == "input" and "plan.net.xml" in (
        folder / "plan.sumocfg"
    ).read_text(encoding="utf-8")
    # arrivals of the flow model present, under which the plan was made, are not those of queues: it is said
    assert len(log.warnings) == 1 and "do not arrive when PLAN says" in log.warnings[0]


def test_times_capacities_and_rooms_are_ours(tmp_path):
    street = layer(
        "LineString", "&field=road_id:string&field=lanes:double&field=capacity:double&field=maxspeed:double",
        [(line((0, 0), (600, 0)), ["a", 4, 500, 36]), (line((600, 0), (620, 0)), ["b", 2, 900, 72])], "streets",
    )  # fmt: skip
    given = {"NETWORK": street, "TRIPS": trips([(line((0, 0), (620, 0)), ["z", "s", 9])])}
    export(planned(**given), tmp_path, **given)
    edges, tau = edges_of(tmp_path), tau_of(tmp_path)
    for road, metres, seconds, lanes, capacity in (("a", 600, 60, 2, 500), ("b", 20, 1, 1, 900)):
        own = [e for e in root(tmp_path, "plan.edg.xml") if e.find("param") is not None and e[0].get("value") == road]
        assert len(own) == 2
        for edge in (edges[e.get("id")] for e in own):
            length, speed = float(edge["length"]), float(edge["speed"])
            assert length / speed == pytest.approx(seconds, rel=1e-3) and int(edge["numLanes"]) == lanes
            room = max(int(lanes * metres * 1.0004 / 7.5), int(np.ceil(capacity * seconds / 3600)))
            assert length * lanes / 7.5 == pytest.approx(room)
            assert lanes * 3600 / (tau[edge["type"]] + 7.5 / speed) == pytest.approx(capacity, rel=1e-4)


def test_the_network_that_sumo_reads_is_that_of_the_plain_files(tmp_path):
    given = case()
    export(planned(**given), tmp_path, **given)
    plain, net = edges_of(tmp_path), root(tmp_path, "plan.net.xml")
    built = {edge.get("id"): edge for edge in net.iter("edge")}
    assert set(built) == set(plain)
    for name, edge in plain.items():
        lanes = list(built[name].iter("lane"))
        assert (built[name].get("from"), built[name].get("to")) == (edge["from"], edge["to"])
        assert len(lanes) == int(edge["numLanes"]) and built[name].get("type") == edge["type"]
        assert {(lane.get("speed"), lane.get("length")) for lane in lanes} == {(edge["speed"], edge["length"])}
    into = {junction.get("id"): set(junction.get("incLanes").split()) for junction in net.iter("junction")}
    for name, edge in plain.items():
        assert {f"{name}_{k}" for k in range(int(edge["numLanes"]))} <= into[edge["to"]]
    keys = ("from", "to", "fromLane", "toLane")
    assert [tuple(c.get(k) for k in keys) for c in net.iter("connection")] == [
        tuple(c.get(k) for k in keys) for c in root(tmp_path, "plan.con.xml")
    ]


def test_names_with_signs_of_xml_come_back_as_they_are(tmp_path):
    street = layer(
        "LineString", "&field=road_id:string&field=name:string", [(line((0, 0), (600, 0)), ["<&>", ODD])], "streets"
    )
    given = {"NETWORK": street, "TRIPS": trips([(line((0, 0), (600, 0)), ["a'b", 'é"', 3])])}
    export(planned(**given), tmp_path, **given)
    edges = root(tmp_path, "plan.edg.xml").findall("edge")
    assert {e.get("name") for e in edges if not e.get("id").startswith("exit")} == {ODD}
    assert {p.get("value") for e in edges for p in e.iter("param")} == {"<&>"}
    vehicle = next(root(tmp_path, "plan.rou.xml").iter("vehicle"))
    told = {param.get("key"): param.get("value") for param in vehicle}
    assert told == {"origin_id": "a'b", "destination_id": 'é"', "people": "1", "order_s": "0.000000"}


def test_who_starts_at_a_door_is_not_written(tmp_path):
    given = case(TRIPS=trips([(line((1900, 10), (1900, 10)), ["s0", "s", 5]), (ENDS, ["a", "s", 7])]))
    log = Log()
    found = export(planned(**given), tmp_path, log, **given)
    assert found["VEHICLES"] == 7 == len(list(root(tmp_path, "plan.rou.xml").iter("vehicle")))
    assert "5 start at a door" in log.text


def test_background_and_factor_lower_what_roads_let_pass(tmp_path):
    plain = {"TRIPS": trips([(line((0, 0), (2000, 0)), ["a", "s", 5])]), "METHOD": 0}
    made = planned(**plain)
    least = {}
    for name, more in {
        "plain": {},
        "half": {"CAPACITY_FACTOR": 0.5},
        "others": {"BACKGROUND": background([["west", "0", 30.0], ["west", "100", 1.0], ["west", "90000", 5e4]])},
    }.items():
        export(made, tmp_path / name, **plain, **more)
        edges, tau = edges_of(tmp_path / name), tau_of(tmp_path / name)
        least[name] = {
            p.get("value"): int(edges[e.get("id")]["numLanes"])
            * 3600 / (tau[e.get("type")] + 7.5 / float(e.get("speed")))
            for e in root(tmp_path / name, "plan.edg.xml") for p in e.iter("param")
        }  # fmt: skip
    assert least["plain"]["west"] == pytest.approx(900) and least["half"]["west"] == pytest.approx(450, rel=1e-4)
    assert least["others"]["west"] == pytest.approx(900 - 3600 * 15 / 100, rel=2e-3)  # half of 30 on each direction
    assert least["others"]["east"] == pytest.approx(900)


def test_nothing_half_written_is_left(tmp_path, monkeypatch):
    given = case()
    made = planned(**given)
    from evacuation_planner.plugin.solvers.routing import sumo_files

    def broken(writer):
        yield "<vehicle/>"
        raise OSError("no space left")

    folder = tmp_path / "sumo"
    with monkeypatch.context() as patch:
        patch.setattr(sumo_files._Writer, "routes", broken)
        with pytest.raises(QgsProcessingException, match="no space left"):
            export(made, folder, **given)
        assert not folder.exists()
    export(made, folder, **given)
    (folder / "mine.txt").write_text("mine")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(sumo_files._Writer, "routes", broken)
        with pytest.raises(QgsProcessingException, match="no space left"):
            export(made, folder, **given)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    export(made, folder, **given)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before  # and the same twice


def test_wrong_input_is_a_sentence(tmp_path):
    given = case()
    made = planned(**given)

    def failure(**more):
        with pytest.raises(QgsProcessingException) as caught:
            export(made, **{"folder": tmp_path / "x", **given, **more})
        assert not (tmp_path / "x").exists()
        return str(caught.value)

    (tmp_path / "file").write_text("")
    assert "is a file, not a folder" in failure(folder=tmp_path / "file")
    few = layer("LineString", "&field=road_id:string", [(line((0, 0), (1000, 0)), ["west"])], "few")
    assert "the network has no road “" in failure(NETWORK=few)
    strange = layer("Point", "&field=site_id:string", [(f"POINT({at(0, 0)})", ["elsewhere"])], "shelters")
    assert "a destination of PLAN" in failure(DESTINATIONS=strange)


def test_a_plan_without_vehicles_is_roads_alone_and_a_temporary_folder_will_do():
    given = case(ENTRANCES=None)
    made = planned(**given)
    for table in (made.plan, made.plan_paths):
        table.dataProvider().truncate()
    found = export(made, "TEMPORARY_OUTPUT", **given)
    folder = Path(found["FOLDER"])
    assert {path.name for path in folder.iterdir()} == FILES
    assert found["VEHICLES"] == 0 and found["EDGES"] == len(edges_of(folder)) > 0
