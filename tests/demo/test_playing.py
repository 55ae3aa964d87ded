"""The animation of the demo: few frames, roads that fill and clear, water that comes and stays."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("qgis.core")
Image = pytest.importorskip("PIL.Image")

from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsProject, QgsVectorLayer
from qgis.PyQt.QtGui import QColor, QImage

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "scripts") not in sys.path:
    sys.path.insert(0, str(ROOT / "scripts"))

from demonstration import play
from sample import playing

BEGIN = "2025-03-12T10:00:00"
ROAD, WATER = QColor("#7fa6c9"), QColor(38, 148, 138)


@pytest.mark.parametrize(
    ("minutes", "first", "frames"), [(0, [0], 1), (12, [0, 5, 10], 3), (195, [0, 5], 40), (200, [0, 10], 21)]
)
def test_frames_are_whole_steps_and_at_most_forty(minutes, first, frames):
    times = play.frame_times(minutes)
    assert times[: len(first)] == first and len(times) == frames


@pytest.fixture
def project(qgis_app):
    """A road used from minute 10 to 20 and a square that is under water from minute 30 on."""
    made = QgsProject.instance()
    made.clear()
    flows = QgsVectorLayer(
        "LineString?crs=EPSG:32719&field=entered:integer&field=delay_s:double&field=begin:datetime&field=end:datetime",
        play.FLOWS,
        "memory",
    )
    begin = playing.moment(BEGIN)
    for minute in (10, 15):
        feature = QgsFeature(flows.fields())
        feature.setGeometry(QgsGeometry.fromPolylineXY([QgsPointXY(0, 800), QgsPointXY(1000, 800)]))
        feature.setAttributes([5, 0.0, begin.addSecs(60 * minute), begin.addSecs(60 * (minute + 5))])
        flows.dataProvider().addFeature(feature)
    flows.loadNamedStyle(str(ROOT / "resources" / "styles" / "routeevacuation_output_flows.qml"))
    water = QgsVectorLayer("Polygon?crs=EPSG:32719&field=hazard_arrival:integer", play.WATER, "memory")
    feature = QgsFeature(water.fields())
    feature.setGeometry(QgsGeometry.fromWkt("POLYGON((0 100, 1000 100, 1000 500, 0 500, 0 100))"))
    feature.setAttributes([30])
    water.dataProvider().addFeature(feature)
    play.STYLES["flood"](water)
    playing.set_time(made, BEGIN, playing.after(BEGIN, 45), 5)
    for layer in (water, flows):  # the last one on top
        made.addMapLayer(layer)
    made.viewSettings().setDefaultViewExtent(
        play.QgsReferencedRectangle(play.extent_of(made, play.MOVING), play.QgsCoordinateReferenceSystem(play.CRS))
    )
    made.setCrs(play.QgsCoordinateReferenceSystem(play.CRS))
    yield made
    made.clear()


def shown(picture: QImage, colour: QColor) -> bool:
    """Whether the middle of the picture, without title and key, has more than a few dots of about a colour."""
    near = 0
    for x in range(0, picture.width(), 4):
        for y in range(60, picture.height() - 140, 4):
            dot = picture.pixelColor(x, y)
            near += abs(dot.hue() - colour.hue()) < 12 and dot.saturation() > 40
    return near > 20


def test_roads_fill_and_clear_and_the_water_stays(project):
    pictures = play.frames(project, {"title": "Test", "begin": BEGIN, "minutes": 45})
    times = play.frame_times(45)
    assert [minute for minute, one in zip(times, pictures) if shown(one, ROAD)] == [10, 15]
    assert [minute for minute, one in zip(times, pictures) if shown(one, WATER)] == [30, 35, 40, 45]


def test_the_animation_has_every_frame_and_repeats(project, tmp_path):
    pictures = play.frames(project, {"title": "Test", "begin": BEGIN, "minutes": 15})
    play.write_gif(pictures, tmp_path / "made.gif")
    with Image.open(tmp_path / "made.gif") as image:
        assert image.info["loop"] == 0 and image.n_frames == len(pictures) == 4
        assert image.size == (play.SIZE.width(), play.SIZE.height())
