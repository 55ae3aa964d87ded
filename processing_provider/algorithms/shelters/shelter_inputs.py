"""Reading what ``recommendshelters`` is asked for from its parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...base import EvacuationAlgorithm
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ..roads.network_parameters import MAX_SNAP_DISTANCE
from ..roads.walk_parameters import read_foot_fields
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.closing.hazard_layers import HazardLayers
    from ....plugin.layers.shelters.case import Forecast, Limits, SiteOptions


@dataclass(frozen=True)
class ShelterParameters:
    """What the parameters of ``recommendshelters`` say, read once; those of the roads are ``NetworkParameters``.

    Attributes
    ----------
    zones, sites : QgsProcessingFeatureSource
    zone_id, zone_name, site_id, site_name, rule : str or None
        Fields of their layers.
    population : list of str
        Fields of the zones with people.
    foot : list of str or None
        Fields with those of them who are on foot; None: all people travel alike.
    limits : Limits
        What the choice has to keep to.
    """

    zones: QgsProcessingFeatureSource
    zone_id: str | None
    zone_name: str | None
    population: list[str]
    foot: list[str] | None
    sites: QgsProcessingFeatureSource
    site_id: str | None
    site_name: str | None
    rule: str | None
    limits: Limits

    @classmethod
    def read(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> ShelterParameters:
        """Read the layers, the fields that name and count, and the limits.

        Raises
        ------
        QgsProcessingException
            When a layer cannot be opened or a field is not in it.
        """

        def field(name: str, source: QgsProcessingFeatureSource) -> str | None:
            return algorithm.field(parameters, name, source, context, feedback, required=False)

        sites = algorithm.source(parameters, names.SITES, context)
        site_id = field(names.SITE_ID_FIELD, sites)
        zones = algorithm.source(parameters, names.ZONES, context)
        return cls(
            zones=zones,
            zone_id=field(names.ZONE_ID_FIELD, zones),
            population=algorithm.fields(
                parameters, names.POPULATION_FIELDS, zones, context, feedback, fallbacks=[["population"]]
            ),
            foot=read_foot_fields(algorithm, parameters, zones, context, feedback),
            zone_name=field(ZONE_NAME_FIELD, zones),
            sites=sites,
            site_id=site_id,
            site_name=field(SHELTER_NAME_FIELD, sites),
            rule=field(names.RULE_FIELD, sites),
            limits=_limits(algorithm, parameters, context),
        )


def _limits(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> Limits:
    from ....plugin.layers.shelters.case import Limits

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    limited, weighed = (parameters.get(name) not in (None, "") for name in (names.MAX_TRAVEL_TIME, names.SITE_MINUTES))
    return Limits(
        minutes=number(names.MAX_TRAVEL_TIME) if limited else math.inf,
        reserve=number(names.RESERVE) / 100.0,
        min_capacity=algorithm.parameterAsInt(parameters, names.MIN_CAPACITY, context),
        max_sites=algorithm.parameterAsInt(parameters, names.MAX_SITES, context),
        choice=algorithm.parameterAsEnum(parameters, names.CHOICE, context),
        site_minutes=number(names.SITE_MINUTES) if weighed else None,
        max_snap_distance=number(MAX_SNAP_DISTANCE),
    )


def read_site_options(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    given: ShelterParameters,
    hazard: HazardLayers | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> SiteOptions:
    """Read what tells the room of the sites; asked only where somebody needs a shelter.

    Raises
    ------
    QgsProcessingException
        When a layer cannot be opened or a field is not in it.
    """
    from ....plugin.layers.shelters.case import SiteOptions
    from ....plugin.solvers.shelters.capacity import area_per_person

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    area, capacity = (
        algorithm.field(parameters, name, given.sites, context, feedback, required=False)
        for name in (names.AREA_FIELD, names.CAPACITY_FIELD)
    )
    standard = algorithm.parameterAsEnum(parameters, names.AREA_STANDARD, context)
    return SiteOptions(
        area,
        capacity,
        given.rule,
        area_per_person(standard, number(names.AREA_PER_PERSON)),
        number(names.USABLE_SHARE),
        capacity_named=parameters.get(names.CAPACITY_FIELD) not in (None, ""),
        hazard=hazard,
        forecast=_forecast(algorithm, parameters, context, feedback),
    )


def _forecast(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Forecast | None:
    from ....plugin.layers.shelters.case import Forecast

    source = algorithm.source(parameters, names.FORECAST, context)
    if source is None:
        return None
    place, value = (
        algorithm.field(parameters, name, source, context, feedback)
        for name in (names.FORECAST_SITE_FIELD, names.FORECAST_VALUE_FIELD)
    )
    time = algorithm.field(parameters, names.FORECAST_TIME_FIELD, source, context, feedback, required=False)
    return Forecast(source, str(place), time, str(value))
