"""``evacuation:publishplan``: a scenario in PostGIS, where several people and a web map read one plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFile,
    QgsProcessingParameterProviderConnection,
    QgsProcessingParameterString,
)

from ....plugin.layers.errors import LayerError
from ...base import EvacuationAlgorithm
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.sharing.database import Address
    from ....plugin.layers.sharing.opening import Scenario
    from ....plugin.layers.sharing.publishing import Order


class PublishPlan(EvacuationAlgorithm):
    """Writes a scenario's layers as a new version of a plan."""

    ID = "publishplan"
    TITLE = "Publish a plan"
    GROUP = ("sharing", "Keep and share plans")
    TAGS = ("publish", "share", "postgis", "postgresql", "database", "web map", "scenario", "version", "plan")
    SUMMARY = (
        "Puts a scenario into PostGIS, so that several people and a web map read one plan. The table plan has a row "
        "for each version, with the command of the run (jsonb); route, road, zone, shelter, closure, clearance and "
        "flow have the rows of its layers, and the views current_route and so on those of each plan's current version. "
        "Removing a row of plan removes its rows everywhere.\n"
        "All in one transaction: until it is complete the version before stays current, and of a run that is "
        "cancelled, killed or fails nothing is left. Of two that publish at once the second waits and gets the next "
        "version.\nLayers are recognised by their fields; of several for one table a result of the run wins over an "
        "input. The log says which layer went where, and which has no place. Columns are the same for every plan, what "
        "else a layer has is in attributes (jsonb). Shapes are in EPSG:4326, flat and without curves; moments are "
        "local time of the plan's START_TIME. Styles go to layer_styles for tables and views; they are those of the "
        "plan published last.\nThe log also says which inputs have changed since the scenario was saved."
    )

    def __init__(self) -> None:
        super().__init__()
        self.address: Address | None = None

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        tr = self.tr
        self.add(
            QgsProcessingParameterFile(names.SCENARIO, tr("Scenario"), extension="gpkg"),
            "The GeoPackage that “Save a scenario” made.",
        )
        self.add(
            QgsProcessingParameterProviderConnection(names.CONNECTION, tr("Connection"), "postgres"),
            "The name of a PostgreSQL connection stored in QGIS, or of a service (pg_service.conf). Never a password: "
            "that belongs into the connection (as an authentication configuration), the service file or ~/.pgpass.",
        )
        self.add(
            QgsProcessingParameterString(names.SCHEMA, tr("Schema"), "evacuation"),
            "Where the tables are; made where it is missing and the role may.",
        )
        self.add(
            QgsProcessingParameterString(names.PLAN_NAME, tr("Name of the plan")),
            "Versions are counted by name: a name that is there already gets its next version.",
        )
        self.add(
            QgsProcessingParameterString(names.READER, tr("Role that reads"), optional=True),
            "A role that may read tables, views and styles and write nothing; made (without login) where it is "
            "missing. Empty: none.",
        )
        self.addOutput(QgsProcessingOutputString(names.PLAN_ID, tr("Id of the plan's version")))
        self.addOutput(QgsProcessingOutputNumber(names.VERSION, tr("Version")))
        self.addOutput(QgsProcessingOutputNumber(names.PUBLISHED, tr("Rows published")))

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        from ....plugin.layers.sharing.database import address_of
        from ....plugin.layers.sharing.opening import read_run
        from ....plugin.layers.sharing.publishing import refuse_order

        refuse_order(self._order(parameters, context))
        read_run(self.parameterAsString(parameters, names.SCENARIO, context))
        self.address = address_of(self.parameterAsConnectionName(parameters, names.CONNECTION, context))

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.sharing.database import driver
        from ....plugin.layers.sharing.opening import open_scenario
        from ....plugin.layers.sharing.plan_tables import placed_layers
        from ....plugin.layers.sharing.publishing import publish

        if self.address is None:
            raise QgsProcessingException(self.tr("The connection was not looked for."))
        driver()
        scenario = open_scenario(self.parameterAsString(parameters, names.SCENARIO, context))
        placed, homeless = placed_layers(scenario)
        for one in placed:
            rest = one.attributes()
            kept = f"; in attributes: {', '.join(rest)}" if rest else ""
            feedback.pushInfo(f"{one.table.name} takes “{one.stored.name}” ({one.layer.featureCount():,} rows{kept}).")
        for line in homeless:
            feedback.pushInfo(line)
        if not placed:
            raise LayerError("SCENARIO: none of its layers is part of a plan; save it with the results of a run.")
        self._tell_changes(scenario, feedback)
        order = self._order(parameters, context)
        done = publish(self.address, order, scenario, placed, context, self.control(feedback, 20.0, 100.0))
        for line in done.said:
            feedback.pushInfo(line)
        for line in done.warnings:
            feedback.pushWarning(line)
        feedback.pushInfo(
            self.tr("“{name}” is published as version {version} and current.").format(
                name=order.plan_name.strip(), version=done.version
            )
        )
        numbers = {names.VERSION: done.version, names.PUBLISHED: sum(done.rows.values())}
        return {names.PLAN_ID: done.plan_id, **numbers}

    def _order(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Order:
        from ....plugin.layers.sharing.publishing import Order

        texts = (names.SCHEMA, names.PLAN_NAME, names.READER)
        return Order(*(self.parameterAsString(parameters, name, context) for name in texts))

    def _tell_changes(self, scenario: Scenario, feedback: QgsProcessingFeedback) -> None:
        from ....plugin.layers.sharing.opening import changed_inputs

        for change in changed_inputs(scenario, self.control(feedback, 0.0, 20.0)):
            if change.compared:
                feedback.pushWarning(f"Since the scenario was saved an input has changed: {change}.")
            else:
                feedback.pushInfo(f"{change}.")
