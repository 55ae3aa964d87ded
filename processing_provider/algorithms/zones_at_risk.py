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
    QgsWkbTypes,
)

from ...plugin.layers.fields import Column
from ..base import EvacuationAlgorithm

if TYPE_CHECKING:
    from ...plugin.layers.places import Places

SHARE = "share_at_risk"


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
                "ZONES", tr("Zones with people"), [QgsProcessing.SourceType.TypeVectorAnyGeometry]
            ),
            "Polygons (or points) with the number of people in each.",
        )
        self.add(
            QgsProcessingParameterField(
                "POPULATION_FIELDS",
                tr("Population fields"),
                "children;adults;elderly",
                "ZONES",
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
        self.add(
            QgsProcessingParameterFeatureSource(
                "HAZARD", tr("Hazard area"), [QgsProcessing.SourceType.TypeVectorPolygon]
            ),
            "Polygons of the area to leave, in any CRS; overlapping ones count once.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "HAZARD_BUFFER",
                tr("Buffer around the hazard (m)"),
                QgsProcessingParameterNumber.Type.Double,
                0.0,
                minValue=0.0,
            ),
            "Width in metres by which the hazard is widened, whatever the layer's CRS.",
        )
        self.add(
            QgsProcessingParameterFeatureSink("OUTPUT", tr("Zones at risk")),
            "The zones with people at risk: the zone's fields, the population fields holding the people at risk only, "
            "and share_at_risk from 0 to 1.",
        )
        self.addOutput(QgsProcessingOutputNumber("PEOPLE_AT_RISK", tr("People at risk")))
        self.addOutput(QgsProcessingOutputNumber("PEOPLE_STAYING", tr("People who can stay")))
        self.addOutput(QgsProcessingOutputNumber("PEOPLE_WITHOUT_PLACE", tr("People in zones without a geometry")))

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ...plugin.layers.hazard import read_hazard, share_inside
        from ...plugin.layers.people import say_unplaced, whole_people
        from ...plugin.layers.places import read_places
        from ...plugin.layers.shelters.population_fields import (
            others_with_people,
            totals_among,
            totals_besides,
        )
        from ...plugin.solvers.shelters.exposure import people_at_risk

        source = self.source(parameters, "ZONES", context)
        zones = read_places(source, "ZONES", None, context, feedback)
        given = self.fields(parameters, "POPULATION_FIELDS", source, context, feedback, fallbacks=[["population"]])
        feedback.setProgress(20)
        buffer = self.parameterAsDouble(parameters, "HAZARD_BUFFER", context)
        hazard = read_hazard(
            self.source(parameters, "HAZARD", context), buffer, zones.crs, context, feedback, near=zones.extent()
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
        taken = np.flatnonzero(at_risk.sum(axis=1))
        destination = self._write(
            parameters, context, zones.subset(taken), source.wkbType(), scaled, share, taken, counted, dropped
        )
        count = int(at_risk.sum())
        self._report(zones, at_risk, share, count, feedback)
        return {
            "OUTPUT": destination,
            "PEOPLE_AT_RISK": count,
            "PEOPLE_STAYING": int(people.sum()) - count,
            "PEOPLE_WITHOUT_PLACE": say_unplaced(zones, unplaced.sum(axis=1), feedback),
        }

    def _write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        zones: Places,
        kind: QgsWkbTypes.Type,
        columns: dict[str, np.ndarray],
        share: np.ndarray,
        taken: np.ndarray,
        counted: list[str],
        dropped: list[str],
    ) -> str | None:
        """Write the zones ``taken``, their ``columns`` of people, and which of these the next step is to count."""
        from ...plugin.layers.shelters.population_fields import CLASSES, EVERYBODY, PEOPLE_IN, found_by_default, typed

        kept = [k for k, field in enumerate(zones.fields) if field.name() not in (SHARE, PEOPLE_IN, *dropped)]
        fields = [zones.fields.at(k) for k in kept]
        if any(shape.wkbType() != kind for shape in zones.geometries):
            kind = QgsWkbTypes.multiType(kind)  # a mended polygon may fall into parts
        recorded = [] if found_by_default([field.name() for field in fields]) == counted else [";".join(counted)]
        rows = []
        for row, i in enumerate(taken.tolist()):
            values = list(zones.attributes[row])
            for name, column in columns.items():
                position = zones.fields.indexFromName(name)
                values[position] = typed(zones.fields.at(position), values[position], int(column[i]))
            shape = zones.geometries[row].coerceToType(kind)[0]
            rows.append((shape, [*(values[k] for k in kept), float(share[i]), *recorded]))
        points = QgsWkbTypes.geometryType(kind) == QgsWkbTypes.GeometryType.PointGeometry
        by_people = counted == list(CLASSES) or counted == [EVERYBODY]
        style = f"zonesatrisk_output{'' if by_people else '_share'}{'_point' if points else ''}"
        out = [*fields, Column(SHARE, "float", "part of the zone's area inside hazard and buffer, 0 to 1")]
        if recorded:
            out.append(Column(PEOPLE_IN, "text", "fields that hold the people at risk"))
        return self.write(parameters, "OUTPUT", context, out, rows, kind, zones.crs, style)

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
