"""Parameters of the hazard, of closures and of t = 0, the same in every algorithm that knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterRasterLayer,
)

from ...base import EvacuationAlgorithm
from ...field_parameters import add_field
from .road_ids import CLOSURES as CLOSURES
from .road_ids import CLOSURES_ROAD_FIELD as CLOSURES_ROAD_FIELD

if TYPE_CHECKING:
    from ....plugin.layers.closing.closures import ClosureRows
    from ....plugin.layers.closing.danger import DangerLayers
    from ....plugin.layers.closing.hazard_layers import HazardLayers
    from ....plugin.layers.moments import MomentColumn, Start
    from ....plugin.layers.places import Places
    from ....plugin.layers.zone_orders import ZoneOrders

CLOSURES_DIRECTION_FIELD = "CLOSURES_DIRECTION_FIELD"
CLOSURES_FROM_FIELD = "CLOSURES_FROM_FIELD"
CLOSURES_KNOWN_FIELD = "CLOSURES_KNOWN_FIELD"
CLOSURES_TO_FIELD = "CLOSURES_TO_FIELD"
HAZARD = "HAZARD"
HAZARD_BUFFER = "HAZARD_BUFFER"
HAZARD_KNOWN_FIELD = "HAZARD_KNOWN_FIELD"
HAZARD_RASTER = "HAZARD_RASTER"
HAZARD_RASTER_UNIT = "HAZARD_RASTER_UNIT"
HAZARD_TIME_FIELD = "HAZARD_TIME_FIELD"
RULE_FIELD = "RULE_FIELD"
START_TIME = "START_TIME"

USUAL_WINDOW = 3600.0  # s: DEPARTURE_WINDOW's default, for algorithms that have none
_ANY = QgsProcessingParameterField.DataType.Any


def add_hazard_area(algorithm: EvacuationAlgorithm, text: str) -> None:
    """Add where the hazard is: polygons, a raster, the buffer around them; ``text`` explains the polygons."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            HAZARD, tr("Hazard"), [QgsProcessing.SourceType.TypeVectorPolygon], optional=True
        ),
        text,
    )
    algorithm.add(
        QgsProcessingParameterRasterLayer(HAZARD_RASTER, tr("Hazard as a raster of arrivals"), optional=True),
        "In place of the polygons: the first band says when the hazard reaches a cell, in any CRS; no data: never. Not "
        "together with the polygons.",
        advanced=True,
    )
    algorithm.add_number(
        HAZARD_BUFFER,
        tr("Buffer around the hazard (m)"),
        0.0,
        "This many metres around the hazard belong to the area to leave as well. The buffer closes no road and catches "
        "nobody.",
        advanced=True,
    )


def add_hazard(algorithm: EvacuationAlgorithm, text: str) -> None:
    """Add the hazard with its moments of arrival; ``text`` explains the polygons."""
    tr = algorithm.tr
    add_hazard_area(algorithm, text)
    add_field(
        algorithm, HAZARD_TIME_FIELD, tr("Arrival of the hazard"), "hazard_arrival", HAZARD, _ANY,
        "When a polygon becomes dangerous: minutes after the start time, or date and time. From then on nobody enters "
        "its roads, and who is on one is caught. A moment before the start time: from the start. Where polygons "
        "overlap the earliest counts. Empty values, and a layer without the field: there from the start for who is "
        "inside, but no road closes. Default: “hazard_arrival” if there is one.",
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterEnum(
            HAZARD_RASTER_UNIT, tr("Unit of the raster of arrivals"), [tr("Minutes"), tr("Seconds"), tr("Hours")],
            defaultValue=0,
        ),
        "Of the raster's numbers, counted from the start time.",
        advanced=True,
    )  # fmt: skip


def add_closures(algorithm: EvacuationAlgorithm) -> None:
    """Add roads that are closed for a while or for good."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            CLOSURES, tr("Closures"), [QgsProcessing.SourceType.TypeVector], optional=True
        ),
        "Roads that are closed for a while, or for good: a polygon closes the stretches inside it, cut at its border; "
        "a line the pieces of road that it runs along (within 5 m over at least half of either) and those that it "
        "crosses between junctions; a point the nearest piece within 15 m; a row with a road id that road, so a table "
        "will do. Nobody enters a closed road; who is on it drives off. The log names each closed road with its times.",
        advanced=True,
    )
    moment = "minutes after the start time, or date and time. Empty: {empty}. Default: “{name}” if there is one."
    for name, title, default, text in (
        (CLOSURES_FROM_FIELD, tr("Closed from"), "closed_from",
         "When the closure begins: " + moment.format(empty="from the beginning", name="closed_from")),
        (CLOSURES_TO_FIELD, tr("Closed until"), "closed_to",
         "When it ends: " + moment.format(empty="never", name="closed_to")),
        (CLOSURES_ROAD_FIELD, tr("Road that is closed"), "road_id",
         "Id of the road, as in the road id field (where none is chosen, “road_id” of the roads): the row closes that "
         "road and no other, whatever its geometry. Empty values: the geometry says which. Default: “road_id” if there "
         "is one."),
        (CLOSURES_DIRECTION_FIELD, tr("Direction that is closed"), None,
         "“forward” or “backward”, as the road is drawn, or “both”. Empty: both."),
    ):  # fmt: skip
        add_field(algorithm, name, title, default, CLOSURES, _ANY, text)


def add_known_fields(algorithm: EvacuationAlgorithm) -> None:
    """Add the fields that say what of hazard and closures becomes known when."""
    tr = algorithm.tr
    text = (
        "When {what} becomes known: minutes after the start time, or date and time. Until then everybody acts as if "
        "it were not there, though it closes roads from its own moment on. Empty values, and a layer without the "
        "field: known from the start. Default: “known_time” if there is one."
    )
    add_field(
        algorithm, HAZARD_KNOWN_FIELD, tr("Hazard known from"), "known_time", HAZARD, _ANY,
        text.format(what="a polygon of the hazard") + " A raster is known from the start.",
    )  # fmt: skip
    add_field(
        algorithm, CLOSURES_KNOWN_FIELD, tr("Closure known from"), "known_time", CLOSURES, _ANY,
        text.format(what="a closure"),
    )  # fmt: skip


def add_rule_field(algorithm: EvacuationAlgorithm, parent: str) -> None:
    """Add the field that says which destinations of ``parent`` are safe from the hazard."""
    add_field(
        algorithm, RULE_FIELD, algorithm.tr("Rule field"), "rule", parent, _ANY,
        "“vertical”: a tall building, safe at any time though the hazard reaches it. Other words and empty values: "
        "whoever is there when the hazard comes is caught. Default: the field “rule” if there is one.",
    )  # fmt: skip


def add_start_time(algorithm: EvacuationAlgorithm) -> None:
    """Add the date and time of t = 0."""
    algorithm.add(
        QgsProcessingParameterDateTime(START_TIME, algorithm.tr("Start time"), optional=True),
        "Date and time of t = 0. Empty: the earliest departure or order with a date; if none has one, the earliest "
        "closure or arrival of the hazard less the departure window (60 minutes where there is none), with a warning; "
        "else 2000-01-01 00:00. Times without an offset from universal time are local time of it, whatever the "
        "computer's zone; time runs on evenly from it, also where clocks are put forward or back.",
        advanced=True,
    )


@dataclass(frozen=True)
class HazardParameters:
    """What the parameters of the hazard and of closures say, read once."""

    hazard: HazardLayers | None
    closures: ClosureRows | None

    @property
    def moments(self) -> list[MomentColumn]:
        """The columns of moments there are."""
        return self.at().moments

    @property
    def known_moments(self) -> list[MomentColumn]:
        """The columns of moments at which something becomes known."""
        columns = [None if each is None else each.known for each in (self.hazard, self.closures)]
        return [column for column in columns if column is not None]

    @property
    def timed(self) -> bool:
        """Whether time matters: a hazard that comes, or a closure that begins or ends."""
        return self.at().timed

    def at(self, start: Start | None = None) -> DangerLayers:
        """Return the layers with the date and time of t = 0."""
        from ....plugin.layers.closing.danger import DangerLayers
        from ....plugin.layers.moments import DEFAULT_START

        return DangerLayers(self.hazard, self.closures, DEFAULT_START if start is None else start)

    def orders(
        self,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        zones: Places,
        field: str | None,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> ZoneOrders:
        """Return t = 0 of an algorithm without departures, and when the order in ``field`` comes to each zone.

        Raises
        ------
        LayerError
            An order before t = 0, or a moment that is none.
        """
        from ....plugin.layers.zone_orders import zone_orders

        given = algorithm.moment(parameters, START_TIME, context)
        return zone_orders(given, zones, field, self.moments, USUAL_WINDOW, feedback)

    def tell_buffer(self, feedback: QgsProcessingFeedback) -> None:
        """Warn of a buffer in an algorithm that asks for no area to leave."""
        if self.hazard is not None and self.hazard.buffer > 0.0:
            feedback.pushWarning(
                f"HAZARD_BUFFER: {self.hazard.buffer:g} m around the hazard play no part here: the buffer closes no "
                "road and catches nobody. To close more roads, draw the hazard itself larger."
            )

    @classmethod
    def read(
        cls,
        algorithm: EvacuationAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> HazardParameters:
        """Read the parameters that the algorithm has, with their layers.

        Raises
        ------
        QgsProcessingException, LayerError
            When a layer cannot be opened, a field is not in it, a value in it is not usable, or polygons and raster are
            both given.
        """
        return cls(
            read_hazard_parameters(algorithm, parameters, context, feedback),
            _closures(algorithm, parameters, context, feedback),
        )


def read_hazard_parameters(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> HazardLayers | None:
    """Return the hazard, None without one; raises as :meth:`HazardParameters.read`."""
    from ....plugin.layers.closing.arrival_raster import UNITS
    from ....plugin.layers.closing.hazard_layers import read_hazard_layers

    if algorithm.parameterDefinition(HAZARD) is None:
        return None
    source, raster = algorithm.source(parameters, HAZARD, context), None
    if parameters.get(HAZARD_RASTER) not in (None, ""):
        raster = algorithm.parameterAsRasterLayer(parameters, HAZARD_RASTER, context)
        if raster is None or not raster.isValid():
            raise QgsProcessingException(algorithm.invalidRasterError(parameters, HAZARD_RASTER))
    field, known, unit = None, None, UNITS[0]
    if algorithm.parameterDefinition(HAZARD_TIME_FIELD) is not None:
        unit = UNITS[algorithm.parameterAsEnum(parameters, HAZARD_RASTER_UNIT, context)]
        if source is not None:
            field = algorithm.field(parameters, HAZARD_TIME_FIELD, source, context, feedback, required=False)
    if source is not None and algorithm.parameterDefinition(HAZARD_KNOWN_FIELD) is not None:
        known = algorithm.field(parameters, HAZARD_KNOWN_FIELD, source, context, feedback, required=False)
    buffer = float(algorithm.parameterAsDouble(parameters, HAZARD_BUFFER, context))
    return read_hazard_layers(source, field, raster, unit, buffer, feedback, known)


def _closures(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> ClosureRows | None:
    from ....plugin.layers.closing.closures import ClosureFields, read_closures

    if algorithm.parameterDefinition(CLOSURES) is None:
        return None
    source = algorithm.source(parameters, CLOSURES, context)
    if source is None:
        return None
    names = [CLOSURES_FROM_FIELD, CLOSURES_TO_FIELD, CLOSURES_ROAD_FIELD, CLOSURES_DIRECTION_FIELD]
    if algorithm.parameterDefinition(CLOSURES_KNOWN_FIELD) is not None:
        names.append(CLOSURES_KNOWN_FIELD)
    fields = (algorithm.field(parameters, name, source, context, feedback, required=False) for name in names)
    return read_closures(source, ClosureFields(*fields), feedback)


def rule_of(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    source: QgsProcessingFeatureSource | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> str | None:
    """Return the field of RULE_FIELD, None without the layer or the field."""
    if source is None:
        return None
    return algorithm.field(parameters, RULE_FIELD, source, context, feedback, required=False)


def given(parameters: dict[str, Any]) -> bool:
    """Whether a hazard is given, as polygons or as a raster."""
    return any(parameters.get(name) not in (None, "") for name in (HAZARD, HAZARD_RASTER))
