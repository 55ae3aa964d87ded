"""Values that are no numbers, no choices, no moments: refused by name in every algorithm, and in a model's steps."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("qgis.core")

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsProperty,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QTime, QTimeZone

from evacuation_planner.processing_provider.value_checks import wrong_value

NUMBERS = ("number", "distance", "duration", "scale", "area", "volume")
NO_NUMBERS = ["5,5", "5 km", "30 min", "1,500", "abc", "0x10", "1_000", "٥", "--5", "5.5.5", [5], {}]
NOT_FINITE = [math.nan, math.inf, -math.inf, "nan", "inf", "-Infinity", "1e999", 10**400]
EMPTY = [None, ""]
# Qt reads these, and leaves the zone out
ZONES_OF_NO_OFFSET = [
    f"2026-10-25T02:30:00{zone}" for zone in (" CEST", " UTC", "[Europe/Berlin]", "\N{MINUS SIGN}07:00")
]


def each(provider, kinds):
    for algorithm in provider.algorithms():
        for definition in algorithm.parameterDefinitions():
            if definition.type() in kinds:
                yield algorithm, definition


def said(algorithm, definition, value):
    """Return what checkParameterValues says about this value beside nothing else."""
    right, why = algorithm.checkParameterValues({definition.name(): value}, QgsProcessingContext())
    assert not right  # the layers are missing at least
    return why


@pytest.mark.parametrize("value", [*NO_NUMBERS, *NOT_FINITE], ids=repr)
def test_no_number_of_any_algorithm_may_be_something_else(provider, value):
    count = 0
    for algorithm, definition in each(provider, NUMBERS):
        why = said(algorithm, definition, value)
        assert why.startswith(f"{definition.name()}: "), (algorithm.id(), definition.name(), why)
        assert str(value)[:20] in why or "finite" in why
        count += 1
    assert count > 100


def test_numbers_outside_their_limits_are_refused(provider):
    for algorithm, definition in each(provider, NUMBERS):
        if definition.minimum() > -1e300:
            assert "too small" in said(algorithm, definition, definition.minimum() - 1), definition.name()
        if definition.maximum() < 1e300:
            assert "too large" in said(algorithm, definition, definition.maximum() + 1), definition.name()
        if definition.dataType() == QgsProcessingParameterNumber.Type.Integer:
            assert "whole" in said(algorithm, definition, max(definition.minimum(), 1) + 0.5), definition.name()
            assert "too large" in said(algorithm, definition, 1e19), definition.name()


def test_numbers_in_every_allowed_form_are_taken(provider):
    context = QgsProcessingContext()
    for _, definition in each(provider, NUMBERS):
        optional = bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional)
        least = max(definition.minimum(), 0.0)
        good = max(math.ceil(least), 1) if definition.maximum() >= 1 else definition.maximum()
        values = [good, str(good), f" {good} ", QgsProperty.fromExpression(f"{good} * 1"), QgsProperty.fromValue(good)]
        for value in [*values, None, *([""] if optional else [])]:
            assert wrong_value([definition], {definition.name(): value}, context) == "", (definition.name(), value)
        if not optional:
            assert "not a number" in wrong_value([definition], {definition.name(): ""}, context)


def test_an_expression_is_checked_by_what_it_gives(provider):
    for algorithm, definition in each(provider, NUMBERS):
        for expression in ("'5 km'", "-1e200"):
            why = said(algorithm, definition, QgsProperty.fromExpression(expression))
            if expression != "-1e200" or definition.minimum() > -1e200:
                assert why.startswith(f"{definition.name()}: "), (algorithm.id(), why)


@pytest.mark.parametrize("value", ["two", -1, 99, 0.5, True, math.nan, [0, 99], "0,99"], ids=repr)
def test_no_choice_of_any_algorithm_may_be_something_else(provider, value):
    count = 0
    for algorithm, definition in each(provider, ("enum",)):
        why = said(algorithm, definition, value)
        assert why.startswith(f"{definition.name()}: ") and "none of the choices (0: " in why, (algorithm.id(), why)
        assert wrong_value([definition], {definition.name(): "0"}, QgsProcessingContext()) == ""
        count += 1
    assert count > 15


@pytest.mark.parametrize("kind, wrong, right", [
    ("boolean", ["no", "off", "maybe"], [True, False, 0, "false", "True"]),
    ("datetime", ["tomorrow", "2026-13-01", "08:00", *ZONES_OF_NO_OFFSET],
     ["2026-05-01T08:00:00", "2026-05-01", "2026-05-01 08:00 -07:00", QDateTime(QDate(2026, 3, 29), QTime(2, 30))]),
])  # fmt: skip
def test_yes_or_no_and_moments_are_not_guessed(provider, kind, wrong, right):
    count = 0
    for algorithm, definition in each(provider, (kind,)):
        for value in wrong:
            assert said(algorithm, definition, value).startswith(f"{definition.name()}: “{value}”"), algorithm.id()
        for value in right:
            assert wrong_value([definition], {definition.name(): value}, QgsProcessingContext()) == "", value
        count += 1
    assert count > 2


def test_an_hour_that_its_zone_skips_is_named(provider):
    berlin = QTimeZone(b"Europe/Berlin")
    skipped = QDateTime(QDate(2026, 3, 29), QTime(2, 30), berlin)
    if not berlin.isValid() or skipped.isValid():
        pytest.skip("no such zone here, or a Qt that goes on to the next hour")
    for algorithm, definition in each(provider, ("datetime",)):
        assert "“2026-03-29T02:30:00” is not" in said(algorithm, definition, skipped), algorithm.id()


@pytest.mark.parametrize("algorithm, values", [
    ("allocatemetroresources", {"PENALTY_TIERS": "0:0, 5 min:1, inf:2"}),
    ("allocatemetroresources", {"PENALTY_TIERS": "0:0, nan:1, inf:2"}),
    ("allocatemetroresources", {"PENALTY_TIERS": "0:0, 5:inf, inf:2"}),
    ("metrosensitivity", {"PENALTY_TIERS": "0:0; 5,5:1; inf:2"}),
    ("metrosensitivity", {"WEIGHTING": 1, "PAIRWISE": "1, nan; 1, 1"}),
    ("metrosensitivity", {"WEIGHTING": 1, "PAIRWISE": "1, 1e400; 1, 1"}),
    ("metroscenario", {"STRANDED": "40..inf"}),
    ("metroscenario", {"WOUNDED": "about 5"}),
    ("metroscenario", {"KNOWN_QUANTITIES": "pump: 5,5"}),
    ("metroscenario", {"KNOWN_QUANTITIES": "pump: nan"}),
])  # fmt: skip
def test_numbers_inside_texts_are_read_or_refused(provider, algorithm, values):
    instance = provider.algorithm(algorithm).create()
    with pytest.raises(QgsProcessingException, match=next(reversed(values))):
        instance.prepareAlgorithm(values, QgsProcessingContext(), QgsProcessingFeedback(False))


class Errors(QgsProcessingFeedback):
    def __init__(self):
        super().__init__(False)
        self.texts = []

    def reportError(self, text, fatal=False):
        self.texts.append(text)


@pytest.mark.parametrize("name, value", [("DEFAULT_SPEED", "5,5"), ("NEAR_MISS", math.nan), ("DEFAULT_DIRECTION", 7)])
def test_a_step_of_a_model_is_checked_too(provider, name, value):
    model = QgsProcessingModelAlgorithm("steps", "group")
    child = QgsProcessingModelChildAlgorithm("evacuation:checkroads")
    child.setChildId("check")
    child.addParameterSources(name, [QgsProcessingModelChildParameterSource.fromStaticValue(value)])
    model.addChildAlgorithm(child)
    errors = Errors()
    try:
        _, done = model.run({}, QgsProcessingContext(), errors)
    except QgsProcessingException as error:
        done, errors.texts = False, [*errors.texts, str(error)]
    assert not done and any(text.startswith(f"{name}: ") for text in errors.texts), errors.texts
