"""How an algorithm presents itself: names, group, icon, and help made of its parameters' own help."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
# What holds for every field parameter with a default name, as inputs.py reads them.
FIELD_RULE = "Upper and lower case of the default name do not matter. Emptied: no field is used."


class NamedAlgorithm(QgsProcessingAlgorithm):
    """Base class: a subclass names itself and declares parameters with :meth:`add`."""

    ID = ""
    TITLE = ""
    GROUP = ("plan", "Evacuation plan")
    SUMMARY = ""
    TAGS: Sequence[str] = ()

    @staticmethod
    def tr(text: str) -> str:
        """Translate ``text`` in the plugin's context."""
        return QCoreApplication.translate("EvacuationPlanner", text)

    def createInstance(self) -> NamedAlgorithm:
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
        for title, destinations in ((self.tr("Parameters"), False), (self.tr("Outputs"), True)):
            parts.append(f"<h3>{title}</h3>")
            for definition in self.parameterDefinitions():
                if definition.isDestination() == destinations and definition.help():
                    name, text = html.escape(definition.description()), html.escape(definition.help())
                    parts.append(f"<p><b>{name}</b>: {text}</p>")
        return "\n".join(parts)

    def add(self, definition: QgsProcessingParameterDefinition, help_text: str, advanced: bool = False) -> None:
        """Add a parameter with its help; a field's help also says how its default name is taken."""
        text = self.tr(help_text)
        if isinstance(definition, QgsProcessingParameterField) and definition.defaultValue():
            text = f"{text} {self.tr(FIELD_RULE)}"
        definition.setHelp(text)
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

    def optional(self, name: str) -> bool:
        """Whether the parameter ``name`` may be left out."""
        flag = QgsProcessingParameterDefinition.Flag.FlagOptional
        return bool(self.parameterDefinition(name).flags() & flag)

    def default_names(self, name: str) -> list[str]:
        """Return the default names of a field parameter, an empty list where it has none."""
        default: Any = self.parameterDefinition(name).defaultValue()
        return default.split(";") if isinstance(default, str) else list(default or [])
