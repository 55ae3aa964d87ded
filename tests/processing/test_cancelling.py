"""Cancelling is looked for while layers are read, lines are drawn and reports are written."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("qgis.core")

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsVectorLayer,
)

from evacuation_planner.plugin.layers import shapes
from evacuation_planner.plugin.layers.roads import route_geometry
from evacuation_planner.plugin.solvers.errors import Cancelled
from evacuation_planner.processing_provider.base import EvacuationAlgorithm


def test_going_through_features_stops_soon(monkeypatch):
    monkeypatch.setattr(shapes, "LOOK_EVERY", -1.0)  # at every feature
    layer = QgsVectorLayer("Point?crs=EPSG:4326", "points", "memory")
    for _ in range(10):
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt("Point (1 1)"))
        layer.dataProvider().addFeature(feature)
    source = QgsProcessingFeatureSource(layer, QgsProcessingContext())
    assert len(list(shapes.features_of(source))) == 10
    answers = iter([False, False, False, True])
    source.cancelled = lambda: next(answers)
    seen = []
    with pytest.raises(Cancelled):
        for feature in shapes.features_of(source):
            seen.append(feature)
    assert len(seen) == 3


def test_lines_are_drawn_as_they_are_asked_for():
    crs = QgsCoordinateReferenceSystem("EPSG:32650")
    endless = (np.array([[500000.0, k], [500001.0, k]]) for k in itertools.count())
    lines = route_geometry.lines_in(SimpleNamespace(crs=crs), endless, crs, QgsProcessingContext())
    drawn = [line.asWkt(0) for line in itertools.islice(lines, 3 * route_geometry.TOGETHER // 2)]
    assert drawn[0] == "LineString (500000 0, 500001 0)"
    assert drawn[-1].startswith(f"LineString (500000 {len(drawn) - 1},")


def test_a_report_finished_after_cancelling_is_taken_away(tmp_path):
    algorithm, path = EvacuationAlgorithm(), tmp_path / "report.html"
    algorithm.feedback = QgsProcessingFeedback(False)
    with algorithm.reporting("OUTPUT_HTML", str(path)):
        path.write_text("whole")
    assert algorithm.standing == [f"OUTPUT_HTML ({path})"]
    with pytest.raises(Cancelled), algorithm.reporting("OUTPUT_HTML", str(path)):
        path.write_text("again")
        algorithm.feedback.cancel()
    assert not path.exists()
