"""What every algorithm of the provider shares: names, help, progress, errors, fields with a default, outputs."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..plugin.layers.fields import Column
from ..plugin.layers.writing import write_rows
from ..plugin.solvers.control import Cancelled, IsCancelled, Progress, SolverError
from . import styling

RESOURCES = Path(__file__).resolve().parent.parent / "resources"


class EvacuationAlgorithm(QgsProcessingAlgorithm):
    """Base class: a subclass names itself, declares parameters and implements :meth:`calculate`."""

    ID = ""
    TITLE = ""
    GROUP = ("plan", "Evacuation plan")
    SUMMARY = ""
    TAGS: Sequence[str] = ()

    # --- identity ---------------------------------------------------------------------------------------------

    @staticmethod
    def tr(text: str) -> str:
        """Translate ``text`` in the plugin's context."""
        return QCoreApplication.translate("EvacuationPlanner", text)

    def createInstance(self) -> EvacuationAlgorithm:
        return type(self)()

    def name(self) -> str:
        return self.ID

    def displayName(self) -> str:
        return self.tr(self.TITLE)

    def group(self) -> str:
        return self.tr(self.GROUP[1])

    def groupId(self) -> str:
        return self.GROUP[0]

    def icon(self) -> QIcon:
        return QIcon(str(RESOURCES / "icons" / f"{self.ID}.svg"))

    def tags(self) -> list[str]:
        return ["evacuation", *self.TAGS]

    def shortDescription(self) -> str:
        return self.tr(self.SUMMARY).split("\n")[0]

    def shortHelpString(self) -> str:
        """Help made of the summary and each parameter's own help."""
        parts = [f"<p>{html.escape(line)}</p>" for line in self.tr(self.SUMMARY).split("\n") if line]
        parts.append(f"<h3>{self.tr('Parameters')}</h3>")
        for definition in self.parameterDefinitions():
            if not definition.isDestination() and definition.help():
                title, text = html.escape(definition.description()), html.escape(definition.help())
                parts.append(f"<p><b>{title}</b>: {text}</p>")
        parts.append(f"<h3>{self.tr('Outputs')}</h3>")
        for definition in self.parameterDefinitions():
            if definition.isDestination() and definition.help():
                title, text = html.escape(definition.description()), html.escape(definition.help())
                parts.append(f"<p><b>{title}</b>: {text}</p>")
        return "\n".join(parts)

    def add(self, definition: QgsProcessingParameterDefinition, help_text: str, advanced: bool = False) -> None:
        """Add a parameter with its help."""
        definition.setHelp(self.tr(help_text))
        if advanced:
            definition.setFlags(definition.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
        self.addParameter(definition)

    def add_number(
        self,
        name: str,
        title: str,
        default: float | None,
        help_text: str,
        *,
        least: float = 0.0,
        most: float | None = None,
        kind: QgsProcessingParameterNumber.Type = QgsProcessingParameterNumber.Type.Double,
        advanced: bool = False,
    ) -> None:
        """Add a number of at least ``least`` with its help; without a ``default`` it may stay empty."""
        definition = QgsProcessingParameterNumber(name, title, kind, default, default is None, least)
        if most is not None:
            definition.setMaximum(most)
        self.add(definition, help_text, advanced)

    # --- running ----------------------------------------------------------------------------------------------

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Do the work; solver errors may simply be raised. (``run`` is a method of QGIS and must not be replaced.)"""
        raise QgsProcessingException(f"{self.ID}: calculate() is missing")

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        try:
            return self.calculate(parameters, context, feedback)
        except Cancelled:
            feedback.pushWarning(self.tr("Cancelled: nothing was written."))
            return {}
        except SolverError as error:
            raise QgsProcessingException(str(error)) from error

    @staticmethod
    def control(
        feedback: QgsProcessingFeedback, first: float = 0.0, last: float = 100.0
    ) -> tuple[Progress, IsCancelled]:
        """Return ``(progress, cancelled)`` for a solver that fills the bar from ``first`` to ``last`` percent."""
        shown = [""]

        def progress(fraction: float, text: str = "") -> None:
            feedback.setProgress(first + (last - first) * min(max(fraction, 0.0), 1.0))
            if text and text != shown[0]:
                shown[0] = text
                feedback.setProgressText(text)

        return progress, feedback.isCanceled

    # --- inputs -----------------------------------------------------------------------------------------------

    def source(
        self, parameters: dict[str, Any], name: str, context: QgsProcessingContext
    ) -> QgsProcessingFeatureSource | None:
        """Return the feature source of a parameter, or None for an optional one that is not set."""
        source = self.parameterAsSource(parameters, name, context)
        if source is None:
            definition = self.parameterDefinition(name)
            given = parameters.get(name) not in (None, "")
            optional = bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional)
            if given or not optional:
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
        """Return the field a parameter names, its default name when the layer has it, else None.

        Raises
        ------
        QgsProcessingException
            When a named field is not in the layer, or none was named and ``required``.
        """
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
        """Return the fields a multi-field parameter names; see :meth:`field`.

        ``fallbacks`` are tried after the parameter's default names: the first list of which every name exists.
        """
        definition = self.parameterDefinition(name)
        default = definition.defaultValue()
        default_names = default.split(";") if isinstance(default, str) else list(default or [])
        named = [n for n in self.parameterAsFields(parameters, name, context) if n]
        there = set(source.fields().names())
        given = bool(named) and named != default_names
        if given:
            missing = [n for n in named if n not in there]
            if missing:
                raise QgsProcessingException(
                    self.tr("{name}: the layer “{layer}” has no field “{field}”. Its fields are: {there}.").format(
                        name=name,
                        layer=source.sourceName(),
                        field="”, “".join(missing),
                        there=", ".join(field_names(source)),
                    )
                )
            return named
        for names in (default_names, *fallbacks):
            if names and all(n in there for n in names):
                if parameters.get(name) in (None, "", []):
                    feedback.pushInfo(
                        self.tr("{name}: using the field {field} of “{layer}”.").format(
                            name=name, field=", ".join(names), layer=source.sourceName()
                        )
                    )
                return list(names)
        if required:
            raise QgsProcessingException(
                self.tr(
                    "{name}: choose a field of “{layer}” (none was given and there is none called {default}). "
                    "Its fields are: {there}."
                ).format(
                    name=name,
                    layer=source.sourceName(),
                    default=", ".join(default_names) or self.tr("by a default name"),
                    there=", ".join(field_names(source)),
                )
            )
        return []

    # --- outputs ----------------------------------------------------------------------------------------------

    def write(
        self,
        parameters: dict[str, Any],
        name: str,
        context: QgsProcessingContext,
        columns: Sequence[Column],
        rows: Iterable[tuple[Any, Sequence[Any]]],
        geometry: QgsWkbTypes.Type | None = None,
        crs: QgsCoordinateReferenceSystem | None = None,
        style: str | None = None,
    ) -> str | None:
        """Open the sink of output ``name``, write ``rows`` of (geometry, values), close it and style the layer.

        ``geometry`` None writes a table. ``style`` names a file of resources/styles without its ending. Returns the
        destination id, or None when the (optional) output was not asked for.
        """
        destination = write_rows(self, parameters, name, context, columns, rows, geometry, crs)
        if destination is not None and style:
            styling.apply(destination, style, context)
        return destination


def field_names(source: QgsProcessingFeatureSource) -> list[str]:
    """Return the names of a source's fields in their order."""
    return list(source.fields().names())
