"""Nobody appears or vanishes, in any algorithm that handles people: in = out + listed with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingException, QgsProcessingUtils, QgsProject

from tests.processing.shelter_layers import EAST, NORTH, Log, box, make_layer, point, rows_of

FAR = "far"  # a zone out of everybody's reach


@dataclass(frozen=True)
class Case:
    """People by zone, and how many they are in the end; None where they must be refused.

    Attributes
    ----------
    zones : list of (id, place, people)
        ``place`` is the number of a block, FAR or None for no geometry; ``people`` one value or one for each class.
    people : int or None
    words : tuple of str
        What the sentence of a refusal holds.
    fields : tuple of str
        The fields of people.
    named : tuple of str or None
        The fields as named in the call; default: as they are.
    """

    zones: list[tuple[str, Any, Any]]
    people: int | None
    words: tuple[str, ...] = ()
    kind: str = "double"
    fields: tuple[str, ...] = ("population",)
    named: tuple[str, ...] | None = None


CASES = {
    "plain": Case([("a", 0, 30), ("b", 1, 12)], 42),
    "nobody": Case([("a", 0, 0), ("b", 1, 0)], 0),
    "no zones": Case([], 0),
    "empty values": Case([("a", 0, None), ("b", 1, 12)], 12),
    "no geometry": Case([("a", 0, 30), ("b", None, 7)], 37),
    "only without geometry": Case([("a", None, 7)], 7),
    "out of reach": Case([("a", 0, 30), ("b", FAR, 7)], 37),
    "fractions": Case([("a", 0, 0.5), ("b", 1, 0.5), ("c", 2, 1.4), ("d", 3, 1.6)], 4),
    "fractions without geometry": Case([("a", 0, 0.5), ("b", None, 0.5)], 1),
    "more than there is room": Case([("a", 0, 90_000), ("b", 1, 20_000)], 110_000),
    "same id twice": Case([("a", 0, 30), ("a", 1, 12)], None, ("several features: a",)),
    "same id, once without geometry": Case([("a", 0, 552), ("a", None, 55)], None, ("several features: a",)),
    "negative": Case([("a", 0, 30), ("b", 1, -4)], None, ("feature", "-4")),
    "negative without geometry": Case([("a", 0, 30), ("b", None, -4)], None, ("feature", "-4")),
    "1e19": Case([("a", 0, 30), ("b", 1, 1e19)], None, ("feature", "1e+19")),
    "1e20 without geometry": Case([("a", 0, 30), ("b", None, 1e20)], None, ("feature", "1e+20")),
    "text": Case([("a", 0, "30"), ("b", 1, "many")], None, ("many",), kind="string"),
    "several classes": Case([("a", 0, (3, 20)), ("b", None, (1, 2))], 26, fields=("young", "old")),
    "one field named twice": Case([("a", 0, 30)], None, ("twice",), named=("population", "population")),
}


def zone_shape(place, size=60):
    if place is None:
        return None
    x = 50_000 if place == FAR else 200 * place
    return box(x, 20, x + size, 20 + size)


def zones_of(case: Case):
    fields = "field=zone_id:string" + "".join(f"&field={name}:{case.kind}" for name in case.fields)
    rows = []
    for identifier, place, people in case.zones:
        values = people if isinstance(people, tuple) else (people,)
        rows.append((zone_shape(place), [identifier, *values]))
    return make_layer("Polygon", fields, rows, "zones")


def roads():
    line = f"LINESTRING({EAST - 100} {NORTH}, {EAST + 2000} {NORTH})"
    return make_layer("LineString", "field=name:string", [(line, ["main"])], "roads")


def sites():
    rows = [(point(500, 0), ["s1", 60_000]), (point(900, 0), ["s2", 20])]
    return make_layer("Point", "field=site_id:string&field=capacity:int&field=residual:int",
                      [(shape, [*values, values[-1]]) for shape, values in rows], "sites")  # fmt: skip


class Errors(Log):
    """Also keeps what is reported as an error."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[str] = []

    def reportError(self, text: str, fatal: bool = False) -> None:
        self.errors.append(text)


def total(rows, field="people"):
    return sum(row[field] for row in rows)


def call(name: str, log: Errors, **parameters) -> dict[str, Any]:
    """Run an algorithm; layers come back as rows. Raises what was reported as an error."""
    context, project = QgsProcessingContext(), QgsProject()
    context.setProject(project)
    given = {}
    for key, value in parameters.items():
        if hasattr(value, "featureCount"):
            project.addMapLayer(value)
            value = value.id()
        given[key] = value
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"evacuation:{name}")
    results, done = algorithm.run(given, context, log)
    if not done:
        raise QgsProcessingException("; ".join(log.errors))
    out = {}
    for key, value in results.items():
        layer = QgsProcessingUtils.mapLayerFromString(value, context, False) if isinstance(value, str) else None
        out[key] = value if layer is None else rows_of(layer)
    return out


def zones_at_risk(case: Case, log: Errors) -> int:
    hazard = make_layer("Polygon", "field=h:int", [(box(-10, -10, 230, 200), [1])], "hazard")
    found = call("zonesatrisk", log, ZONES=zones_of(case), HAZARD=hazard, OUTPUT="memory:",
                 POPULATION_FIELDS=list(case.named or case.fields))  # fmt: skip
    written = sum(total(found["OUTPUT"], name) for name in case.fields)
    assert written == found["PEOPLE_AT_RISK"]
    lost = found["PEOPLE_WITHOUT_PLACE"]
    assert not lost or log.warned("cannot be used", str(lost))
    return found["PEOPLE_AT_RISK"] + found["PEOPLE_STAYING"] + lost


def recommend_shelters(case: Case, log: Errors) -> int:
    found = call("recommendshelters", log, ZONES=zones_of(case), SITES=sites(), NETWORK=roads(), OUTPUT="memory:",
                 OUTPUT_SELECTED="memory:", OUTPUT_CATCHMENTS="memory:",
                 POPULATION_FIELDS=list(case.named or case.fields))  # fmt: skip
    served = total(found["OUTPUT_CATCHMENTS"])
    assert served + found["UNCOVERED_PEOPLE"] == found["PEOPLE"]
    assert not found["UNCOVERED_PEOPLE"] or log.warnings
    return served + found["UNCOVERED_PEOPLE"]


def allocate_crowd(case: Case, log: Errors) -> int:
    found = call("allocatecrowd", log, ZONES=zones_of(case), SHELTERS=sites(), OUTPUT="memory:", SPLIT=2,
                 OUTPUT_SHELTERS="memory:", OUTPUT_UNALLOCATED="memory:", MAX_DISTANCE=5,
                 GROUP_FIELDS=list(case.named or case.fields))  # fmt: skip
    left = found["OUTPUT_UNALLOCATED"]
    assert all(row["reason"] for row in left)
    assert (total(found["OUTPUT"]), total(left)) == (found["ALLOCATED"], found["UNALLOCATED"])
    assert total(found["OUTPUT_SHELTERS"], "load") == found["ALLOCATED"]
    return found["ALLOCATED"] + found["UNALLOCATED"]


def route_evacuation(case: Case, log: Errors) -> int:
    rows = []
    for identifier, place, people in case.zones:
        x = None if place is None else 50_000 if place == FAR else 200 * place
        shape = None if x is None else f"LINESTRING({EAST + x} {NORTH + 20}, {EAST + 1500} {NORTH})"
        rows.append((shape, [identifier, "s", people]))
    trips = make_layer("LineString", f"field=zone_id:string&field=shelter_id:string&field=population:{case.kind}", rows,
                       "trips")  # fmt: skip
    found = call("routeevacuation", log, TRIPS=trips, NETWORK=roads(), OUTPUT="memory:", OUTPUT_ROADS="memory:",
                 OUTPUT_CLEARANCE="memory:", OUTPUT_UNROUTED="memory:", METHOD=0, CERTIFY=False,
                 COUNT_FIELD="population")  # fmt: skip
    left = found["OUTPUT_UNROUTED"]
    assert all(row["reason"] for row in left)
    assert (total(found["OUTPUT"]), total(left)) == (found["ROUTED"], found["UNROUTED"])
    return found["ROUTED"] + found["UNROUTED"]


WAYS: dict[str, Callable[[Case, Errors], int]] = {
    "zonesatrisk": zones_at_risk,
    "recommendshelters": recommend_shelters,
    "allocatecrowd": allocate_crowd,
    "routeevacuation": route_evacuation,
}
# Cases that ask nothing of an algorithm: it knows no ids, has one field, or takes a row for a trip whatever its id.
BESIDE = {
    ("zonesatrisk", "same id twice"): 42,
    ("zonesatrisk", "same id, once without geometry"): 607,
    ("routeevacuation", "same id twice"): 42,
    ("routeevacuation", "same id, once without geometry"): 607,
    ("routeevacuation", "several classes"): None,
    ("routeevacuation", "one field named twice"): None,
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("algorithm", WAYS)
def test_everybody_is_accounted_for(algorithm, name):
    case, log = CASES[name], Errors()
    expected = BESIDE.get((algorithm, name), case.people)
    if (algorithm, name) in BESIDE and expected is None:
        pytest.skip("the algorithm takes one field")
    if expected is not None:
        assert WAYS[algorithm](case, log) == expected
        return
    with pytest.raises(QgsProcessingException) as error:
        WAYS[algorithm](case, log)
    for word in case.words:
        assert word in str(error.value)
