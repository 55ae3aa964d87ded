"""Background on roads that are drawn twice."""

from __future__ import annotations

import pytest
from qgis.core import QgsFeature, QgsProcessingContext, QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, Qt

from evacuation_planner.plugin.layers.moments import Start
from evacuation_planner.plugin.layers.routing.background import background_on, read_background
from tests.layers.road_layers import Log, layer, read, source_of

WEST, EAST = 500_000, 502_000
START = Start(QDateTime.fromString("2026-05-01T08:00:00Z", Qt.DateFormat.ISODate).toSecsSinceEpoch(), 0.0)


@pytest.mark.parametrize(("oneway", "forward", "backward"), [("yes", 10, 30), ("no", 20, 20)])
def test_vehicles_on_any_copy_are_on_the_road(oneway, forward, backward):
    lines = [f"LINESTRING({a} 6700000, {b} 6700000)" for a, b in ((WEST, EAST), (EAST, WEST))]
    fields = "&field=name:string&field=oneway:string"
    network = read(layer(lines, fields, [["out", oneway], ["back", oneway]]), id_field="name",
                   direction_field="oneway").network  # fmt: skip
    assert network.forward.tolist() == [True, False]
    table = QgsVectorLayer("None?field=road:string&field=time:string&field=vehicles:double", "flows", "memory")
    rows = []
    for road, vehicles in (("out", 10), ("back", 30)):
        row = QgsFeature(table.fields())
        row.setAttributes([road, "2026-05-01T08:00:00Z", vehicles])
        rows.append(row)
    assert table.dataProvider().addFeatures(rows)[0]
    log = Log()
    fields = {"road": "road", "time": "time", "value": "vehicles"}
    told = read_background(source_of(table, QgsProcessingContext()), fields, log)
    times, row, vehicles = background_on(told, network, START, log)
    assert times.tolist() == [0]
    assert vehicles[row, 0].tolist() == [forward, backward]
    assert log.warned == []
