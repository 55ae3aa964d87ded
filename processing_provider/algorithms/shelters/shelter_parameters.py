"""The parameters of the shelter recommendation: sites and their room, forecast, zones, rules of the choice."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ....plugin.solvers.shelters.capacity import AREA_STANDARDS
from ...base import EvacuationAlgorithm
from ...effort_parameters import add_effort, add_mip_gap
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ...name_parameters import add_name_field
from ..roads.hazard_parameters import add_closures, add_hazard, add_start_time
from ..roads.walk_parameters import add_foot_fields
from . import names

DOUBLE, INTEGER = QgsProcessingParameterNumber.Type.Double, QgsProcessingParameterNumber.Type.Integer
ANY, NUMERIC = QgsProcessingParameterField.DataType.Any, QgsProcessingParameterField.DataType.Numeric


def add_site_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the candidate sites and what makes their capacity."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            names.SITES, tr("Candidate sites"), [QgsProcessing.SourceType.TypeVectorAnyGeometry]
        ),
        "Points or polygons that could serve as shelters. A polygon is entered at its doors.",
    )
    _field(algorithm, names.SITE_ID_FIELD, tr("Site id field"), "site_id", names.SITES, ANY, "Names a site.")
    add_name_field(algorithm, SHELTER_NAME_FIELD, names.SITES)
    _field(
        algorithm,
        names.AREA_FIELD,
        tr("Area field (m²)"),
        "area_m2",
        names.SITES,
        NUMERIC,
        "A polygon's own area serves where empty.",
    )
    _field(
        algorithm,
        names.CAPACITY_FIELD,
        tr("Capacity field (people)"),
        "capacity",
        names.SITES,
        NUMERIC,
        "Overrides the capacity by area where it is filled.",
    )
    standards = [tr(standard.name) for standard in AREA_STANDARDS]
    sources = "; ".join(f"{standard.name}: {standard.source}" for standard in AREA_STANDARDS)
    algorithm.add(
        QgsProcessingParameterEnum(names.AREA_STANDARD, tr("Area per person"), standards, False, 0),
        f"How much area a person needs. {sources}. Your country's code comes first.",
    )
    algorithm.add_number(
        names.AREA_PER_PERSON, tr("Custom area per person (m²)"), 2.0, "With the custom standard.", least=0.01
    )
    algorithm.add_number(
        names.USABLE_SHARE,
        tr("Usable share of the area"),
        0.7,
        "Part of a site's area, from 0 to 1, that people can use; the rest is paths, trees and services.",
        least=0.01,
        most=1.0,
    )
    _field(
        algorithm,
        names.RULE_FIELD,
        tr("Rule field"),
        "rule",
        names.SITES,
        ANY,
        "Holds “required” (always open, unless it is unsafe, unreachable or too small), “forbidden”, “vertical” (a "
        "tall building, safe at any time though the hazard reaches it), or nothing.",
    )


def add_forecast_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the forecast of the people who are at the sites already."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            names.FORECAST, tr("Forecast of people at the sites"), [QgsProcessing.SourceType.TypeVector], optional=True
        ),
        "Table with the people expected at each place by time, such as the output of a forecast. The largest value "
        "of a site counts; a site without a series counts as empty, with a warning.",
    )
    for name, description, default, text in (
        (names.FORECAST_SITE_FIELD, tr("Forecast: place field"), "place", "Names the site, as in the site id field."),
        (names.FORECAST_TIME_FIELD, tr("Forecast: time field"), "time", "Only for the log: every row counts."),
        (
            names.FORECAST_VALUE_FIELD,
            tr("Forecast: value field"),
            "upper",
            "People. The expected value is exceeded on most days by the day's highest count, the upper quantile of 0.9 "
            "on about one day in six.",
        ),
    ):
        _field(algorithm, name, description, default, names.FORECAST, ANY, text, advanced=True)


def add_zone_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the zones with people at risk and the hazard."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            names.ZONES, tr("Zones with people at risk"), [QgsProcessing.SourceType.TypeVectorAnyGeometry]
        ),
        "Points or polygons with the people who must leave, such as the output of “People at risk”.",
    )
    _field(algorithm, names.ZONE_ID_FIELD, tr("Zone id field"), "zone_id", names.ZONES, ANY, "Names a zone.")
    add_name_field(algorithm, ZONE_NAME_FIELD, names.ZONES)
    algorithm.add(
        QgsProcessingParameterField(
            names.POPULATION_FIELDS,
            tr("Population fields"),
            "children;adults;elderly",
            names.ZONES,
            NUMERIC,
            True,
            True,
        ),
        "Numeric fields with people; they are added up. Default: children, adults and elderly where the layer has "
        "them, else population.",
    )
    add_foot_fields(algorithm, names.ZONES, names.POPULATION_FIELDS)
    _field(
        algorithm,
        names.ORDER_TIME_FIELD,
        tr("Order time field"),
        "order_time",
        names.ZONES,
        ANY,
        "When the order to leave reaches the zone: minutes after the start time, or date and time; empty values: the "
        "start time. A way that the hazard or a closure cuts for who leaves then does not count.",
        advanced=True,
    )
    add_hazard(
        algorithm,
        "Polygons; a site that they ever reach, or their buffer, is rejected unless its rule is “vertical”. With an "
        "arrival (below) their roads close then, and a way that is cut for who leaves at the order does not count.",
    )
    add_closures(algorithm)
    add_start_time(algorithm)


def add_choice_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add what the choice of sites has to keep to."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterNumber(
            names.MAX_TRAVEL_TIME, tr("Longest travel time (minutes)"), DOUBLE, None, optional=True, minValue=0.0
        ),
        "A site farther than this from a zone does not serve it. Free-flow time, the ways between place and road "
        "included. Empty: no limit.",
    )
    algorithm.add_number(
        names.RESERVE, tr("Reserve (percent)"), 0.0, "Room kept free: people <= room / (1 + reserve / 100)."
    )
    algorithm.add_number(
        names.MIN_CAPACITY,
        tr("Smallest site worth opening (people)"),
        1,
        "Sites with less room left are rejected.",
        kind=INTEGER,
    )
    algorithm.add(
        QgsProcessingParameterEnum(
            names.CHOICE,
            tr("Which sites to open"),
            [tr("Balanced: least travel, each site counted"), tr("Fewest sites"), tr("All suitable sites")],
            False,
            0,
        ),
        "As few people left out as possible always comes first. Balanced: then the least travel time of all people "
        "together, each opened site counted as SITE_MINUTES. Fewest sites: then as few as suffice, then least travel. "
        "All suitable sites: every site that is not rejected.",
    )
    algorithm.add_number(
        names.SITE_MINUTES,
        tr("What opening one more site is worth (person-minutes)"),
        None,
        "For the balanced choice: a site is opened where it saves more travel than this. 0: wherever it saves any. "
        "Empty: 2 minutes times the people to be sheltered over the fewest sites that suffice; the log says how much.",
    )
    algorithm.add_number(
        names.MAX_SITES,
        tr("Most sites to open"),
        0,
        "0: no limit. Else at most so many: fewest people left out, then the least travel time (and SITE_MINUTES, "
        "where the choice is balanced). Not with all suitable sites.",
        kind=INTEGER,
    )
    add_effort(algorithm)
    add_mip_gap(algorithm)


def _field(
    algorithm: EvacuationAlgorithm,
    name: str,
    description: str,
    default: str,
    parent: str,
    kind: Any,
    text: str,
    advanced: bool = False,
) -> None:
    algorithm.add(
        QgsProcessingParameterField(name, description, default, parent, kind, optional=True),
        f"{text} Default: the field “{default}” if there is one.",
        advanced,
    )
