"""The ready models as the toolbox and the model designer see them."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

pytest.importorskip("qgis.core")

import processing
from qgis.core import (
    Qgis,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterDefinition,
    QgsProject,
    QgsVectorLayer,
)

from evacuation_planner.processing_provider.identity import RESOURCES
from evacuation_planner.processing_provider.models import MODELS, ReadyModel

# Newer versions of QGIS keep the kinds of a source elsewhere.
KINDS = getattr(Qgis, "ProcessingModelChildParameterSource", None) or QgsProcessingModelChildParameterSource.Source
TITLES = {
    "evacuationplan": "Evacuation plan",
    "hazardplan": "Evacuation plan against the hazard",
    "jointevacuationplan": "Joint evacuation plan",
    "metroresponse": "Metro response",
}
RESULTS = {
    "evacuationplan": [
        "zonesatrisk:ZONES_AT_RISK",
        "recommendshelters:SITES",
        "allocatecrowd:ALLOCATION",
        "allocatecrowd:SHELTERS",
        "allocatecrowd:UNALLOCATED",
        "routeevacuation:ROUTES",
        "routeevacuation:ROADS",
        "routeevacuation:CLEARANCE",
        "routeevacuation:CAUGHT",
        "routeevacuation:UNROUTED",
        "routeevacuation:REPORT",
    ],
    "jointevacuationplan": [
        "zonesatrisk:ZONES_AT_RISK",
        "recommendshelters:SITES",
        "jointplan:ALLOCATION",
        "jointplan:SHELTERS",
        "jointplan:UNALLOCATED",
        "jointplan:ROUTES",
        "jointplan:ROADS",
        "jointplan:CLEARANCE",
        "jointplan:CAUGHT",
        "jointplan:UNROUTED",
        "jointplan:REPORT",
    ],
    "hazardplan": [
        "zonesatrisk:ZONES_AT_RISK",
        "recommendshelters:SITES",
        "timetosafety:MINUTES",
        "timetosafety:ZONES_IN_TIME",
        "timetosafety:AREAS",
        "timetosafety:REPORT",
        "allocatecrowd:ALLOCATION",
        "allocatecrowd:SHELTERS",
        "allocatecrowd:UNALLOCATED",
        "routeevacuation:ROUTES",
        "routeevacuation:ROADS",
        "routeevacuation:CLEARANCE",
        "routeevacuation:CAUGHT",
        "routeevacuation:UNROUTED",
        "routeevacuation:REPORT",
        "routeevacuation:VEHICLES",
        "routeevacuation:PATHS",
        "routeevacuation:FLOWS",
        "latestdeparture:LATEST_ORDERS",
        "latestdeparture:REPORT",
        "stagedeparture:WAVES",
        "stagedeparture:TRIPS",
        "stagedeparture:REPORT",
    ],
    "metroresponse": [
        "metroscenario:DEMAND",
        "metroscenario:TRAVEL",
        "metroscenario:INCIDENTS",
        "metroscenario:SCENARIO_REPORT",
        "allocatemetroresources:DELIVERIES",
        "allocatemetroresources:STOCK",
        "allocatemetroresources:UNMET",
        "allocatemetroresources:REPORT",
    ],
}


# What a planner cannot set in a model, by step: each is another way to say what the model says, or a detail of a step
# that is to be run by itself by whoever needs it.
HANDED_ON = {  # columns of an earlier step's output, called as the step expects them
    "recommendshelters": {"ZONE_NAME_FIELD", "ORDER_TIME_FIELD", "FOOT_FIELDS"},
    "allocatecrowd": {
        "ZONE_NAME_FIELD", "ORDER_TIME_FIELD", "SHELTER_ID_FIELD", "SHELTER_NAME_FIELD", "CAPACITY_FIELD",
        "RULE_FIELD", "FOOT_FIELDS",
    },
    "routeevacuation": {
        "RULE_FIELD",
        "ORIGIN_ID_FIELD", "DESTINATION_ID_FIELD", "DESTINATIONS_ID_FIELD", "COUNT_FIELD", "ORDER_TIME_FIELD",
        "ZONE_NAME_FIELD", "SHELTER_NAME_FIELD", "MODE_FIELD",
    },
    "jointplan": {"ZONE_NAME_FIELD", "ORDER_TIME_FIELD", "SHELTER_ID_FIELD", "SHELTER_NAME_FIELD", "CAPACITY_FIELD",
                  "RULE_FIELD", "FOOT_FIELDS"},
    "timetosafety": {"ZONE_NAME_FIELD", "ORDER_TIME_FIELD", "SHELTER_ID_FIELD", "SHELTER_NAME_FIELD", "RULE_FIELD"},
    "latestdeparture": {"ORDER_TIME_FIELD", "DESTINATIONS_ID_FIELD", "RULE_FIELD"},
    "stagedeparture": {"DESTINATIONS_ID_FIELD", "RULE_FIELD"},
}  # fmt: skip
LEFT_OUT = {
    "recommendshelters": {
        "MIP_GAP", "TIME_LIMIT",  # EFFORT says it
    },
    "allocatecrowd": {
        "MIP_GAP", "TIME_LIMIT",
        "DISTANCES", "DIST_ZONE_FIELD", "DIST_SHELTER_FIELD", "DIST_VALUE_FIELD",  # the model has roads
        "IMPEDANCE", "NORMALISATION", "WEIGHT_BY", "WEIGHT_PREFERENCE", "WEIGHT_DISTANCE",  # the paper's choices
        "TRADEOFF_POINTS",  # a table that the model does not give
    },
    "routeevacuation": {
        "TIME_LIMIT",
        "COST", "ALPHA", "BPR_A", "BPR_B", "ANALYSIS_PERIOD", "EPSILON",  # of flow models for comparison
        "DEPARTURE_FIELD", "OCCUPANCY_FIELD", "SEATS_PER_BUS",  # of trips that are not made by the step before
    },
    "jointplan": {"TIME_LIMIT"},
    "latestdeparture": {"TIME_LIMIT"},
    "stagedeparture": {"TIME_LIMIT"},
}  # fmt: skip
NOT_ASKED = {  # by model
    "evacuationplan": {"FLOW_MINUTES"},  # of a layer that the model does not give
    "jointevacuationplan": {"FLOW_MINUTES"},
    "hazardplan": {"FLOW_MODEL"},  # a plan as data is simulated again under queue
}
PLANS = sorted(NOT_ASKED)


@pytest.fixture(params=sorted(TITLES))
def model(request, provider):
    return provider.algorithm(request.param)


def test_the_designer_finds_nothing_to_mend(model):
    opened = QgsProcessingModelAlgorithm()  # what the designer makes of the file
    assert opened.fromFile(str(MODELS / f"{model.name()}.model3"))
    valid, issues = opened.validate()
    assert valid, issues
    assert opened.displayName() == TITLES[model.name()]


def test_the_toolbox_shows_a_title_in_the_group_of_the_steps(model, provider):
    assert model.displayName() == TITLES[model.name()]
    assert model.id() == f"evacuation:{model.name()}"
    groups = {algorithm.groupId(): algorithm.group() for algorithm in provider.algorithms()}
    assert groups == {"plan": "Evacuation plan", "metro": "Metro emergencies", "sharing": "Keep and share plans"}
    assert not model.icon().isNull()


def test_results_come_in_the_order_of_the_steps(model):
    for one in (model, model.create()):
        results = [definition for definition in one.parameterDefinitions() if definition.isDestination()]
        assert [definition.name() for definition in results] == RESULTS[model.name()]
        assert all(":" not in definition.description() for definition in results)
        assert {definition.name() for definition in results} <= {out.name() for out in one.outputDefinitions()}


def test_what_a_model_leaves_alone_stays_at_the_default_of_the_step(model):
    """A value written into a model would outlive a change of the default."""
    static = KINDS.StaticValue
    looked_at = 0
    for step in model.childAlgorithms().values():
        for name, sources in step.parameterSources().items():
            definition = step.algorithm().parameterDefinition(name)
            assert definition is not None, f"{step.childId()} has no {name}"
            for source in sources:
                if source.source() == static:
                    assert source.staticValue() == definition.defaultValue(), f"{step.childId()}: {name}"
                    looked_at += 1
    assert looked_at > 1


@pytest.mark.parametrize("name", PLANS)
def test_a_model_passes_on_everything_a_planner_sets(provider, name):
    for child, step in provider.algorithm(name).childAlgorithms().items():
        fed = {
            parameter
            for parameter, sources in step.parameterSources().items()
            if any(source.source() != KINDS.StaticValue for source in sources)
        }
        inputs = {one.name() for one in step.algorithm().parameterDefinitions() if not one.isDestination()}
        missing = HANDED_ON.get(child, set()) | LEFT_OUT.get(child, set())
        assert missing <= inputs, child  # nothing is named that there is not
        assert inputs - fed == missing | NOT_ASKED[name] & inputs, child


@pytest.mark.parametrize("name", PLANS)
def test_a_model_has_the_defaults_of_its_steps(provider, name):
    """But for RESERVE: a step of its own keeps no room free, a plan does."""
    model = provider.algorithm(name)
    for child, step in model.childAlgorithms().items():
        for parameter, sources in step.parameterSources().items():
            for source in sources:
                if source.source() in (KINDS.StaticValue, KINDS.ChildOutput) or parameter == "RESERVE":
                    continue
                own = step.algorithm().parameterDefinition(parameter)
                given = model.parameterDefinition(source.parameterName())
                assert given.defaultValue() == own.defaultValue(), f"{child}: {parameter}"


def test_the_joint_model_offers_the_sites_that_stand_by(provider):
    (source,) = provider.algorithm("jointevacuationplan").childAlgorithms()["jointplan"].parameterSources()["SHELTERS"]
    assert (source.outputChildId(), source.outputName()) == ("recommendshelters", "OUTPUT")


def test_the_capacity_of_the_roads_reaches_every_step_under_the_name_it_has_there(provider):
    model = provider.algorithm("evacuationplan")
    assert model.parameterDefinition("ROAD_CAPACITY_FIELD").parentLayerParameterName() == "ROADS"
    assert model.parameterDefinition("CAPACITY_FIELD").parentLayerParameterName() == "SITES"
    fed = {
        (child, name, source.parameterName())
        for child, step in model.childAlgorithms().items()
        for name, sources in step.parameterSources().items()
        for source in sources
        if name in ("ROAD_CAPACITY_FIELD", "CAPACITY_FIELD") and source.source() != KINDS.StaticValue
    }
    assert fed == {
        ("recommendshelters", "CAPACITY_FIELD", "CAPACITY_FIELD"),
        ("recommendshelters", "ROAD_CAPACITY_FIELD", "ROAD_CAPACITY_FIELD"),
        ("allocatecrowd", "ROAD_CAPACITY_FIELD", "ROAD_CAPACITY_FIELD"),
        ("routeevacuation", "CAPACITY_FIELD", "ROAD_CAPACITY_FIELD"),
    }


def test_an_own_area_per_person_has_its_field(provider):
    model = provider.algorithm("evacuationplan")
    step = model.childAlgorithms()["recommendshelters"]
    (source,) = step.parameterSources()["AREA_PER_PERSON"]
    assert source.parameterName() == "AREA_PER_PERSON"
    assert model.parameterDefinition("AREA_PER_PERSON").defaultValue() == 2.0


def test_a_file_that_is_no_model_is_passed_over(tmp_path):
    path = tmp_path / "broken.model3"
    path.write_text("no model", encoding="utf-8")
    assert not ReadyModel(path).whole


def metro_layers(path):
    tables = (("STATIONS", "rescue_points"), ("SUPPLY", "supply"), ("PLACES", "incidents"))
    return {name: f"{path}|layername={table}" for name, table in tables}


def test_results_are_loaded_by_their_titles(provider):
    """The metro emergency at Nanjing, with results on their way into a project."""
    layers = metro_layers(RESOURCES / "metro" / "sample" / "nanjing.gpkg")
    project, context = QgsProject(), QgsProcessingContext()
    context.setProject(project)
    names = [name for name in RESULTS["metroresponse"] if "REPORT" not in name]
    results = {name: QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project) for name in names}
    feedback = QgsProcessingFeedback()
    made, good = provider.algorithm("metroresponse").run({**layers, **results}, context, feedback)
    assert good, feedback.textLog()
    waiting = context.layersToLoadOnCompletion()
    assert [waiting[made[name]].name for name in names] == [
        "Demand",
        "Travel times",
        "Incidents",
        "Deliveries",
        "What is left in stock",
        "What is missing or late",
    ]


def test_a_result_that_a_later_step_reads_cannot_be_skipped(model):
    """QGIS hands a later step nothing where the result it reads was not asked for."""
    from_step = KINDS.ChildOutput
    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    steps = model.childAlgorithms()
    read = 0
    for step in steps.values():
        for source in (one for sources in step.parameterSources().values() for one in sources):
            if source.source() != from_step:
                continue
            for result in steps[source.outputChildId()].modelOutputs().values():
                if result.childOutputName() == source.outputName():
                    definition = model.parameterDefinition(f"{source.outputChildId()}:{result.name()}")
                    assert not definition.flags() & optional, definition.name()
                    read += 1
    assert read >= 2


SUPPLY = "&".join(
    f"field={name}" for name in ("station_id:string", "resource:string", "inventory:int", "unit_cost:double")
)
STEP_OF = {name.partition(":")[2]: name.partition(":")[0] for name in RESULTS["metroresponse"]}


def rows_in(path):
    """Return how many rows each table of a GeoPackage has."""
    with sqlite3.connect(path) as file:
        names = [
            name for (name,) in file.execute("SELECT table_name FROM gpkg_contents WHERE table_name != 'layer_styles'")
        ]
        return {name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


@pytest.fixture
def response(tmp_path, provider):
    """Return the file of a metro emergency and a function that runs the model on it, with results in memory."""
    path = tmp_path / "nanjing.gpkg"
    shutil.copy(RESOURCES / "metro" / "sample" / "nanjing.gpkg", path)

    def run(inputs=None, **results):
        given = {name: "memory:" for name in RESULTS["metroresponse"] if "REPORT" not in name}
        given.update(
            {**metro_layers(path), **(inputs or {})},
            **{f"{STEP_OF[name]}:{name}": value for name, value in results.items()},
        )
        return processing.run("evacuation:metroresponse", given, feedback=QgsProcessingFeedback(False))

    return path, run


def test_no_step_overwrites_what_another_reads(response):
    path, run = response
    before = rows_in(path)
    for result in ("DEMAND", "DELIVERIES"):  # SUPPLY is read by both steps, PLACES by the first alone
        for target in (str(path), f"ogr:dbname='{path}' table=\"incidents\" (geom)"):
            with pytest.raises(QgsProcessingException, match=f"{result} would overwrite (STATIONS|PLACES)"):
                run(**{result: target})
    assert rows_in(path) == before


def test_results_of_two_steps_are_never_one_file(response, tmp_path):
    _, run = response
    one = str(tmp_path / "one.geojson")
    with pytest.raises(QgsProcessingException, match="INCIDENTS and .*DELIVERIES are the same file"):
        run(INCIDENTS=one, DELIVERIES=one)
    assert not (tmp_path / "one.geojson").exists()


def test_results_in_one_geopackage_get_tables_of_their_own(response, tmp_path):
    path, run = response
    made = tmp_path / "response.gpkg"
    names = ("DEMAND", "INCIDENTS", "DELIVERIES", "UNMET")
    memory = run()
    run(**dict.fromkeys(names, str(made)))
    assert rows_in(made) == {name.lower(): memory[f"{STEP_OF[name]}:{name}"].featureCount() for name in names}
    run(DELIVERIES=f"ogr:dbname='{path}' table=\"deliveries\" (geom)")
    assert rows_in(path)["deliveries"] == rows_in(made)["deliveries"] > 0


def test_without_an_incident_no_stock_and_no_road_are_needed(response):
    _, run = response
    nothing = {
        "PLACES": QgsVectorLayer("Point?crs=EPSG:4326&field=incident_id:string", "calm", "memory"),
        "SUPPLY": QgsVectorLayer(f"None?{SUPPLY}", "no stock", "memory"),
        "ROADS": QgsVectorLayer("LineString?crs=EPSG:4326&field=road_id:string", "no roads", "memory"),
    }
    made = run(nothing)
    assert [made[f"{STEP_OF[name]}:{name}"].featureCount() for name in ("DEMAND", "DELIVERIES", "UNMET")] == [0, 0, 0]
    assert made["allocatemetroresources:STOCK"].featureCount() == 0
    for name in ("SUPPLY", "ROADS"):
        with pytest.raises(QgsProcessingException, match="Error encountered while running"):
            run({name: nothing[name]})
