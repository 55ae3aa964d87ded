"""Which field is taken: absent, emptied, named, passed on by a model, in another case; in every way to call."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingUtils,
    QgsProject,
    QgsProperty,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

from evacuation_planner.processing_provider.identity import FIELD_RULE
from evacuation_planner.processing_provider.inputs import ReadingAlgorithm

ANY = QgsProcessingParameterField.DataType.Any
NULL_TEXT = QVariant(QVariant.String)  # what an emptied field box of a dialog hands over


class Reader(ReadingAlgorithm):
    ID = "reader"

    def initAlgorithm(self, configuration=None):
        self.add(QgsProcessingParameterFeatureSource("ROADS", "Roads"), "Roads.")
        for name, default, several in (
            ("SPEED_FIELD", "maxspeed", False),
            ("COUNT_FIELD", "people", False),
            ("GROUP_FIELDS", "children;adults", True),
        ):
            self.add(QgsProcessingParameterField(name, name, default, "ROADS", ANY, several, True), "A field.")


class Log(QgsProcessingFeedback):
    def __init__(self):
        super().__init__(False)
        self.infos, self.warnings = [], []

    def pushInfo(self, text):
        self.infos.append(text)

    def pushWarning(self, text):
        self.warnings.append(text)


@pytest.fixture
def layer_of():
    made = []

    def make(*fields, name="layer"):
        uri = "LineString?crs=EPSG:32650" + "".join(f"&field={field}" for field in fields)
        layer = QgsVectorLayer(uri, name, "memory")
        QgsProject.instance().addMapLayer(layer)
        made.append(layer.id())
        return layer

    yield make
    QgsProject.instance().removeMapLayers(made)


def read(layer, name, required=False, fallbacks=(), **given):
    context, log = QgsProcessingContext(), Log()
    context.setProject(QgsProject.instance())
    reader = Reader()
    reader.initAlgorithm()
    parameters = {"ROADS": layer.id(), **given}
    source = reader.source(parameters, "ROADS", context)
    return reader.fields(parameters, name, source, context, log, required, fallbacks), log


def test_an_absent_parameter_takes_the_default_name_and_says_so(layer_of):
    taken, log = read(layer_of("maxspeed:double"), "SPEED_FIELD")
    assert taken == ["maxspeed"] and "using the field maxspeed" in log.infos[0] and not log.warnings


@pytest.mark.parametrize("empty", [None, "", NULL_TEXT, [], [""]])
def test_an_emptied_parameter_takes_no_field(layer_of, empty):
    assert read(layer_of("maxspeed:double"), "SPEED_FIELD", SPEED_FIELD=empty)[0] == []
    assert read(layer_of("children:int", "adults:int"), "GROUP_FIELDS", GROUP_FIELDS=empty)[0] == []
    with pytest.raises(QgsProcessingException, match="GROUP_FIELDS: a field of “layer” is needed"):
        read(layer_of("children:int", "adults:int"), "GROUP_FIELDS", required=True, GROUP_FIELDS=empty)


@pytest.mark.parametrize("given", [{}, {"SPEED_FIELD": "maxspeed"}, {"SPEED_FIELD": "MaxSpeed"}])
def test_the_case_of_a_default_name_does_not_matter(layer_of, given):
    taken, log = read(layer_of("MAXSPEED:double", "people:int"), "SPEED_FIELD", **given)
    assert taken == ["MAXSPEED"] and "MAXSPEED" in log.infos[0]


def test_the_same_case_wins_and_two_others_are_refused(layer_of):
    # A memory layer keeps fields apart by case; so do GeoJSON and CSV.
    assert read(layer_of("MAXSPEED:double", "maxspeed:double"), "SPEED_FIELD")[0] == ["maxspeed"]
    with pytest.raises(QgsProcessingException, match="“MAXSPEED”, “MaxSpeed”, which differ only in case"):
        read(layer_of("MAXSPEED:double", "MaxSpeed:double"), "SPEED_FIELD")


@pytest.mark.parametrize("given", ["v", "maxspeed2", "Max speed"])
def test_another_name_that_is_not_there_is_refused_and_the_fields_are_listed(layer_of, given):
    with pytest.raises(QgsProcessingException, match=f"SPEED_FIELD: .* no field “{given}”.*: maxspeed"):
        read(layer_of("maxspeed:double"), "SPEED_FIELD", SPEED_FIELD=given)


def test_the_default_name_passed_on_to_a_layer_without_it_is_a_warning(layer_of):
    taken, log = read(layer_of("v:double"), "SPEED_FIELD", SPEED_FIELD="maxspeed")
    assert taken == [] and "has no field “maxspeed”; it is read without one" in log.warnings[0]
    taken, log = read(layer_of("population:int"), "GROUP_FIELDS", fallbacks=[["population"]],
                      GROUP_FIELDS=["children", "adults"])  # fmt: skip
    assert taken == ["population"]
    assert "does not have children, adults; population is taken instead" in log.warnings[0]


def test_fields_of_people_are_not_guessed_away(layer_of):
    with pytest.raises(QgsProcessingException, match="COUNT_FIELD: choose a field.*called people.*persons"):
        read(layer_of("persons:int"), "COUNT_FIELD", COUNT_FIELD="people")
    taken, log = read(layer_of("name:string"), "COUNT_FIELD", COUNT_FIELD="people")
    assert taken == [] and "read without one" in log.warnings[0]
    for given in ({}, {"COUNT_FIELD": ""}):
        taken, log = read(layer_of("persons:int"), "COUNT_FIELD", **given)
        assert taken == [] and "no field is used, though “layer” has persons" in log.warnings[0]
    with pytest.raises(QgsProcessingException, match="COUNT_FIELD: the layer “layer” has no field “persn”"):
        read(layer_of("persons:int"), "COUNT_FIELD", COUNT_FIELD="persn")


def test_a_field_named_twice_is_refused(layer_of):
    with pytest.raises(QgsProcessingException, match="GROUP_FIELDS: the field “a” is named twice"):
        read(layer_of("a:int", "b:int"), "GROUP_FIELDS", GROUP_FIELDS="a;b;a")


def test_a_name_may_come_from_an_expression(layer_of):
    given = QgsProperty.fromExpression("'v' || 1")
    assert read(layer_of("v1:double"), "SPEED_FIELD", SPEED_FIELD=given)[0] == ["v1"]


SOURCE = QgsProcessingModelChildParameterSource


@pytest.mark.parametrize("linked, given, taken", [
    (None, {}, True),  # the designer keeps no value
    (SOURCE.fromStaticValue("maxspeed"), {}, True),  # the designer left as it opens
    (SOURCE.fromStaticValue(""), {}, False),  # the designer's line emptied
    (SOURCE.fromModelParameter("SPEED"), {}, True),  # an input of the model, not given
    (SOURCE.fromModelParameter("SPEED"), {"SPEED": "maxspeed"}, True),
    (SOURCE.fromModelParameter("SPEED"), {"SPEED": ""}, False),  # --SPEED=
    (SOURCE.fromModelParameter("SPEED"), {"SPEED": NULL_TEXT}, False),  # emptied in the model's dialog
])  # fmt: skip
def test_a_model_passes_on_what_was_meant(provider, layer_of, linked, given, taken):
    model = QgsProcessingModelAlgorithm("roads", "group")
    for definition in (
        QgsProcessingParameterFeatureSource("ROADS", "Roads"),
        QgsProcessingParameterField("SPEED", "Speed", "maxspeed", "ROADS", ANY, optional=True),
    ):
        model.addModelParameter(definition, QgsProcessingModelParameter(definition.name()))
    child = QgsProcessingModelChildAlgorithm("evacuation:checkroads")
    child.setChildId("check")
    child.addParameterSources("NETWORK", [SOURCE.fromModelParameter("ROADS")])
    if linked is not None:
        child.addParameterSources("SPEED_FIELD", [linked])
    output = QgsProcessingModelOutput("PIECES", "Pieces")
    output.setChildId("check")
    output.setChildOutputName("OUTPUT_NETWORK")
    child.setModelOutputs({"PIECES": output})
    model.addChildAlgorithm(child)
    roads = layer_of("maxspeed:double")
    road = QgsFeature(roads.fields())
    road.setGeometry(QgsGeometry.fromWkt("LineString (500000 0, 501000 0)"))
    road.setAttribute("maxspeed", 72.0)
    roads.dataProvider().addFeature(road)
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    (written,) = (definition.name() for definition in model.destinationParameterDefinitions())
    results, done = model.run({"ROADS": roads.id(), written: "memory:", **given}, context, Log())
    assert done
    pieces = QgsProcessingUtils.mapLayerFromString(results[written], context)
    assert {piece["speed"] for piece in pieces.getFeatures()} == {72.0 if taken else 40.0}


def test_every_field_with_a_default_name_says_the_rule(provider):
    count = 0
    for algorithm in provider.algorithms():
        for definition in algorithm.parameterDefinitions():
            if definition.type() == "field" and definition.defaultValue() and isinstance(algorithm, ReadingAlgorithm):
                assert FIELD_RULE in definition.help(), (algorithm.id(), definition.name())
                count += 1
    assert count > 60
