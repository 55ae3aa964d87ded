"""The tables of published plans have every column of the outputs that go there; the outputs are told apart."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsVectorLayer

from evacuation_planner.plugin.layers.allocation.columns import SHELTERS, UNALLOCATED
from evacuation_planner.plugin.layers.fields import make_field
from evacuation_planner.plugin.layers.routing.caught_rows import CAUGHT
from evacuation_planner.plugin.layers.routing.door_rows import DOORS
from evacuation_planner.plugin.layers.routing.flow_rows import FLOWS
from evacuation_planner.plugin.layers.routing.mode_rows import MODE
from evacuation_planner.plugin.layers.routing.outputs import CLEARANCE, ROADS, UNROUTED
from evacuation_planner.plugin.layers.routing.route_rows import ROUTES
from evacuation_planner.plugin.layers.sharing.plan_tables import TABLES, table_of
from evacuation_planner.plugin.layers.shelters.outputs import COLUMNS as SITES

KINDS = {"text": "text", "int": "bigint", "float": "double precision", "datetime": "timestamp"}
BY_NAME = {table.name: table for table in TABLES}


@pytest.mark.parametrize("name, columns, kind", [
    ("route", [*ROUTES, MODE], "LineString"),
    ("road", [*ROADS, MODE], "LineString"),
    ("flow", FLOWS, "LineString"),
    ("clearance", [*CLEARANCE, MODE], "None"),
    ("shelter", SHELTERS, "Point"),
    ("shelter", SHELTERS, "Polygon"),
    ("shelter", SITES, "Point"),
    (None, UNROUTED, "LineString"),
    (None, UNALLOCATED, "Polygon"),
    (None, CAUGHT, "Point"),
    (None, DOORS, "Point"),
])  # fmt: skip
def test_every_column_of_an_output_has_its_own(name, columns, kind):
    layer = QgsVectorLayer("None?" if kind == "None" else f"{kind}?crs=EPSG:4326", "any", "memory")
    layer.dataProvider().addAttributes([make_field(column) for column in columns])
    layer.updateFields()
    table = table_of(layer)
    assert (table and table.name) == name
    if table is not None:
        filled = table.sources([column.name for column in columns])
        assert set(filled.values()) == {column.name for column in columns}
        wanted = {column.name: KINDS[column.kind] for column in columns}
        assert {field: table.columns[column] for column, field in filled.items()} == wanted
