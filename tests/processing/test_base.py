from __future__ import annotations

import gc
import weakref

import pytest

pytest.importorskip("qgis.core")

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProject,
    QgsVectorLayer,
)

from evacuation_planner.plugin.layers.fields import Column
from evacuation_planner.plugin.layers.writing import OutputLayer
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from evacuation_planner.processing_provider.base import EvacuationAlgorithm


class Probe(EvacuationAlgorithm):
    ID, TITLE, SUMMARY = "probe", "Probe", "What it does.\nMore <b>words</b>."
    outcome = None

    def initAlgorithm(self, configuration=None):
        self.add(QgsProcessingParameterFeatureSource("ZONES", "Zones"), "Where people are.")
        self.add(QgsProcessingParameterField("ID_FIELD", "Id", "zone_id", "ZONES", optional=True), "Identifier.")
        self.add(
            QgsProcessingParameterField(
                "PEOPLE", "People", "adults;children", "ZONES", allowMultiple=True, optional=True
            ),
            "People <in> whole numbers.",
        )
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", "Result"), "The result.")

    def calculate(self, parameters, context, feedback):
        if self.outcome is not None:
            raise self.outcome
        source = self.source(parameters, "ZONES", context)
        one = self.field(parameters, "ID_FIELD", source, context, feedback, required=False)
        several = self.fields(parameters, "PEOPLE", source, context, feedback, fallbacks=[["population"]])
        rows = [(None, [name]) for name in [one, *several]]
        return {"OUTPUT": self.write(parameters, "OUTPUT", context, OutputLayer([Column("name", "text")], rows))}


class Log(QgsProcessingFeedback):
    def __init__(self):
        super().__init__(False)
        self.lines = []

    def pushInfo(self, text):
        self.lines.append(text)


def run(fields, outcome=None, **parameters):
    uri = "Point?crs=EPSG:4326" + "".join(f"&field={name}:double" for name in fields)
    layer = QgsVectorLayer(uri, "people", "memory")
    QgsProject.instance().addMapLayer(layer)
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    log = Log()
    algorithm = Probe()
    algorithm.initAlgorithm()
    algorithm.outcome = outcome
    try:
        result = algorithm.processAlgorithm({"ZONES": layer.id(), "OUTPUT": "memory:", **parameters}, context, log)
        names = None
        if "OUTPUT" in result:
            names = [feature["name"] for feature in context.takeResultLayer(result["OUTPUT"]).getFeatures()]
        return names, log.lines
    finally:
        QgsProject.instance().removeMapLayer(layer.id())


def test_default_names_serve_without_being_asked_for_and_the_log_says_so(provider):
    names, log = run(["zone_id", "adults", "children"])
    assert names == ["zone_id", "adults", "children"]
    assert any("ID_FIELD: using the field zone_id" in line for line in log)
    assert any("PEOPLE: using the field adults, children" in line for line in log)


def test_fallback_names_serve_where_the_defaults_are_missing(provider):
    names, _ = run(["population", "adults"])
    assert names[1:] == ["population"]


def test_chosen_fields_win(provider):
    names, _ = run(["zone_id", "adults", "children", "cars"], PEOPLE=["cars"], ID_FIELD="adults")
    assert names == ["adults", "cars"]


@pytest.mark.parametrize("fields, chosen, words", [
    (["zone_id", "a"], {"PEOPLE": ["nobody"]}, ("PEOPLE", "“nobody”", "zone_id, a")),
    (["zone_id", "a"], {}, ("PEOPLE", "choose a field", "zone_id, a")),
])  # fmt: skip
def test_missing_fields_are_named_with_what_is_there(provider, fields, chosen, words):
    with pytest.raises(QgsProcessingException) as error:
        run(fields, **chosen)
    for word in words:
        assert word in str(error.value)


def test_solver_errors_become_processing_errors_and_cancelling_writes_nothing(provider):
    with pytest.raises(QgsProcessingException, match="mend this"):
        run(["zone_id"], SolverError("mend this"))
    assert run(["zone_id"], Cancelled()) == (None, [])


def test_a_run_that_fails_lets_go_of_what_it_had_read(provider):
    """QGIS keeps the exception of a failed run for ever."""
    left = []

    class Fails(Probe):
        def calculate(self, parameters, context, feedback):
            layer = QgsVectorLayer("Point?field=a:int", "much", "memory")
            left.append(weakref.ref(layer))
            try:
                raise KeyError(layer.name())
            except KeyError as error:
                raise SolverError("mend this") from error

    algorithm = Fails()
    algorithm.initAlgorithm()
    good, log = algorithm.run({"ZONES": "a", "OUTPUT": "memory:"}, QgsProcessingContext(), Log())[1], left[0]
    gc.collect()
    assert not good and log() is None


def test_help_comes_from_the_parameters_and_is_escaped(provider):
    algorithm = Probe()
    algorithm.initAlgorithm()
    text = algorithm.shortHelpString()
    assert "More &lt;b&gt;words&lt;/b&gt;." in text and "People &lt;in&gt; whole numbers." in text


def test_every_algorithm_explains_itself(provider):
    for algorithm in provider.algorithms():
        assert algorithm.name() == algorithm.name().lower()
        assert algorithm.shortHelpString() and not algorithm.icon().isNull(), algorithm.id()
        for definition in algorithm.parameterDefinitions():
            assert definition.help(), f"{algorithm.id()} {definition.name()} has no help"
            assert definition.description(), f"{algorithm.id()} {definition.name()}"


def test_no_algorithm_with_something_to_ask_for_runs_without_it(provider):
    optional, context = QgsProcessingParameterDefinition.Flag.FlagOptional, QgsProcessingContext()
    for algorithm in provider.algorithms():
        asked = [
            definition.name()
            for definition in algorithm.parameterDefinitions()
            if not (definition.isDestination() or definition.flags() & optional) and definition.defaultValue() is None
        ]
        good, message = algorithm.create().checkParameterValues({}, context)
        assert good != bool(asked) and bool(message) == bool(asked), algorithm.id()
