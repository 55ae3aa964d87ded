"""What of hazard and closures becomes known when, as the algorithms that ask for it read it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("shapely")

from qgis.core import QgsProcessingContext, QgsProcessingUtils

from evacuation_planner.plugin.layers.closing.closures import ClosureFields, read_closures
from evacuation_planner.plugin.layers.closing.danger import DangerLayers
from evacuation_planner.plugin.layers.closing.hazard_layers import read_hazard_layers
from evacuation_planner.plugin.layers.errors import LayerError
from evacuation_planner.plugin.layers.moments import Start
from evacuation_planner.plugin.layers.roads.network import read_network
from evacuation_planner.plugin.layers.roads.options import NetworkOptions
from evacuation_planner.plugin.solvers.control import Control
from tests.processing.closing_layers import box
from tests.processing.routing_layers import Log, layer, roads

START = Start(946_684_800.0)
INF = float("inf")


KEPT = []  # layers and contexts that sources read from


def source(made):
    context = QgsProcessingContext()
    found = QgsProcessingUtils.variantToSource(made, context)
    KEPT.append((made, context, found))
    return found


def layers(polygons=(), rows=(), known="double"):
    """Polygons (wkt, arrival, known) and closures (from, to, road, known) as layers of danger."""
    hazard = closures = None
    if polygons:
        fields = f"&field=hazard_arrival:double&field=known_time:{known}"
        flood = layer("Polygon", fields, [(wkt, list(values)) for wkt, *values in polygons], "flood")
        hazard = read_hazard_layers(source(flood), "hazard_arrival", None, 60.0, 0.0, Log(), "known_time")
    if rows:
        fields = f"&field=closed_from:double&field=closed_to:double&field=road_id:string&field=known_time:{known}"
        works = layer("None", fields, [(None, list(values)) for values in rows], "works")
        names = ClosureFields("closed_from", "closed_to", "road_id", known="known_time")
        closures = read_closures(source(works), names, Log())
    return DangerLayers(hazard, closures, START)


def danger(given):
    log = Log()
    read = read_network(
        source(roads()), NetworkOptions(id_field="road_id"), None, QgsProcessingContext(), log, Control(), given
    )
    return read, log


def test_each_closing_keeps_the_moment_from_which_it_is_known() -> None:
    inner, outer = box(1800, -50, 2100, 50), box(1500, -50, 2100, 50)
    given = layers([(inner, 10.0, None), (outer, 30.0, 20.0)], [(5.0, None, "up", 40.0), (7.0, None, "up", None)])
    found = danger(given)[0].danger
    rows = {
        (found.closings.since[k], found.closings.until[k], bool(found.closings.catches[k]), found.known[k])
        for k in range(len(found.known))
    }
    assert rows == {
        (600.0, INF, True, -INF), (1800.0, INF, True, 1200.0), (300.0, INF, False, 2400.0), (420.0, INF, False, -INF),
    }  # fmt: skip
    assert [level.since for level in found.levels] == [-INF, 1200.0]
    assert found.levels[-1].arrivals is found.arrivals
    assert given.known_moments(Log()) == [1200.0, 2400.0]


def test_what_is_known_by_a_moment_is_a_part_of_the_layers() -> None:
    given = layers([(box(1800, -50, 2100, 50), 10.0, 20.0)], [(5.0, None, "up", 40.0), (7.0, None, "up", 0.0)])
    for moment, polygons, rows in ((0.0, 0, 1), (1199.0, 0, 1), (1200.0, 1, 1), (2400.0, 1, 2)):
        some = given.known_by(moment, Log())
        assert (len(some.hazard.shapes), len(some.closures)) == (polygons, rows)


def test_a_road_closed_from_the_beginning_but_known_later_stays_in_the_network() -> None:
    always = layers(rows=[(None, None, "up", None)])
    later = layers(rows=[(None, None, "up", 30.0)])
    without, _ = danger(always)
    found, _ = danger(later)
    assert "up" not in {without.network.arc_road(arc) for arc in range(without.network.arc_count)}
    assert "up" in {found.network.arc_road(arc) for arc in range(found.network.arc_count)}
    assert (found.danger.closings.since == -INF).all() and (found.danger.known == 1800.0).all()


def test_texts_are_dates_or_an_error_that_names_the_field() -> None:
    given = layers(rows=[(5.0, None, "up", "2000-01-01T00:40:00")], known="string")
    assert np.isclose(given.known_moments(Log()), [2400.0]).all()
    with pytest.raises(LayerError, match="CLOSURES_KNOWN_FIELD.*“soon”.*neither a number of minutes"):
        layers(rows=[(5.0, None, "up", "soon")], known="string")
    with pytest.raises(LayerError, match="HAZARD_KNOWN_FIELD.*“later”"):
        layers([(box(0, 0, 1, 1), 5.0, "later")], known="string")
    with pytest.raises(LayerError, match="CLOSURES_KNOWN_FIELD.*days after START_TIME"):
        layers(rows=[(5.0, None, "up", 90_000.0)]).known_moments(Log())
