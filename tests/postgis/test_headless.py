"""Tables of PostgreSQL in a real ``qgis_process`` and in models: strings in, strings out, styles, no password told."""

from __future__ import annotations

import processing
import pytest

pytest.importorskip("qgis.core")

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterFeatureSource,
    QgsProcessingUtils,
    QgsVectorLayer,
)

import environment
from tests.headless.conftest import qgis_process as qgis_process
from tests.processing.test_outputs import Log

SAMPLE = environment.ROOT / "resources" / "sample" / "sample.gpkg"
SECRET = "only4us"


@pytest.fixture(scope="module")
def census(database):
    """Zones and hazard of the sample in a schema with capital letters, and a role with a password."""
    database.run('CREATE SCHEMA "Census"', f"CREATE ROLE clerk LOGIN PASSWORD '{SECRET}'",
                 'GRANT USAGE, CREATE ON SCHEMA "Census" TO clerk',
                 "GRANT USAGE, CREATE ON SCHEMA public TO clerk")  # fmt: skip
    for table in ("zones", "hazard"):
        database.copy(QgsVectorLayer(f"{SAMPLE}|layername={table}", table, "ogr"), table, "Census")
    database.run('GRANT SELECT ON ALL TABLES IN SCHEMA "Census" TO clerk')
    return database


def string(database, table: str, schema: str = "Census", password: str = SECRET) -> str:
    return f"postgres://{database.uri(table, schema, user='clerk', password=password)}"


def test_tables_in_and_out_of_qgis_process(census, qgis_process):
    given = {"ZONES": string(census, "zones"), "HAZARD": string(census, "hazard")}
    done = qgis_process("evacuation:zonesatrisk", **given, OUTPUT=string(census, "At Risk"))
    assert done.exit_code == 0, done.said
    (people,) = census.run('SELECT sum(population), count(*) FROM "Census"."At Risk"')
    there = processing.run("evacuation:zonesatrisk", {
        "ZONES": f"{SAMPLE}|layername=zones", "HAZARD": f"{SAMPLE}|layername=hazard", "OUTPUT": "memory:"})  # fmt: skip
    assert people == (there["PEOPLE_AT_RISK"], there["OUTPUT"].featureCount()) and people[0] > 0
    assert done.results["PEOPLE_AT_RISK"] == there["PEOPLE_AT_RISK"]
    assert SECRET not in str(done.results) and "At Risk" in done.results["OUTPUT"]
    styles = census.run("SELECT f_table_schema, f_table_name, stylename, useasdefault FROM layer_styles")
    assert styles == [("Census", "At Risk", "zonesatrisk_output", True)]
    again = qgis_process("evacuation:zonesatrisk", **given, OUTPUT=string(census, "At Risk"))
    assert again.exit_code == 0, again.said
    assert census.run("SELECT count(*) FROM layer_styles") == [(1,)]
    layer = census.layer("At Risk", "Census")
    assert layer.renderer().type() == QgsVectorLayer(layer.source(), "", "postgres").renderer().type() != "singleSymbol"


@pytest.mark.parametrize("wrong, said", [
    ({"OUTPUT": ("risk", "nowhere", SECRET)}, "has no schema “nowhere”"),
    ({"OUTPUT": ("risk", "Census", "guessed")}, "password authentication failed"),
    ({"ZONES": ("zones", "Census", "guessed")}, "password authentication failed"),
    ({"ZONES": ("Zones", "Census", SECRET)}, "capital letters count"),
    ({"OUTPUT": ("zones", "Census", SECRET)}, "OUTPUT: “Census.zones” is there already and not the role “clerk”'s"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_once(census, qgis_process, wrong, said):
    places = {"ZONES": ("zones", "Census", SECRET), "HAZARD": ("hazard", "Census", SECRET),
              "OUTPUT": ("risk", "Census", SECRET), **wrong}  # fmt: skip
    done = qgis_process("evacuation:zonesatrisk", **{key: string(census, *place) for key, place in places.items()})
    assert done.exit_code != 0 and said in done.said
    assert "Census.risk" not in census.tables()


def step(name: str, algorithm: str, **sources) -> QgsProcessingModelChildAlgorithm:
    child = QgsProcessingModelChildAlgorithm(algorithm)
    child.setChildId(name)
    for key, source in sources.items():
        child.addParameterSources(key, [source])
    return child


@pytest.fixture
def model() -> QgsProcessingModelAlgorithm:
    """Who is at risk, and who of them once more: the result of a step is the input of the next."""
    of_model = QgsProcessingModelChildParameterSource.fromModelParameter
    made = QgsProcessingModelAlgorithm("risk", "risk")
    for name in ("Z", "H"):
        made.addModelParameter(QgsProcessingParameterFeatureSource(name, name), QgsProcessingModelParameter(name))
    first = step("first", "evacuation:zonesatrisk", ZONES=of_model("Z"), HAZARD=of_model("H"))
    kept = QgsProcessingModelOutput("RISK")
    kept.setChildOutputName("OUTPUT")
    first.setModelOutputs({"RISK": kept})
    made.addChildAlgorithm(first)
    of_step = QgsProcessingModelChildParameterSource.fromChildOutput("first", "OUTPUT")
    second = step("second", "evacuation:zonesatrisk", ZONES=of_step, HAZARD=of_model("H"))
    last = QgsProcessingModelOutput("AGAIN")
    last.setChildOutputName("OUTPUT")
    second.setModelOutputs({"AGAIN": last})
    made.addChildAlgorithm(second)
    made.initAlgorithm()
    return made


@pytest.mark.parametrize("form", ["postgis:", "postgres://"])
def test_a_step_of_a_model_reads_the_table_of_the_step_before(census, model, form):
    given = {"Z": string(census, "zones"), "H": string(census, "hazard")}
    made = {
        f"{child}:{name}": form + string(census, f"{child} step").removeprefix("postgres://")
        for child, name in (("first", "RISK"), ("second", "AGAIN"))
    }
    context = QgsProcessingContext()
    results, sound = model.run({**given, **made}, context, Log())
    assert sound, results
    tables = ('"Census"."first step"', '"Census"."second step"')
    first, second = (census.run(f"SELECT count(*) FROM {table}")[0][0] for table in tables)
    assert first >= second > 0  # shares of shares: fewer people, in places none
    assert SECRET not in str({**results, "CHILD_INPUTS": None})  # which are the parameters as they were given
    assert SECRET not in str(results["CHILD_INPUTS"]["second"]["ZONES"])
    assert QgsProcessingUtils.mapLayerFromString(results["second:AGAIN"], context).isValid()
