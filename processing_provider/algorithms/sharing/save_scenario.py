"""``evacuation:savescenario``: a run's layers, its command and what its inputs were, in one GeoPackage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)

from ....plugin.layers.destinations import input_layer
from ....plugin.layers.errors import LayerError
from ...base import EvacuationAlgorithm
from ...layer_checks import listed_layers
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.sharing.saving import Prepared


class SaveScenario(EvacuationAlgorithm):
    """Keeps a run: layers, command, versions, fingerprints of the inputs."""

    ID = "savescenario"
    TITLE = "Save a scenario"
    GROUP = ("sharing", "Keep and share plans")
    TAGS = ("scenario", "save", "archive", "geopackage", "provenance", "share", "run", "fingerprint")
    SUMMARY = (
        "Puts the layers of a run into one GeoPackage, with its command, the versions of plugin and QGIS, seed, EFFORT "
        "and START_TIME (table scenario_run), and a fingerprint of each input: features, extent, sum of people, hash "
        "of ids, and a hash of all values and shapes. So the plan can be given away, compared and published, and "
        "whoever opens it is told which inputs have changed since.\n"
        "Layers keep style, reference system, field names, aliases and comments; a table stays a table. Scratch layers "
        "that the run read are copied in, rasters stay where they are and are kept by path and fingerprint. Other "
        "inputs that are not among LAYERS stay where they are.\n"
        "People are summed over the fields that the run was given (POPULATION_FIELDS, GROUP_FIELDS, PEOPLE_FIELD), "
        "else their default names, else population or people; ids are those of the input's ID_FIELD, else zone_id, "
        "shelter_id, site_id, road_id and the like. The fingerprint is of what is saved in the source: a run on "
        "selected features, or on edits that are not saved, is not told apart.\n"
        "Passwords in sources are never written: an input that needs one is compared later only where it is open."
    )

    def __init__(self) -> None:
        super().__init__()
        self.prepared: Prepared | None = None

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        tr = self.tr
        self.add(
            QgsProcessingParameterMultipleLayers(names.LAYERS, tr("Layers"), QgsProcessing.SourceType.TypeMapLayer),
            "The layers of the run: its results, and those inputs that are to travel with it. Vector layers and tables "
            "are copied in, rasters are kept by path.",
        )
        self.add(
            QgsProcessingParameterString(names.COMMAND, tr("Command of the run (JSON)"), multiLine=True),
            'What ran: {"algorithm_id": "evacuation:…", "parameters": {…}} as in QGIS\'s history from 3.24 on, or what '
            '“qgis_process --json run” printed ("algorithm_details", "inputs", "results"). JSON without an id is '
            "taken for the one algorithm that has these parameters. It is read, never run.",
        )
        self.add(
            QgsProcessingParameterFileDestination(names.OUTPUT, tr("Scenario"), "GeoPackage (*.gpkg)"),
            "The GeoPackage. A scenario that is there stays until the new one is complete; another file is not "
            "overwritten.",
        )
        self.addOutput(QgsProcessingOutputNumber(names.LAYER_COUNT, tr("Layers kept")))
        self.addOutput(QgsProcessingOutputNumber(names.INPUT_COUNT, tr("Inputs with a fingerprint")))

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        from ....plugin.layers.sharing.command import read_command
        from ....plugin.layers.sharing.opening import is_scenario

        read_command(self.parameterAsString(parameters, names.COMMAND, context))
        if not listed_layers(parameters.get(names.LAYERS)):
            raise LayerError("LAYERS: no layer is chosen. Choose those that belong to the run.")
        path = self._path(parameters, context)
        if Path(path).suffix.casefold() != ".gpkg":
            raise LayerError(f"OUTPUT: “{path}” is no GeoPackage; give a name that ends in .gpkg.")
        if Path(path).is_file() and not is_scenario(path):
            raise LayerError(f"OUTPUT: “{path}” is there already and is no scenario; give another name.")

    def prepareAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Look at the layers, which belong to this thread."""
        from ....plugin.layers.sharing.command import read_command, told_command
        from ....plugin.layers.sharing.saving import prepare

        super().prepareAlgorithm(parameters, context, feedback)
        command = read_command(self.parameterAsString(parameters, names.COMMAND, context))
        layers = [input_layer(value, context) for value in listed_layers(parameters.get(names.LAYERS))]
        try:
            self.prepared = prepare([layer for layer in layers if layer is not None], command, context)
        except LayerError as error:
            raise QgsProcessingException(str(error)) from error
        for line in [*told_command(command), *self.prepared.said]:
            feedback.pushInfo(line)
        return True

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.sharing.saving import told_inputs, write

        prepared, self.prepared = self.prepared, None
        if prepared is None:
            raise QgsProcessingException(self.tr("The layers were not looked at."))
        path = self._path(parameters, context)
        run = write(path, prepared, self.control(feedback))
        for line in told_inputs(prepared, run):
            feedback.pushInfo(line)
        for one in run.inputs:
            if one.fingerprint is None:
                feedback.pushWarning(f"{one.parameter}: “{one.name}” has no fingerprint: {one.why}.")
        self._wrote(names.OUTPUT, path)
        known = sum(one.fingerprint is not None for one in run.inputs)
        return {names.OUTPUT: path, names.LAYER_COUNT: len(run.layers), names.INPUT_COUNT: known}

    def _path(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        return str(self.parameterAsFileOutput(parameters, names.OUTPUT, context))
