"""The parameters of the mode of travel: by car or on foot, and how people walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterField,
    QgsProcessingParameterRasterLayer,
)

from ....plugin.solvers.errors import SolverError
from ....plugin.solvers.modes import BOTH, BY_CAR, ON_FOOT
from ....plugin.solvers.roads import foot
from ...base import EvacuationAlgorithm
from ...outputs import TRAVEL_MODE
from . import road_attributes as names
from .road_attributes import road_field

if TYPE_CHECKING:
    from ....plugin.layers.roads.options import NetworkOptions

ELEVATION = "ELEVATION"
ELEVATION_UNIT = "ELEVATION_UNIT"
FOOT_CAPACITY = "FOOT_CAPACITY"
FOOT_DENSITY = "FOOT_DENSITY"
WALKING_SPEED = "WALKING_SPEED"
WIDTH_FIELD = "WIDTH_FIELD"

WALK_ON_LANES = "WALK_ON_LANES"

# Fields of roads that say nothing of walkers. (One-way signs and lanes say how wide a road is.)
IDLE_ON_FOOT = (names.SPEED_FIELD, names.CAPACITY_FORWARD_FIELD, names.CAPACITY_BACKWARD_FIELD)
IDLE_NUMBERS = (names.DEFAULT_SPEED, names.DEFAULT_LANE_CAPACITY, names.JUNCTION_DELAY, "PEOPLE_PER_VEHICLE")
NO_PART_ON_FOOT = "plays no part on foot."


def add_travel_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add TRAVEL_MODE and what counts on foot."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterEnum(TRAVEL_MODE, tr("Mode of travel"), [tr("Car"), tr("On foot")], defaultValue=0),
        "On foot people also take footways, paths, steps and tracks and no motorways (column “foot” of "
        "resources/roads/classes.csv); a road's own “foot” = no or yes and “motorroad” = yes win. One-way signs, "
        "speeds, capacities of vehicles and delays at junctions do not apply. Without a class field all are open. "
        "A “vehicle” is one person then, wherever the word stands.",
    )
    algorithm.add_number(
        WALKING_SPEED,
        tr("Walking speed (m/s)"),
        foot.WALKING_SPEED,
        "On the flat, where nobody is in the way; on foot only. 0.89 impaired, 1.1 slow walk, 1.52 fast walk, 1.79 "
        "slow run, 3.85 fast run: presets of the Pedestrian Evacuation Analyst (Jones, Ng and Wood, U.S. Geological "
        "Survey, Techniques and Methods 11-C9, 2014). On steps 60 % of it, whatever their slope.",
        least=foot.SLOWEST,
        most=foot.FASTEST,
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterRasterLayer(ELEVATION, tr("Elevation"), optional=True),
        "Heights of the ground, first band, in any CRS; on foot only. Slopes change the walking speed by Tobler's "
        "function (1993), each way its own: as on the flat at -10 %, 1.19 times at -5 %, 0.70 times at +10 %. Heights "
        "are read every 50 m and smoothed over 100 m; bridges, tunnels and places without data rise evenly between "
        "their ends, and slopes over 50 % count as 50 %. Empty: all is flat.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterEnum(
            ELEVATION_UNIT, tr("Unit of the elevation"), [tr("Metres"), tr("Feet")], defaultValue=0
        ),
        "Of the raster's heights.",
        advanced=True,
    )
    algorithm.add(
        road_field(WIDTH_FIELD, tr("Width field (m)"), "width", QgsProcessingParameterField.DataType.Any),
        "Width for walkers, both directions together; on foot only. Roads without one: 3 m for each lane of both "
        "directions (3 m in all, the pavements, where others drive), 2 m where no cars go (paths, steps, tracks). 0.2 "
        "m at each edge do not count. Default: the field “width” if there is one.",
        advanced=True,
    )
    algorithm.add_number(
        FOOT_CAPACITY,
        tr("Most people through a metre of width (persons/s)"),
        foot.FOOT_CAPACITY,
        "Persons a second and metre of effective width who walk 1.19 m/s or faster; slower ones fewer, in proportion. "
        "On foot only. After the SFPE Handbook of Fire Protection Engineering.",
        least=0.01,
        most=10.0,
        advanced=True,
    )
    algorithm.add_number(
        FOOT_DENSITY,
        tr("Most people on a square metre"),
        foot.FOOT_DENSITY,
        "Persons who stand on a square metre of effective width where nobody moves; on foot only. After the same.",
        least=0.1,
        most=10.0,
        advanced=True,
    )


def add_walk_on_lanes(algorithm: EvacuationAlgorithm) -> None:
    """Add whether walkers of a mixed plan have the lanes of roads without cars."""
    algorithm.add(
        QgsProcessingParameterBoolean(WALK_ON_LANES, algorithm.tr("Walk on lanes that no car uses"), False),
        "Where some drive and some walk: vehicles are planned first, then walkers have the lanes, not the pavements "
        "alone, of roads on which no vehicle of the plan drives, on no part of them. For a plan given as tables: as in "
        "the run that made it.",
        advanced=True,
    )


def read_travel(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    source: QgsProcessingFeatureSource,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    travel: int | None = None,
) -> NetworkOptions:
    """Return options of a network with the mode of travel and what goes with it.

    ``travel`` says who travels (BY_CAR, ON_FOOT, BOTH), where something else than TRAVEL_MODE does.

    Raises
    ------
    QgsProcessingException
        When the raster cannot be opened or the field is not in the layer.
    """
    from ....plugin.layers.roads.options import NetworkOptions

    if algorithm.parameterDefinition(TRAVEL_MODE) is None:
        return NetworkOptions()
    if travel is None:
        travel = ON_FOOT if walks(algorithm, parameters, context) else BY_CAR
    if travel == BY_CAR:
        given = [name for name in (ELEVATION, WIDTH_FIELD) if parameters.get(name) not in (None, "", [])]
        if given:
            feedback.pushInfo(f"{', '.join(given)}: plays no part by car. Set TRAVEL_MODE to 1 to walk.")
        return NetworkOptions()

    idle = [name for name in IDLE_NUMBERS if _is_given(algorithm, parameters, name)]
    if idle and travel == ON_FOOT:
        feedback.pushInfo(
            f"{', '.join(idle)}: {NO_PART_ON_FOOT.replace('plays', 'play') if idle[1:] else NO_PART_ON_FOOT}"
        )

    def number(name: str) -> float:
        return float(algorithm.parameterAsDouble(parameters, name, context))

    return NetworkOptions(
        travel_mode=ON_FOOT if travel == ON_FOOT else BY_CAR,
        beside_cars=travel == BOTH,
        walking=foot.Walking(number(WALKING_SPEED), number(FOOT_CAPACITY), number(FOOT_DENSITY)),
        width_field=algorithm.field(parameters, WIDTH_FIELD, source, context, feedback, False),
        elevation=_elevation(algorithm, parameters, context),
    )


def _is_given(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], name: str) -> bool:
    """Whether a number is given, other than its default."""
    definition = algorithm.parameterDefinition(name)
    return definition is not None and parameters.get(name) not in (None, "", definition.defaultValue())


def walks(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> bool:
    """Whether everybody walks."""
    if algorithm.parameterDefinition(TRAVEL_MODE) is None:
        return False
    return bool(algorithm.parameterAsEnum(parameters, TRAVEL_MODE, context) == 1)


def refuse_on_foot(
    algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext, why: str
) -> None:
    """Raise SolverError where everybody is to walk in an algorithm of cars."""
    if walks(algorithm, parameters, context):
        raise SolverError(f"TRAVEL_MODE: {why} Set TRAVEL_MODE to 0 (car).")


def _elevation(algorithm: EvacuationAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> Any:
    from ....plugin.layers.roads.elevation import METRES_OF, Elevation

    if parameters.get(ELEVATION) in (None, ""):
        return None
    raster = algorithm.parameterAsRasterLayer(parameters, ELEVATION, context)
    if raster is None or not raster.isValid():
        raise QgsProcessingException(algorithm.invalidRasterError(parameters, ELEVATION))
    return Elevation(raster, METRES_OF[algorithm.parameterAsEnum(parameters, ELEVATION_UNIT, context)])
