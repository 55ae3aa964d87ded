"""The sample city keeps what its README promises."""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"
LIMIT = 6_000_000  # bytes
ON_FOOT = ("near_zones", "towers", "depots", "requests")
TRAFFIC = ("traffic_sensors", "traffic_counts")
STORIES = ("nearfield", "flood", "flood_zones", "closures", *ON_FOOT, *TRAFFIC)


@pytest.fixture(scope="module")
def sample():
    """The sample's GeoPackage, read-only."""
    database = sqlite3.connect(f"file:{SAMPLE / 'sample.gpkg'}?mode=ro&immutable=1", uri=True)
    yield database
    database.close()


def geometries(database, table):
    """Shapely geometries of a layer, in order of its ids."""
    # GeoPackage header: GP, version, flags, SRID, and an envelope whose size the flags give.
    envelope = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
    blobs = [row[0] for row in database.execute(f"SELECT geom FROM {table} ORDER BY fid")]
    return shapely.from_wkb([blob[8 + envelope[(blob[3] >> 1) & 7] :] for blob in blobs])


def column(database, table, name):
    return [row[0] for row in database.execute(f"SELECT {name} FROM {table} ORDER BY fid")]


def strongly_connected(database):
    """(k,) length of each road in degrees, and whether both its ends are in the largest strong component."""
    lines = geometries(database, "roads")
    one_way = np.array(column(database, "roads", "oneway")) == "yes"
    numbers: dict[tuple[float, float], int] = defaultdict(lambda: len(numbers))
    tails, heads = [], []
    for line, single in zip(lines, one_way):
        nodes = [numbers[point] for point in line.coords]
        tails += nodes[:-1] + ([] if single else nodes[1:])
        heads += nodes[1:] + ([] if single else nodes[:-1])
    graph = coo_matrix((np.ones(len(tails)), (tails, heads)), shape=(len(numbers),) * 2)
    _, component = connected_components(graph, directed=True, connection="strong")
    main = np.bincount(component).argmax()
    ends = [(numbers[line.coords[0]], numbers[line.coords[-1]]) for line in lines]
    return shapely.length(lines), np.array([component[a] == main and component[b] == main for a, b in ends])


def test_size_is_capped():
    assert sum(file.stat().st_size for file in SAMPLE.iterdir()) <= LIMIT


def test_people_are_the_sources_and_classes_sum_to_them(sample):
    rows = sample.execute("SELECT population, children, adults, elderly, class_source FROM zones").fetchall()
    assert len(rows) == 133
    assert sum(row[0] for row in rows) == 451_834
    for population, children, adults, elderly, source in rows:
        assert children + adults + elderly == population
        assert min(children, adults, elderly) >= 0
        assert "census 2017" in source


def test_classes_follow_the_census(sample):
    total, children, elderly = sample.execute(
        "SELECT sum(population), sum(children), sum(elderly) FROM zones"
    ).fetchone()
    assert children / total == pytest.approx(164_331 / 757_586, abs=1e-4)
    assert elderly / total == pytest.approx(89_543 / 757_586, abs=1e-4)


def test_every_road_has_speed_lanes_and_their_source(sample):
    rows = sample.execute("SELECT maxspeed, lanes, speed_source, lanes_source, oneway FROM roads").fetchall()
    assert len(rows) == 6_209
    for maxspeed, lanes, speed_source, lanes_source, oneway in rows:
        assert 10 <= float(maxspeed) <= 120
        assert 1 <= float(lanes) <= 8
        assert {speed_source, lanes_source} <= {"osm", "filled by class"}
        assert oneway in ("yes", "no", "-1")
    assert {row[2] for row in rows} == {row[3] for row in rows} == {"osm", "filled by class"}


def test_road_ids_are_unique(sample):
    ids = column(sample, "roads", "road_id")
    assert all(ids) and len(set(ids)) == len(ids)


def test_main_component_holds_the_network(sample):
    length, inside = strongly_connected(sample)
    assert length[inside].sum() / length.sum() > 0.95


def test_geometries_are_valid(sample):
    for table in ("roads", "zones", "sites", "entrances", "hazard", "nearfield", "flood", "flood_zones", *ON_FOOT):
        found = geometries(sample, table)
        assert shapely.is_valid(found).all() and not shapely.is_empty(found).any(), table


def test_illustrative_things_say_so(sample):
    for table in ("sites", "entrances", "hazard", *STORIES):
        assert set(column(sample, table, "illustrative")) == {"yes"}
    assert all("not an official shelter" in note for note in column(sample, "sites", "note"))
    for table in ("hazard", "nearfield", "flood"):
        assert all("not an official hazard map" in label for label in column(sample, table, "label"))
    assert all("not an official vertical shelter" in note for note in column(sample, "towers", "note"))
    assert all("NOT to flee from by car" in label for label in column(sample, "nearfield", "label"))
    assert all("nobody counted here" in note for note in column(sample, "traffic_sensors", "note"))
    assert sample.execute("SELECT DISTINCT borrowed FROM counts").fetchall() == [("yes",)]


def test_people_are_in_the_strip(sample):
    (strip,), zones = geometries(sample, "hazard"), geometries(sample, "zones")
    share = shapely.area(shapely.intersection(zones, strip)) / shapely.area(zones)
    people = (share * np.array(column(sample, "zones", "population"))).sum()
    assert 40_000 < people < 80_000


def test_sites_can_hold_the_people_and_some_are_to_be_rejected(sample):
    (strip,), sites = geometries(sample, "hazard"), geometries(sample, "sites")
    inside = shapely.intersects(sites, strip)
    assert 20 <= len(sites) <= 30 and inside.sum() == 3
    expected = dict(sample.execute("SELECT place, max(upper) FROM occupancy GROUP BY place"))
    area = np.array(column(sample, "sites", "area_m2"))
    room = area * 0.7 / 2.0 - np.array([expected[site] for site in column(sample, "sites", "site_id")])
    assert room[~inside].sum() > 60_000
    # No single site, nor three, can take everybody: the plan needs several.
    assert np.sort(room[~inside])[-3:].sum() < 40_000


def test_sites_stand_beside_the_main_network(sample):
    lines, sites = geometries(sample, "roads"), geometries(sample, "sites")
    _, inside = strongly_connected(sample)
    nearest = shapely.STRtree(lines[inside]).query_nearest(sites, return_distance=True, all_matches=False)[1]
    assert nearest.max() < 0.0005  # degrees, about 50 m


def test_sites_have_the_area_they_say_and_lie_apart(sample):
    sites = geometries(sample, "sites")
    # metres about the city's latitude, 29.95 degrees south: 110,860 m a degree northward, 96,550 m eastward
    area = shapely.area(shapely.transform(sites, lambda xy: xy * (96_550, 110_860)))
    assert area == pytest.approx(column(sample, "sites", "area_m2"), rel=5e-3)
    assert len(shapely.STRtree(sites).query(sites, predicate="intersects")[0]) == len(sites)


def test_every_site_has_entrances_on_its_border_beside_a_street(sample):
    sites = dict(zip(column(sample, "sites", "site_id"), geometries(sample, "sites")))
    owner, gates = column(sample, "entrances", "site_id"), geometries(sample, "entrances")
    assert set(owner) == set(sites) and max(owner.count(site) for site in sites) == 2
    degrees = 1 / 96_550  # of a metre, at most
    assert all(sites[site].exterior.distance(gate) < 0.2 * degrees for site, gate in zip(owner, gates))
    nearest = shapely.STRtree(geometries(sample, "roads")).query_nearest(gates, return_distance=True, all_matches=False)
    assert nearest[1].max() < 26 * degrees


def test_counts_are_whole_weeks_for_every_site(sample):
    sites = column(sample, "sites", "site_id")
    rows = sample.execute(
        "SELECT place, count(*), count(DISTINCT time), min(value) FROM counts GROUP BY place"
    ).fetchall()
    assert [row[0] for row in rows] == sites
    assert all(row[1] == row[2] == 28 * 24 and row[3] >= 0 for row in rows)


def test_counts_follow_the_clock(sample):
    """The source's day begins at six: after the shift, small hours of Saturday and Sunday are the busy ones."""
    night = "SELECT avg(value) FROM counts WHERE strftime('%H', time) = '01' AND strftime('%w', time) IN ({})"
    weekend = sample.execute(night.format("'0', '6'")).fetchone()[0]
    week = sample.execute(night.format("'2', '3'")).fetchone()[0]
    assert weekend > 3 * week


def test_vehicles_are_counted_on_their_road_by_a_profile_of_its_class(sample):
    roads = dict(zip(column(sample, "roads", "road_id"), geometries(sample, "roads")))
    rows = {
        row[0]: row[1:]
        for row in sample.execute(
            "SELECT r.road_id, s.sensor_id, r.highway, r.lanes, count(c.fid), count(DISTINCT c.time), min(c.time), "
            "max(c.time), max(c.value) FROM traffic_sensors s JOIN roads r ON r.road_id = s.road_id JOIN "
            "traffic_counts c ON c.place = s.sensor_id GROUP BY r.road_id"
        )
    }
    assert len(rows) == len(column(sample, "traffic_sensors", "fid")) == 16
    assert sum(row[3] for row in rows.values()) == len(column(sample, "traffic_counts", "fid"))
    degrees = 1 / 111_000
    tree, names = shapely.STRtree(list(roads.values())), list(roads)
    by_class = defaultdict(list)
    for (road, row), point in zip(
        [(road, rows[road]) for road in column(sample, "traffic_sensors", "road_id")],
        geometries(sample, "traffic_sensors"),
    ):
        assert names[tree.nearest(point)] == road and shapely.distance(roads[road], point) < 4 * degrees
        assert row[3:5] == (21 * 24, 21 * 24) and row[5][:13] == "2025-02-19T00" and row[6][:13] == "2025-03-11T23"
        by_class[row[1]].append(row[7] / int(row[2]))
    order = ("motorway", "trunk", "primary", "secondary", "tertiary", "residential")
    means = [np.mean(by_class[kind]) for kind in order]
    assert means == sorted(means, reverse=True) and max(map(max, by_class.values())) < 2000  # an hour and lane
    hours = (
        "SELECT avg(value) FROM traffic_counts WHERE strftime('%H', time) = ? AND strftime('%w', time) IN ('2', '3')"
    )
    night, morning, noon, evening = (sample.execute(hours, [h]).fetchone()[0] for h in ("03", "08", "11", "18"))
    assert night < 0.1 * noon and noon < 0.85 * min(morning, evening)


def test_occupancy_lies_within_the_counts(sample):
    rows = sample.execute(
        "SELECT o.upper, min(c.value), max(c.value), count(*) FROM occupancy o JOIN counts c ON c.place = o.place "
        "AND strftime('%w%H', c.time) = strftime('%w%H', o.time) GROUP BY o.fid"
    ).fetchall()
    assert len(rows) == 24 * 168
    assert all(low <= upper <= high and weeks == 4 for upper, low, high, weeks in rows)


def test_readme_names_origin_and_licences():
    text = (SAMPLE / "README.md").read_text(encoding="utf-8")
    for words in (
        "OpenStreetMap contributors",
        "ODbL",
        "AequilibraE",
        "Heart of the City Auckland",
        "CC BY 4.0",
        "not an official hazard map",
        "451,834",
    ):
        assert words in text


def test_every_field_is_described(sample):
    described = set(sample.execute("SELECT table_name, column_name FROM gpkg_data_columns WHERE description != ''"))
    for table in ("roads", "zones", "sites", "entrances", "hazard", "counts", "occupancy", *STORIES):
        names = [row[1] for row in sample.execute(f"PRAGMA table_info({table})")]
        assert {(table, name) for name in names} - {(table, "fid"), (table, "geom")} <= described


def people_in(database, areas):
    """People inside each area by share of the zones' area."""
    zones, people = geometries(database, "zones"), np.array(column(database, "zones", "population"))
    return [(shapely.area(shapely.intersection(zones, area)) / shapely.area(zones) * people).sum() for area in areas]


def test_the_near_field_tsunami_takes_the_whole_strip_in_minutes(sample):
    (strip,), bands = geometries(sample, "hazard"), geometries(sample, "nearfield")
    arrival = column(sample, "nearfield", "hazard_arrival")
    assert arrival == sorted(arrival) and (arrival[0], arrival[-1]) == (15, 25)
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(bands), strip)) < 1e-6 * strip.area
    # Farther from the sea is later: each band touches the one before, none overlaps another.
    assert all(a.distance(b) < 1e-6 and a.intersection(b).area < 1e-12 for a, b in zip(bands, bands[1:]))
    assert sum(people_in(sample, bands)) == pytest.approx(people_in(sample, [strip])[0], rel=1e-5)


def test_the_flood_grows_for_hours_and_meets_tens_of_thousands(sample):
    bands, arrival = geometries(sample, "flood"), column(sample, "flood", "hazard_arrival")
    assert arrival == list(range(30, 241, 15))
    area = shapely.area(bands)
    assert area.sum() == pytest.approx(shapely.area(shapely.union_all(bands)), rel=1e-5)  # no overlap
    wet = bands[0]
    for band in bands[1:]:
        assert band.distance(wet) < 1e-6
        wet = shapely.union(wet, band)
    assert 25_000 < sum(people_in(sample, bands)) < 50_000


def test_orders_come_before_the_water_and_some_are_left_open(sample):
    rows = sample.execute("SELECT zone_id, first_arrival, order_time FROM flood_zones ORDER BY fid").fetchall()
    bands, arrival = geometries(sample, "flood"), np.array(column(sample, "flood", "hazard_arrival"))
    zones = dict(zip(column(sample, "zones", "zone_id"), geometries(sample, "zones")))
    people = dict(sample.execute("SELECT zone_id, population FROM zones"))
    for zone, first, order in rows:
        inside = shapely.area(shapely.intersection(bands, zones[zone])) / zones[zone].area * people[zone]
        assert first == arrival[inside >= 1.0].min()
        assert order is None or 0 < order <= first - 75
    assert 0 < [row[2] for row in rows].count(None) < len(rows)


def test_closed_bridges_are_roads_that_the_flood_crosses(sample):
    lines = dict(zip(column(sample, "roads", "road_id"), geometries(sample, "roads")))
    names = dict(sample.execute("SELECT road_id, name FROM roads"))
    wet = shapely.union_all(geometries(sample, "flood"))
    rows = sample.execute("SELECT road_id, name, closed_from, closed_to FROM closures").fetchall()
    assert {row[3] is None for row in rows} == {True, False}
    for road, name, begin, end in rows:
        assert names[road] == name and wet.intersects(lines[road])
        assert 0 < begin < (end or 10**6)


def test_tall_buildings_stand_in_the_strip_apart_and_are_vertical(sample):
    (strip,), towers = geometries(sample, "hazard"), geometries(sample, "towers")
    assert len(towers) == 14 and shapely.contains_properly(strip, towers).all()
    assert set(column(sample, "towers", "rule")) == {"vertical"}
    assert len(shapely.STRtree(towers).query(towers, predicate="intersects")[0]) == len(towers)
    # Room as the README says: a quarter of each storey above the third, a person to a square metre, whole tens.
    metres = shapely.area(shapely.transform(towers, lambda xy: xy * (96_550, 110_860)))
    storeys = np.array(column(sample, "towers", "storeys"))
    room = np.array(column(sample, "towers", "capacity"))
    assert np.abs(room - 0.25 * metres * (storeys - 3)).max() < 10 + 0.01 * room.max()


def test_zones_of_the_walk_are_those_that_the_strip_meets_unchanged(sample):
    (strip,), zones = geometries(sample, "hazard"), geometries(sample, "zones")
    share = shapely.area(shapely.intersection(zones, strip)) / shapely.area(zones)
    met = share * np.array(column(sample, "zones", "population")) >= 1.0
    names = "zone_id, population, children, adults, elderly, class_source, geom"
    every = sample.execute(f"SELECT {names} FROM zones ORDER BY fid").fetchall()
    assert sample.execute(f"SELECT {names} FROM near_zones ORDER BY fid").fetchall() == [
        row for row, inside in zip(every, met) if inside
    ]
    assert all(0.2 <= carless <= 0.7 for carless in column(sample, "near_zones", "carless"))


def test_requests_become_known_over_time_and_fit_into_the_buses(sample):
    names = "people, wheelchairs, ready_time, known_time, probability"
    requests = sample.execute(f"SELECT {names} FROM requests").fetchall()
    depots = sample.execute("SELECT max(seats), max(wheelchair_places), sum(vehicles) FROM depots")
    seats, places, fleet = depots.fetchone()
    assert (len(requests), fleet) == (40, 10)
    assert all(0 <= wheelchairs <= people <= seats for people, wheelchairs, *_ in requests)
    assert 0 < places < max(row[1] for row in requests)  # some have to be divided, or go by the small buses
    known = [row[3] for row in requests if row[3] is not None]
    assert known.count(0) > 5 and max(known) > 60 and all(row[3] >= row[2] for row in requests if row[3])
    # Whom nobody expects and who never calls would be nobody.
    assert all(0 < row[4] < 1 for row in requests if row[3] is None)
    assert any(row[4] is not None and row[3] is not None for row in requests)
    inside = shapely.intersects(geometries(sample, "hazard")[0], geometries(sample, "requests"))
    assert (
        0 < inside.sum() < len(requests)
        and not shapely.intersects(geometries(sample, "hazard")[0], geometries(sample, "depots")).any()
    )


def test_the_ground_rises_from_the_shore_and_lies_under_every_road(sample):
    gdal = pytest.importorskip("osgeo.gdal")
    from sample.projection import to_metres

    raster = gdal.Open(str(SAMPLE / "elevation.tif"))
    band, (west, cell, _, north, _, step) = raster.GetRasterBand(1), raster.GetGeoTransform()
    values = band.ReadAsArray()
    assert "Illustrative" in raster.GetMetadataItem("TIFFTAG_IMAGEDESCRIPTION") and band.GetUnitType() == "m"

    def there(geometry):
        x, y = shapely.get_coordinates(to_metres(geometry)).T
        rows, columns = (y - north) / step, (x - west) / cell
        half = (-0.5, 0.5)  # to the four cells that a bilinear interpolation takes
        return np.array([values[(rows + a).astype(int), (columns + b).astype(int)] for a in half for b in half])

    assert there(shapely.union_all(geometries(sample, "roads"))).min() > 0.0
    bands = geometries(sample, "nearfield")
    means = [there(area).mean() for area in bands]
    assert means == sorted(means) and means[0] < 5.0 and there(bands[-1]).max() < 25.0
    assert there(shapely.union_all(geometries(sample, "sites"))).mean() > means[-1]


@pytest.fixture(params=["sample", "sample_flood", "sample_nearfield", "sample_nearfield_on_foot"])
def project(request, qgis_app, tmp_path):
    """A copy of a ready project: QGIS changes the header of a GeoPackage that it opens."""
    qgis = pytest.importorskip("qgis.core")
    for file in SAMPLE.iterdir():
        shutil.copy(file, tmp_path)
    opened = qgis.QgsProject()
    assert opened.read(str(tmp_path / f"{request.param}.qgz"))
    return opened


def test_project_opens_with_every_layer(project, tmp_path):
    layers = list(project.mapLayers().values())
    name = Path(project.fileName()).stem
    near, walk = "nearfield" in name, "on_foot" in name
    counts = {"sample": 9, "sample_flood": 9, "sample_nearfield": 7, "sample_nearfield_on_foot": 12}
    assert len(layers) == counts[name] and all(layer.isValid() for layer in layers)
    assert all(layer.source().startswith(str(tmp_path)) for layer in layers)
    heights = [layer for layer in layers if layer.source().endswith(".tif")]
    assert len(heights) == walk and all(layer.renderer().type() == "singlebandpseudocolor" for layer in heights)
    layers = [layer for layer in layers if layer not in heights]
    assert all(layer.featureCount() > 0 for layer in layers)
    assert project.title() and project.crs().authid() == "EPSG:32719"
    by_table = {layer.source().split("layername=")[1]: layer for layer in layers}
    assert by_table["roads"].renderer().type() == "categorizedSymbol"
    assert by_table["zones"].renderer().type() == "graduatedSymbol"
    assert not project.viewSettings().defaultViewExtent().isNull()
    assert ("what NOT to do" in project.title()) == (near and not walk)
    assert ("12 minutes on foot" in project.metadata().abstract()) == near


def test_the_temporal_controller_plays_the_water_from_each_project(project):
    from qgis.core import (
        QgsDateTimeRange,
        QgsExpressionContext,
        QgsExpressionContextUtils,
        QgsFeatureRequest,
        QgsVectorLayerTemporalContext,
    )

    settings = project.timeSettings()
    period = settings.temporalRange()
    assert period.begin().toString("yyyy-MM-ddTHH:mm:ss") == "2025-03-12T10:00:00" and settings.timeStep() == 5
    plays = [
        layer
        for layer in project.mapLayers().values()
        if layer.isSpatial() and layer.temporalProperties() and layer.temporalProperties().isActive()
    ]
    assert len(plays) == (0 if project.fileName().endswith("sample.qgz") else 1)
    for layer in plays:
        arrival = [feature["hazard_arrival"] for feature in layer.getFeatures()]
        assert period.end() >= period.begin().addSecs(60 * max(arrival))
        context = QgsVectorLayerTemporalContext()
        context.setLayer(layer)
        scopes = QgsExpressionContext()
        scopes.appendScope(QgsExpressionContextUtils.projectScope(project))
        for minute in range(0, 270, 5):
            begin = period.begin().addSecs(60 * minute)
            frame = QgsDateTimeRange(begin, begin.addSecs(300), True, False)
            request = QgsFeatureRequest()
            request.setFilterExpression(layer.temporalProperties().createFilterString(context, frame))
            request.setExpressionContext(scopes)
            shown = sorted(feature["hazard_arrival"] for feature in layer.getFeatures(request))
            assert shown == sorted(value for value in arrival if value < minute + 5)
