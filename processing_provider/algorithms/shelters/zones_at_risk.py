"""``evacuation:zonesatrisk``: how many people of each zone are inside the hazard and its buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ...base import EvacuationAlgorithm
from ...field_choice import ZONE_NAME_FIELD
from ...name_parameters import add_name_field
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.places import Places


class ZonesAtRisk(EvacuationAlgorithm):
    """Scales the population of each zone to the part of it that the hazard covers."""

    ID = "zonesatrisk"
    TITLE = "People at risk"
    TAGS = ("hazard", "exposure", "population", "zones", "buffer", "risk")
    SUMMARY = (
        "Finds the zones inside a hazard area, and how many of their people must leave.\n"
        "People are taken to be spread evenly over a zone: a zone's share at risk is the share of its ellipsoidal area "
        "inside the hazard and its buffer. A point is inside or not. Each population field is scaled by the share and "
        "rounded so that the layer's total is kept to the person (largest remainder).\n"
        "The output feeds “Recommend shelters” and “Allocate people to shelters”."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        tr = self.tr
        self.add(
            QgsProcessingParameterFeatureSource(
                names.ZONES, tr("Zones with people"), [QgsProcessing.SourceType.TypeVectorAnyGeometry]
            ),
            "Polygons (or points) with the number of people in each.",
        )
        self.add(
            QgsProcessingParameterField(
                names.POPULATION_FIELDS,
                tr("Population fields"),
                "children;adults;elderly",
                names.ZONES,
                QgsProcessingParameterField.DataType.Numeric,
                True,
                True,
            ),
            "Numeric fields with people: one for everybody, or one for each class. They are added up: a field that is "
            "the sum of the other ones given is recognised and not counted twice. Fields that are not given keep their "
            "values for the whole zone, except one that is the sum of the given ones in every zone, and those that "
            "later steps would look for people in (children, adults, elderly, population): they are scaled too, and "
            "the log says so. Where other fields are given than later steps find by name, the column people_in tells "
            "them. Default: children, adults and elderly where the layer has them, else population.",
        )
        add_name_field(self, ZONE_NAME_FIELD, names.ZONES)
        self.add(
            QgsProcessingParameterFeatureSource(
                names.HAZARD, tr("Hazard area"), [QgsProcessing.SourceType.TypeVectorPolygon]
            ),
            "Polygons of the area to leave, in any CRS; overlapping ones count once.",
        )
        self.add(
            QgsProcessingParameterNumber(
                names.HAZARD_BUFFER,
                tr("Buffer around the hazard (m)"),
                QgsProcessingParameterNumber.Type.Double,
                0.0,
                minValue=0.0,
            ),
            "Width in metres by which the hazard is widened, whatever the layer's CRS.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(names.OUTPUT, tr("Zones at risk")),
            "The zones with people at risk: the zone's fields, the population fields holding the people at risk only, "
            "and share_at_risk from 0 to 1.",
        )
        self.addOutput(QgsProcessingOutputNumber(names.PEOPLE_AT_RISK, tr("People at risk")))
        self.addOutput(QgsProcessingOutputNumber(names.PEOPLE_STAYING, tr("People who can stay")))
        self.addOutput(QgsProcessingOutputNumber(names.PEOPLE_WITHOUT_PLACE, tr("People in zones without a geometry")))

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.hazard import read_hazard, share_inside
        from ....plugin.layers.people import say_unplaced, whole_people
        from ....plugin.layers.places import read_places
        from ....plugin.layers.population_fields import others_with_people, totals_among, totals_besides
        from ....plugin.layers.shelters.zones_at_risk import zones_at_risk
        from ....plugin.solvers.shelters.exposure import people_at_risk

        source = self.source(parameters, names.ZONES, context)
        zones = read_places(source, names.ZONES, None, context, feedback)
        given = self.fields(parameters, names.POPULATION_FIELDS, source, context, feedback, fallbacks=[["population"]])
        feedback.setProgress(20)
        buffer = self.parameterAsDouble(parameters, names.HAZARD_BUFFER, context)
        hazard = read_hazard(
            self.source(parameters, names.HAZARD, context), buffer, zones.crs, context, feedback, near=zones.extent()
        )
        feedback.setProgress(40)
        within = totals_among(zones, given, feedback)
        counted = [name for name in given if name not in within]
        people, unplaced = whole_people(zones, counted, feedback)
        totals = within + totals_besides(zones, counted, feedback) if len(zones) else within
        share = share_inside(zones, hazard, context)
        at_risk = people_at_risk(people, share)
        feedback.setProgress(80)
        columns = {name: at_risk[:, k] for k, name in enumerate(counted)}
        columns.update({name: at_risk.sum(axis=1) for name in totals})
        others, dropped = others_with_people(zones, list(columns), feedback)
        scaled = {**columns, **{name: people_at_risk(values, share) for name, values in others.items()}}
        name = self.field(parameters, ZONE_NAME_FIELD, source, context, feedback, required=False)
        layer = zones_at_risk(zones, source.wkbType(), at_risk.any(axis=1), scaled, share, counted, dropped, name)
        destination = self.write(parameters, names.OUTPUT, context, layer)
        count = int(at_risk.sum())
        self._report(zones, at_risk, share, count, feedback)
        return {
            names.OUTPUT: destination,
            names.PEOPLE_AT_RISK: count,
            names.PEOPLE_STAYING: int(people.sum()) - count,
            names.PEOPLE_WITHOUT_PLACE: say_unplaced(zones, unplaced.sum(axis=1), feedback),
        }

    @staticmethod
    def _report(
        zones: Places, at_risk: np.ndarray, share: np.ndarray, count: int, feedback: QgsProcessingFeedback
    ) -> None:
        if len(zones) == 0:
            feedback.pushWarning(f"ZONES: “{zones.name}” has no zones; the output is empty.")
        elif count == 0:
            feedback.pushWarning("Nobody is at risk: no zone with people reaches into the hazard or its buffer.")
        people = int(np.sum(at_risk.sum(axis=1) > 0))
        feedback.pushInfo(
            f"{count} people at risk in {people} of {len(zones)} zones; {int(np.sum(share >= 1.0))} zones lie wholly "
            f"inside the hazard and its buffer, {int(np.sum((share > 0.0) & (share < 1.0)))} partly."
        )
