"""Reading an algorithm's layers and fields.

A field parameter that is *absent* takes its default name where the layer has it. One that is *present* and empty takes
no field: emptied in the dialog, ``--SPEED_FIELD=`` on the command line, None from Python, an emptied line in a model's
designer. A model hands None to its algorithms for an input of its own that was not given, which is absent, and a NULL
for one that was emptied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProperty,
)

from ..plugin.layers.database_sources import database_rows
from ..plugin.layers.times import ClockTime, time_of, universal_value
from .field_choice import FieldChoice
from .identity import NamedAlgorithm


class ReadingAlgorithm(NamedAlgorithm):
    """Base class: reads sources, and fields by the rules above; holds the feedback of its run."""

    def __init__(self) -> None:
        super().__init__()
        self.feedback: QgsProcessingFeedback = QgsProcessingFeedback(False)

    def source(
        self, parameters: dict[str, Any], name: str, context: QgsProcessingContext
    ) -> QgsProcessingFeatureSource | None:
        """Return the feature source of a parameter, or None for an optional one that is not set."""
        source = self.parameterAsSource(parameters, name, context)
        if source is None:
            given = parameters.get(name) not in (None, "")
            if given or not self.optional(name):
                raise QgsProcessingException(self.invalidSourceError(parameters, name))
            return None
        source.cancelled = self.feedback.isCanceled  # whoever goes through the features asks it
        source.database = database_rows(parameters.get(name), name, context)
        return source

    def required_source(
        self, parameters: dict[str, Any], name: str, context: QgsProcessingContext
    ) -> QgsProcessingFeatureSource:
        """Return the feature source of a parameter; one that is not set is an error, optional or not."""
        source = self.source(parameters, name, context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, name))
        return source

    def field(
        self,
        parameters: dict[str, Any],
        name: str,
        source: QgsProcessingFeatureSource,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        required: bool = True,
    ) -> str | None:
        """Return the one field a parameter names, None for none; see :meth:`fields`."""
        chosen = self.fields(parameters, name, source, context, feedback, required)
        return chosen[0] if chosen else None

    def fields(
        self,
        parameters: dict[str, Any],
        name: str,
        source: QgsProcessingFeatureSource,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        required: bool = True,
        fallbacks: Sequence[Sequence[str]] = (),
    ) -> list[str]:
        """Return the fields a parameter names, by the rules of this module.

        ``fallbacks`` are tried after the parameter's default names: the first list of which every name exists.

        Raises
        ------
        QgsProcessingException
            When a named field is not in the layer or is named twice, when none was named and one is ``required``, or
            when the default name of a field that holds people was passed on to a layer with other numeric fields.
        """
        several = self.parameterDefinition(name).allowMultiple()
        named = named_fields(parameters, name, context, several)
        return FieldChoice(self, name, source, feedback).choose(named, required, fallbacks)

    def moment(self, parameters: dict[str, Any], name: str, context: QgsProcessingContext) -> ClockTime | None:
        """Return the date and time of a parameter as its clock shows it, None for an empty one.

        Not as QGIS reads it: in the zone of this computer, which skips an hour a year.
        """
        value = parameters.get(name)
        if value in (None, ""):
            return None
        return time_of(value) or time_of(self.parameterAsDateTime(parameters, name, context))

    def without_zones(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return parameters whose dates and times are none of this computer's.

        QGIS refuses the hour that this computer's clock skips in spring, though it may exist where the data are from.
        """
        out = dict(parameters)
        for definition in self.parameterDefinitions():
            found = time_of(parameters.get(definition.name())) if definition.type() == "datetime" else None
            if found is not None:
                out[definition.name()] = universal_value(found.shown)
        return out


def named_fields(
    parameters: dict[str, Any], name: str, context: QgsProcessingContext, several: bool
) -> list[str] | None:
    """Return the fields a parameter names as given, an empty list where it was emptied, None where it is absent."""
    value = parameters.get(name)
    if isinstance(value, QgsProperty):
        value, _ = value.valueAsString(context.expressionContext(), "")
    if name not in parameters or (value is None and is_model_child(context)):
        return None
    if value in (None, ""):
        return []
    if isinstance(value, (list, tuple)):
        parts = [str(part) for part in value if part not in (None, "")]
    else:
        parts = str(value).split(";") if several else [str(value)]
    return [part for part in parts if part]


def is_model_child(context: QgsProcessingContext) -> bool:
    """Whether the algorithm runs as a step of a model."""
    return bool(context.expressionContext().hasVariable("model_name"))
