"""Zones and candidate sites of the shelter recommendation, and what its choice has to keep to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.shelters.covering import BALANCED
from ..closing.hazard import read_hazard, reasons_inside
from ..closing.hazard_layers import HazardLayers
from ..closing.places_reached import vertical
from ..people import say_unplaced, whole_people
from ..places import Places, read_places
from ..population_fields import totals_among
from ..walkers import people_on_foot
from .candidate_sites import capacities, rules
from .forecasts import expected_presence


@dataclass(frozen=True)
class Forecast:
    """A table of the people expected at each site, and its fields."""

    source: QgsProcessingFeatureSource
    site_field: str
    time_field: str | None
    value_field: str


@dataclass(frozen=True)
class SiteOptions:
    """What tells a site's room and whether it may serve.

    Attributes
    ----------
    area_field, capacity_field, rule_field : str or None
        Fields of the sites' layer: square metres, people, "required" or "forbidden".
    per_person : float
        Square metres a person needs.
    usable_share : float
        Part of a site's area that people can use, above 0 and up to 1.
    capacity_named : bool
        Whether the user chose the capacity field, so that it must not be empty throughout.
    hazard : HazardLayers or None
        A site that it ever reaches, or its buffer, is unsafe unless its rule is “vertical”.
    forecast : Forecast or None
    """

    area_field: str | None
    capacity_field: str | None
    rule_field: str | None
    per_person: float
    usable_share: float
    capacity_named: bool = False
    hazard: HazardLayers | None = None
    forecast: Forecast | None = None


@dataclass(frozen=True)
class Limits:
    """What the choice has to keep to.

    Attributes
    ----------
    minutes : float
        Longest travel time, infinite for none.
    reserve : float
        Part of the room kept free.
    min_capacity, max_sites : int
        Least room that makes a site worth opening; most sites to open, 0 for no limit.
    choice : int
        BALANCED, FEWEST_SITES or ALL_SITES, of :mod:`...solvers.shelters.covering`.
    site_minutes : float or None
        Person-minutes that opening one more site is worth where the choice is balanced; None for the default.
    max_snap_distance : float
        Longest way from a zone or site to a road, in metres.
    """

    minutes: float = math.inf
    reserve: float = 0.0
    min_capacity: int = 1
    max_sites: int = 0
    choice: int = BALANCED
    site_minutes: float | None = None
    max_snap_distance: float = 500.0


@dataclass(frozen=True)
class PeopleAtRisk:
    """The zones with people who must leave and how many live in zones that cannot be used.

    Attributes
    ----------
    zones : Places
        One for those who drive of a zone, and behind all of these one for those of a zone who walk.
    people : (z,) int64
    groups : (z, c) int64
        The same by class.
    on_foot : (z,) bool
        Who walks while others may drive. Where everybody walks (TRAVEL_MODE 1) nobody is marked.
    unplaced : int
    """

    zones: Places
    people: np.ndarray
    groups: np.ndarray
    on_foot: np.ndarray
    unplaced: int

    @property
    def labels(self) -> list[str]:
        """What the log calls each: the zone's id, and that people walk where some do."""
        return [f"{zone} (on foot)" if walks else zone for zone, walks in zip(self.zones.ids, self.on_foot.tolist())]


@dataclass(frozen=True)
class CandidateSites:
    """Candidate sites and what holds of each by itself; arrays and lists of length k as in :class:`ShelterProblem`."""

    places: Places
    capacity: np.ndarray
    predicted: np.ndarray
    unsafe: list[str]
    required: np.ndarray
    forbidden: np.ndarray


def read_people(
    source: QgsProcessingFeatureSource,
    id_field: str | None,
    population: Sequence[str],
    foot_fields: Sequence[str] | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> PeopleAtRisk:
    """Read the zones with people in the fields ``population``; a field that is the sum of others counts once.

    ``foot_fields`` are the fields of those on foot, by default all that are named so; None: all people travel alike.

    Raises
    ------
    LayerError
        As :func:`~..places.read_places`, :func:`~..people.whole_people` and :func:`~..walkers.people_on_foot`.
    """
    zones = read_places(source, "ZONES", id_field, context, feedback)
    totals = totals_among(zones, population, feedback)
    classes = [name for name in population if name not in totals]
    placed, unplaced = whole_people(zones, classes, feedback)
    foot = np.zeros_like(placed)
    if foot_fields is not None:
        foot, _ = people_on_foot(zones, classes, (placed, unplaced), foot_fields, "POPULATION_FIELDS", feedback)
    lost = say_unplaced(zones, unplaced.sum(axis=1), feedback)
    drive, walk = (np.flatnonzero(each.sum(axis=1)) for each in (placed - foot, foot))
    groups = np.concatenate([(placed - foot)[drive], foot[walk]])
    on_foot = np.arange(len(groups)) >= len(drive)
    return PeopleAtRisk(zones.subset([*drive, *walk]), groups.sum(axis=1), groups, on_foot, lost)


def candidate_sites(
    sites: Places, options: SiteOptions, context: QgsProcessingContext, feedback: QgsProcessingFeedback
) -> CandidateSites:
    """Return the sites with their room, rules, hazard and the people expected there.

    Raises
    ------
    LayerError
        When no site has a capacity or area, a value is no number, or the hazard cannot be read.
    """
    capacity = capacities(
        sites,
        options.area_field,
        options.capacity_field,
        options.per_person,
        options.usable_share,
        feedback,
        named=options.capacity_named,
    )
    required, forbidden = rules(sites, options.rule_field, feedback)
    unsafe = [""] * len(sites)
    if options.hazard is not None:
        area = read_hazard(options.hazard, sites.crs, context, feedback, near=sites.extent())
        unsafe = reasons_inside(sites, area, feedback, vertical(sites, options.rule_field))
    return CandidateSites(sites, capacity, _predicted(sites, options.forecast, feedback), unsafe, required, forbidden)


def _predicted(sites: Places, forecast: Forecast | None, feedback: QgsProcessingFeedback) -> np.ndarray:
    if forecast is None:
        feedback.pushWarning("FORECAST: none given; nobody is expected to be at the sites already.")
        return np.zeros(len(sites), dtype=np.int64)
    return expected_presence(
        forecast.source, forecast.site_field, forecast.time_field, forecast.value_field, sites.ids, feedback
    )
