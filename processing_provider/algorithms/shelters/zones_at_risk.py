"""``evacuation:zonesatrisk``: how many people of each zone are inside the hazard and its buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
)

from ....plugin.solvers.errors import SolverError
from ...base import EvacuationAlgorithm
from ...field_choice import ZONE_NAME_FIELD
from ...name_parameters import add_name_field
from ..roads.hazard_parameters import add_hazard_area, given, read_hazard_parameters
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.places import Places
    from ....plugin.layers.shelters.reactions import Reactions
    from ....plugin.layers.shelters.without_car import Carless
    from ....plugin.solvers.shelters.exposure import Exposure


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
        add_hazard_area(
            self,
            "Polygons of the area to leave, in any CRS; overlapping ones count once. All that the hazard ever reaches "
            "is to be left, whenever it comes.",
        )
        self._add_carless()
        self._add_reactions()
        self.add(
            QgsProcessingParameterFeatureSink(names.OUTPUT, tr("Zones at risk")),
            "The zones from which people leave: the zone's fields, the population fields holding those who leave, "
            "share_at_risk from 0 to 1, and adults_foot and so on: of these, on foot.",
        )
        self.addOutput(QgsProcessingOutputNumber(names.PEOPLE_AT_RISK, tr("People at risk")))
        self.addOutput(QgsProcessingOutputNumber(names.PEOPLE_REFUSING, tr("Of these, people who refuse to leave")))
        self.addOutput(QgsProcessingOutputNumber(names.PEOPLE_STAYING, tr("People who can stay")))
        self.addOutput(QgsProcessingOutputNumber(names.PEOPLE_SHADOW, tr("Of these, people who leave all the same")))
        self.addOutput(QgsProcessingOutputNumber(names.ON_FOOT, tr("People who leave on foot, having no car")))
        self.addOutput(QgsProcessingOutputNumber(names.PEOPLE_WITHOUT_PLACE, tr("People in zones without a geometry")))

    def _add_carless(self) -> None:
        """Add who has no car."""
        tr = self.tr
        self.add(
            QgsProcessingParameterField(
                names.CARLESS_FIELD,
                tr("People without a car, by zone"),
                None,
                names.ZONES,
                QgsProcessingParameterField.DataType.Numeric,
                optional=True,
            ),
            "How many of a zone's people have no car and walk. They stay among the people of their class and are "
            "listed again in a column such as adults_foot, over the classes in proportion, rounded so that the "
            "zone's number is kept; empty values are nobody. Without this field columns adults_foot and so on that "
            "the zones have already are scaled with their class.",
        )
        self.add(
            QgsProcessingParameterEnum(
                names.CARLESS_UNIT,
                tr("People without a car are given as"),
                [tr("Share, 0 to 1"), tr("Percent"), tr("People of the whole zone")],
                defaultValue=0,
            ),
            "What CARLESS_FIELD holds. People of the whole zone: of these the same part leaves as of all.",
        )

    def _add_reactions(self) -> None:
        """Add when people are told, and who of them does otherwise."""
        tr, kinds = self.tr, QgsProcessingParameterField.DataType
        self.add(
            QgsProcessingParameterField(
                names.ORDER_TIME_FIELD, tr("Order time field"), "order_time", names.ZONES, kinds.Any, optional=True
            ),
            "When the order to leave reaches the zone; given on unchanged as “order_time”, in which later steps find "
            "it. Default: the field “order_time” if there is one.",
            advanced=True,
        )
        self.add_number(
            names.COMPLIANCE,
            tr("People at risk who leave when told (percent)"),
            100.0,
            "The others are listed beside those who leave, in a column such as adults_refusing, and PEOPLE_REFUSING "
            "counts them: no later step moves them.",
            most=100.0,
            advanced=True,
        )
        self.add(
            QgsProcessingParameterField(
                names.COMPLIANCE_FIELD,
                tr("Percent who leave, by zone"),
                None,
                names.ZONES,
                kinds.Numeric,
                optional=True,
            ),
            "Percent of a zone's people at risk who leave when told, instead of the number above; empty values take "
            "that number.",
            advanced=True,
        )
        self.add_number(
            names.SHADOW_SHARE,
            tr("People outside who leave too (percent)"),
            0.0,
            "People who are not at risk but see others go, and fill the same roads. They are added to those who leave "
            "and listed again in a column such as adults_shadow; PEOPLE_SHADOW counts them, PEOPLE_AT_RISK does not.",
            most=100.0,
            advanced=True,
        )
        self.add_number(
            names.SHADOW_DISTANCE,
            tr("Up to how far outside (m)"),
            None,
            "Distance from hazard and buffer up to which people leave without being told.",
            advanced=True,
        )

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        if not given(parameters):
            raise SolverError(self.tr("HAZARD: give the area to leave, as polygons or as HAZARD_RASTER."))
        share = self.parameterAsDouble(parameters, names.SHADOW_SHARE, context)
        if share > 0 and parameters.get(names.SHADOW_DISTANCE) in (None, ""):
            raise SolverError(
                self.tr(
                    "SHADOW_SHARE: give SHADOW_DISTANCE, the metres from the hazard up to which people leave untold."
                )
            )

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.closing.hazard import read_hazard
        from ....plugin.layers.destinations import destination_text
        from ....plugin.layers.people import say_unplaced, whole_people
        from ....plugin.layers.places import read_places
        from ....plugin.layers.population_fields import (
            FOOT,
            REFUSING,
            SHADOW,
            others_with_people,
            refuse_shortened,
            totals_among,
            totals_besides,
        )
        from ....plugin.layers.shelters.reactions import reactions_of
        from ....plugin.layers.shelters.without_car import columns_on_foot, listed_on_foot
        from ....plugin.layers.shelters.zones_at_risk import zones_at_risk
        from ....plugin.solvers.shelters.exposure import exposure_of

        source = self.source(parameters, names.ZONES, context)
        zones = read_places(source, names.ZONES, None, context, feedback)
        fields = self.fields(parameters, names.POPULATION_FIELDS, source, context, feedback, fallbacks=[["population"]])
        feedback.setProgress(20)
        area = read_hazard_parameters(self, parameters, context, feedback)
        hazard = read_hazard(area, zones.crs, context, feedback, near=zones.extent())
        feedback.setProgress(40)
        within = totals_among(zones, fields, feedback)
        counted = [name for name in fields if name not in within]
        people, unplaced = whole_people(zones, counted, feedback)
        carless = self._carless(parameters, source, context, feedback)
        known = [name for name in (carless.field, *listed_on_foot(zones, counted)) if name]
        totals = within + totals_besides(zones, counted, known, feedback) if len(zones) else within
        reactions = self._reactions(parameters, source, context, feedback)
        parts = reactions_of(zones, hazard, area, reactions, context)
        found = exposure_of(people, *parts)
        feedback.setProgress(80)
        columns = {name: found.column(k) for k, name in enumerate(counted)}
        columns.update({name: found.together() for name in totals})
        others, dropped = others_with_people(zones, list(columns), feedback)
        columns.update({name: exposure_of(values, *parts) for name, values in others.items()})
        foot = columns_on_foot(zones, counted, columns, totals, list(others), carless, feedback)
        refuse_shortened(list(foot), destination_text(parameters.get(names.OUTPUT), context))
        beside = {
            **({REFUSING: {key: each.refusing for key, each in columns.items()}} if reactions.some_refuse else {}),
            **({SHADOW: {key: each.shadow for key, each in columns.items()}} if reactions.shadow_share > 0 else {}),
            **({FOOT: foot} if foot else {}),
        }
        taken = (found.at_risk + found.shadow).any(axis=1)
        name, order = (
            self.field(parameters, key, source, context, feedback, required=False)
            for key in (ZONE_NAME_FIELD, names.ORDER_TIME_FIELD)
        )
        leaving = {key: column.leaving for key, column in columns.items()}
        layer = zones_at_risk(
            zones, source.wkbType(), taken, leaving, parts.share, counted, dropped, name, order, beside
        )
        destination = self.write(parameters, names.OUTPUT, context, layer)
        count, refusing, shadow = (int(each.sum()) for each in found)
        self._report(zones, found, parts.share, feedback)
        return {
            names.OUTPUT: destination,
            names.PEOPLE_AT_RISK: count,
            names.PEOPLE_REFUSING: refusing,
            names.PEOPLE_STAYING: int(people.sum()) - count,
            names.PEOPLE_SHADOW: shadow,
            names.ON_FOOT: sum(int(foot[key].sum()) for key in counted if key in foot),
            names.PEOPLE_WITHOUT_PLACE: say_unplaced(zones, unplaced.sum(axis=1), feedback),
        }

    def _carless(
        self,
        parameters: dict[str, Any],
        source: QgsProcessingFeatureSource,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Carless:
        """Read what :meth:`_add_carless` added."""
        from ....plugin.layers.shelters.without_car import Carless

        field = self.field(parameters, names.CARLESS_FIELD, source, context, feedback, required=False)
        return Carless(field, self.parameterAsEnum(parameters, names.CARLESS_UNIT, context))

    def _reactions(
        self,
        parameters: dict[str, Any],
        source: QgsProcessingFeatureSource,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Reactions:
        """Read what :meth:`_add_reactions` added."""
        from ....plugin.layers.shelters.reactions import Reactions

        return Reactions(
            self.parameterAsDouble(parameters, names.COMPLIANCE, context),
            self.field(parameters, names.COMPLIANCE_FIELD, source, context, feedback, required=False),
            self.parameterAsDouble(parameters, names.SHADOW_SHARE, context),
            self.parameterAsDouble(parameters, names.SHADOW_DISTANCE, context),
        )

    @staticmethod
    def _report(zones: Places, found: Exposure, share: np.ndarray, feedback: QgsProcessingFeedback) -> None:
        count, refusing, shadow = (int(each.sum()) for each in found)
        if len(zones) == 0:
            feedback.pushWarning(f"ZONES: “{zones.name}” has no zones; the output is empty.")
        elif count == 0:
            feedback.pushWarning("Nobody is at risk: no zone with people reaches into the hazard or its buffer.")
        people = int(np.sum(found.at_risk.sum(axis=1) > 0))
        feedback.pushInfo(
            f"{count} people at risk in {people} of {len(zones)} zones; {int(np.sum(share >= 1.0))} zones lie wholly "
            f"inside the hazard and its buffer, {int(np.sum((share > 0.0) & (share < 1.0)))} partly."
        )
        if refusing or shadow:
            feedback.pushInfo(
                f"{refusing} of these refuse to leave and stay; {shadow} people outside leave too: {count - refusing} "
                f"+ {shadow} = {count - refusing + shadow} people leave."
            )
