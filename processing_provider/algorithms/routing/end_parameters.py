"""The parameters that say where trips start and end: polygons of origins, destinations, their entrances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsGeometry,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterField,
)

from ....plugin.solvers.modes import BOTH, ON_FOOT
from ...base import EvacuationAlgorithm
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ...field_parameters import add_field
from ...name_parameters import add_name_field
from ..roads.door_parameters import (
    SHELTER_ID,
    SITE_ID,
    access_speed,
    add_access_speed,
    add_entrance_parameters,
    add_layer,
    read_door_rules,
)
from ..roads.hazard_parameters import rule_of
from . import names

if TYPE_CHECKING:
    from ....plugin.layers.places import Places
    from ....plugin.layers.roads.entrances import DoorRules
    from ....plugin.layers.routing.end_layers import EndLayers

_ANY = QgsProcessingParameterField.DataType.Any


def add_end_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the parameters of a routing algorithm that say where trips start and end."""
    tr, kinds = algorithm.tr, QgsProcessing.SourceType
    add_layer(
        algorithm, names.ORIGINS, tr("Polygons of the origins"), [kinds.TypeVectorPolygon],
        "Polygons of the zones. The vehicles of a trip whose origin has one start at the junctions inside it, by the "
        "length of road that meets there (motorways, trunk roads and their links left out); only at junctions from "
        "which the trip's destination can be reached. Without it, and where a polygon holds no junction, all start at "
        "the road nearest to the trip's line, as with a layer of points.",
    )  # fmt: skip
    add_field(
        algorithm, names.ORIGINS_ID_FIELD, tr("Id of the polygons"), "zone_id", names.ORIGINS, _ANY,
        "The origin's id, as in the trips. Default: “zone_id” if there is one, else the feature id.",
    )  # fmt: skip
    add_name_field(algorithm, ZONE_NAME_FIELD, names.ORIGINS)
    add_destination_parameters(algorithm)
    add_name_field(algorithm, SHELTER_NAME_FIELD, names.DESTINATIONS)
    add_access_speed(algorithm)


def add_destination_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add the parameters that say what the destinations are and where their doors."""
    tr, kinds = algorithm.tr, QgsProcessing.SourceType
    add_layer(
        algorithm, names.DESTINATIONS, tr("Destinations"), [kinds.TypeVectorPoint, kinds.TypeVectorPolygon],
        "Points or polygons of the shelters. A polygon without surveyed entrances gets doors where roads meet its "
        "border or run within 15 m of it; a point the nearest road. A vehicle may take any door of its destination.",
    )  # fmt: skip
    add_field(
        algorithm, names.DESTINATIONS_ID_FIELD, tr("Id of the destinations"), SITE_ID, names.DESTINATIONS, _ANY,
        "The destination's id, as in the trips. Default: “site_id”, else “shelter_id”.",
    )  # fmt: skip
    add_entrance_parameters(algorithm)


@dataclass(frozen=True)
class EndParameters:
    """What the parameters of :func:`add_end_parameters` say, read once.

    ``access_speed`` is in m/s; ``origin_names`` and ``destination_names`` hold what people call them, by id;
    ``staying`` is a sentence on people of the origins who refuse to leave, or ""; ``doors_on_foot`` are for walkers
    beside vehicles, None where all travel in one way.
    """

    origins: Places | None
    destinations: Places | None
    doors: DoorRules
    access_speed: float
    rule_field: str | None
    origin_names: dict[str, str]
    destination_names: dict[str, str]
    staying: str
    doors_on_foot: DoorRules | None = None

    def layers(self, hazard: QgsGeometry | None, on_foot: bool = False) -> EndLayers:
        """Return what is known of the ends of trips, with hazard and buffer in the working CRS."""
        from ....plugin.layers.routing.end_layers import EndLayers

        doors = self.doors_on_foot if on_foot and self.doors_on_foot is not None else self.doors
        return EndLayers(self.origins, self.destinations, doors, hazard, self.access_speed, self.rule_field)

    @classmethod
    def read(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        travel: int | None = None,
    ) -> EndParameters:
        """Read the parameters and their layers; ``travel`` as in :func:`..roads.travel_parameters.read_travel`.

        Raises
        ------
        QgsProcessingException
            When a layer cannot be opened or an id field is not in it.
        LayerError
        """
        from ....plugin.layers.population_fields import found_by_default, recorded_fields, tell_refusing
        from ....plugin.layers.routing.end_layers import names_in, read_origins

        origins = algorithm.source(parameters, names.ORIGINS, context)
        zones, called, known, staying = None, {}, {}, ""
        if origins is not None:
            key, name = (
                algorithm.field(parameters, field, origins, context, feedback, required=False)
                for field in (names.ORIGINS_ID_FIELD, ZONE_NAME_FIELD)
            )
            zones = read_origins(origins, key, context, feedback)
            called = names_in(origins, key, name)
        if zones is not None:
            there = zones.fields.names()
            staying = tell_refusing(zones, recorded_fields(origins, names.ORIGINS) or found_by_default(there), feedback)
        destinations = algorithm.source(parameters, names.DESTINATIONS, context)
        if destinations is not None:
            name = algorithm.field(parameters, SHELTER_NAME_FIELD, destinations, context, feedback, required=False)
            known = names_in(
                destinations, _destination_id(algorithm, parameters, destinations, context, feedback), name
            )
        return cls(
            zones, read_destinations(algorithm, parameters, context, feedback),
            read_door_rules(algorithm, parameters, context, feedback, None if travel is None else travel == ON_FOOT),
            access_speed(algorithm, parameters, context),
            rule_of(algorithm, parameters, destinations, context, feedback), called, known, staying,
            read_door_rules(algorithm, parameters, context, feedback, True) if travel == BOTH else None,
        )  # fmt: skip


def read_destinations(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Places | None:
    """Return the destinations, None without the layer.

    Raises
    ------
    QgsProcessingException
        When the layer cannot be opened or the id field is not in it.
    LayerError
    """
    from ....plugin.layers.places import read_places

    source = algorithm.source(parameters, names.DESTINATIONS, context)
    if source is None:
        return None
    field = _destination_id(algorithm, parameters, source, context, feedback)
    return read_places(source, names.DESTINATIONS, field, context, feedback)


def _destination_id(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    source: QgsProcessingFeatureSource,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> str:
    return algorithm.fields(
        parameters, names.DESTINATIONS_ID_FIELD, source, context, feedback, fallbacks=[[SHELTER_ID]]
    )[0]
