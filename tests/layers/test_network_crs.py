"""Lengths and working CRS whatever the layer's own, measured against QGIS's own ellipsoidal measure."""

from __future__ import annotations

import numpy as np
import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsDistanceArea,
    QgsGeometry,
)

from evacuation_planner.plugin.layers.transforming import transform_vertices
from tests.layers.road_layers import Log, layer, read

TRANSFORMS = QgsCoordinateTransformContext()
LA_SERENA, TONGA, LAPLAND, NEW_YORK = (-71.25, -29.9), (179.999, -17.0), (25.0, 68.5), (-74.0, 40.7)


def streets(centre: tuple[float, float], crs: str, count: int = 60) -> list[QgsGeometry]:
    """Return crooked lines about a place, a few hundred metres each, in a CRS."""
    draw = np.random.default_rng(5)
    transform = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem(crs), TRANSFORMS
    )
    found = []
    for _ in range(count):
        walk = np.cumsum(np.vstack([draw.uniform(-0.05, 0.05, 2), draw.normal(0, 0.002, (4, 2))]), axis=0) + centre
        geometry = QgsGeometry.fromWkt("LINESTRING(" + ",".join(f"{x:.9f} {y:.9f}" for x, y in walk) + ")")
        geometry.transform(transform)
        found.append(geometry)
    return found


@pytest.mark.parametrize("ellipsoid", ["EPSG:7030", "EPSG:7019", "EPSG:7022"])
@pytest.mark.parametrize(
    ("centre", "crs"),
    [
        (LA_SERENA, "EPSG:4326"),
        (LA_SERENA, "EPSG:32719"),
        (LA_SERENA, "EPSG:3857"),
        (LA_SERENA, "EPSG:5361"),
        (LAPLAND, "EPSG:3067"),
        (NEW_YORK, "EPSG:2263"),
        (NEW_YORK, "EPSG:4269"),
    ],
)
def test_lengths_are_those_of_qgis(centre, crs, ellipsoid):
    lines = streets(centre, crs)
    measure = QgsDistanceArea()
    measure.setSourceCrs(QgsCoordinateReferenceSystem(crs), TRANSFORMS)
    measure.setEllipsoid(ellipsoid)
    expected = [measure.measureLength(line) for line in lines]
    network = read(layer(lines, crs=crs), ellipsoid=ellipsoid, tolerance=0).network
    by_road = np.bincount(network.piece_road, weights=network.piece_lengths())
    assert by_road == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("none", ["NONE", "", "no such ellipsoid"])
def test_without_an_ellipsoid_the_crs_has_one(none):
    lines = streets(LA_SERENA, "EPSG:4326", 5)
    chosen = read(layer(lines, crs="EPSG:4326"), ellipsoid="EPSG:7030").network
    assert read(layer(lines, crs="EPSG:4326"), ellipsoid=none).network.length == pytest.approx(chosen.length)


@pytest.mark.parametrize(
    ("centre", "crs", "working"),
    [
        (LA_SERENA, "EPSG:4326", "EPSG:32719"),
        (LA_SERENA, "EPSG:3857", "EPSG:32719"),  # metres on paper, 15 % too long
        (LA_SERENA, "EPSG:32719", "EPSG:32719"),
        (LAPLAND, "EPSG:3067", "EPSG:3067"),  # a national grid true to scale is kept
        (NEW_YORK, "EPSG:2263", "EPSG:32618"),  # feet
        (TONGA, "EPSG:4326", "EPSG:32760"),
        ((-179.8, -17.0), "EPSG:3832", "EPSG:32701"),
    ],
)
def test_the_working_crs_is_metric_and_said(centre, crs, working):
    log = Log()
    found = read(layer(streets(centre, crs), crs=crs), log=log)
    assert found.crs.authid() == working
    assert any(f"working in {working}" in text for text in log.said)
    start, xy = found.network.piece_start, found.network.piece_xy
    drawn = [np.hypot(*np.diff(xy[a:b], axis=0).T).sum() for a, b in zip(start[:-1], start[1:])]
    assert drawn == pytest.approx(found.network.piece_lengths(), rel=6e-3)


def test_roads_on_both_sides_of_the_date_line_stay_together():
    lines = ["LINESTRING(179.99 -17, 179.999 -17)", "LINESTRING(-179.99 -17, -179.999 -17)"]
    found = read(layer(lines, crs="EPSG:4326"))
    assert np.ptp(found.network.node_xy[:, 0]) < 3000


def test_a_wide_network_gets_a_projection_of_its_own():
    found = read(layer(["LINESTRING(-10 40, 0 45)", "LINESTRING(0 45, 30 60)"], crs="EPSG:4326"))
    assert "laea" in found.crs.toProj()
    assert not found.crs.isGeographic()
    far_north = read(layer(["LINESTRING(10 86, 12 86.2)"], crs="EPSG:4326"))
    assert "laea" in far_north.crs.toProj()


def test_one_position_without_an_image_does_not_spoil_the_others():
    wgs, utm = QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem("EPSG:32719")
    moved = transform_vertices(np.array([[-71.0, -30], [-71, 1e30], [-71.1, -30]]), wgs, utm, TRANSFORMS)
    assert np.isfinite(moved[[0, 2]]).all()
    assert np.isnan(moved[1]).all()
    back = transform_vertices(moved[[0, 2]], utm, wgs, TRANSFORMS)
    assert back == pytest.approx(np.array([[-71, -30], [-71.1, -30]]), abs=1e-9)
    assert transform_vertices(np.empty((0, 2)), wgs, utm, TRANSFORMS).shape == (0, 2)
