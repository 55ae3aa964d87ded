"""How a road layer is to be read, and what reading it gives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry

from ...solvers.modes import BY_CAR, ON_FOOT
from ...solvers.roads.foot import Walking
from ...solvers.roads.kinds import RoadKinds
from ...solvers.roads.network import NO_PIECE, RoadNetwork
from ...solvers.roads.osm import SPEED_UNITS
from ...solvers.roads.traffic import Traffic
from ..closing.danger import Danger
from .elevation import Elevation


@dataclass(frozen=True)
class NetworkOptions:
    """The network's parameters, named as in the algorithms.

    Fields are names of the layer's fields or None. ``default_direction`` is 0 forward, 1 backward, 2 both.
    ``speed_unit`` (of :data:`SPEED_UNITS`) is that of the speed field's numbers, ``default_speed`` is km/h,
    ``length_field`` and ``tolerance`` are metres, ``default_lane_capacity`` vehicles/h; a default that is None leaves
    the road's class to say it (``use_classes``, by the table ``road_classes``). ``capacity_factor`` scales all
    capacities, ``junction_delay`` is s. ``all_lines`` takes every line for a road, ``use_tags`` reads a field of
    OpenStreetMap tags. ``lanes_each`` and ``capacity_each`` are the fields of the two directions, as drawn and against.
    ``travel_mode`` is :data:`BY_CAR` or :data:`ON_FOOT`; on foot ``walking``, ``width_field`` (m) and ``elevation``
    count, and one-way signs, speeds, capacities of vehicles and ``junction_delay`` do not. ``beside_cars``: others
    drive, so that walkers have the pavements of roads for cars.
    """

    direction_field: str | None = None
    value_forward: str = ""
    value_backward: str = ""
    value_both: str = ""
    default_direction: int = 2
    speed_field: str | None = None
    default_speed: float | None = None
    tolerance: float = 0.01
    id_field: str | None = None
    lanes_field: str | None = None
    capacity_field: str | None = None
    default_lane_capacity: float | None = None
    speed_unit: str = SPEED_UNITS[0]
    length_field: str | None = None
    class_field: str | None = None
    all_lines: bool = False
    use_tags: bool = True
    road_classes: str = ""
    use_classes: bool = True
    capacity_factor: float = 1.0
    junction_delay: float = 0.0
    name_field: str | None = None
    lanes_each: tuple[str | None, str | None] = (None, None)
    capacity_each: tuple[str | None, str | None] = (None, None)
    travel_mode: int = BY_CAR
    walking: Walking = Walking()
    width_field: str | None = None
    elevation: Elevation | None = None
    beside_cars: bool = False

    @property
    def on_foot(self) -> bool:
        """Whether everybody walks."""
        return self.travel_mode == ON_FOOT

    def in_mode(self, travel_mode: int) -> NetworkOptions:
        """Return how the same layer is read for cars or for walkers."""
        return replace(self, travel_mode=travel_mode)


@dataclass(frozen=True)
class ReadNetwork:
    """A road layer as a network.

    Attributes
    ----------
    network : RoadNetwork
    crs : QgsCoordinateReferenceSystem
        The working CRS of the network's coordinates, in metres.
    rejected : list of (str, str)
        Roads, or parts of them, that could not be used, each with the reason.
    rejected_xy : (len(rejected), 2) float64
        A vertex of each, in the layer's CRS; NaN where it has none.
    left_out : list of (str, str, str)
        Lines that could be used but are not: kind of problem (:mod:`...solvers.roads.problem`), id, reason.
    left_out_xy : (len(left_out), 2) float64
        As ``rejected_xy``.
    traffic : Traffic or None
        Attributes by road, in the order of ``network.road_ids``.
    closed : int
        Number of pieces the barriers closed.
    layer : str
        The layer's name.
    has_speeds : bool
        Whether the layer has a speed field.
    barriers : QgsGeometry
        The closed area in ``crs``, empty without barriers.
    layer_crs : QgsCoordinateReferenceSystem
        The layer's own CRS, for messages.
    junction_delay : float
        JUNCTION_DELAY (s), not yet in the capacities (:mod:`.junctions`).
    kinds : RoadKinds
        By road, in the order of ``network.road_ids``.
    danger : Danger
        When roads close, and when the hazard comes.
    rows : list of int
        Position of each road's feature in the layer, in the order of ``network.road_ids``.
    on_foot : bool
        Whether its arcs are those of walkers: persons/h, room for persons.
    first_on_foot : int or None
        The first arc of walkers where those of cars come before them (:func:`.united.united_reads`); None otherwise.
    gain : (r,) float64
        On foot beside cars: times the effective width of each road when walkers have its lanes as well; else empty.
    """

    network: RoadNetwork
    crs: QgsCoordinateReferenceSystem
    rejected: list[tuple[str, str]]
    rejected_xy: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    left_out_xy: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    traffic: Traffic | None = None
    closed: int = 0
    layer: str = ""
    has_speeds: bool = False
    barriers: QgsGeometry = field(default_factory=QgsGeometry)
    layer_crs: QgsCoordinateReferenceSystem = field(default_factory=QgsCoordinateReferenceSystem)
    junction_delay: float = 0.0
    kinds: RoadKinds = field(default_factory=lambda: RoadKinds.plain(0))
    danger: Danger = field(default_factory=Danger)
    rows: list[int] = field(default_factory=list)
    on_foot: bool = False
    first_on_foot: int | None = None
    gain: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def walked(self) -> np.ndarray:
        """Which arcs (m,) are those of walkers."""
        if self.first_on_foot is None:
            return np.full(self.network.arc_count, self.on_foot)
        return np.arange(self.network.arc_count) >= self.first_on_foot

    @property
    def units(self) -> str:
        """What moves on its arcs."""
        return "people" if self.on_foot else "vehicles"

    def arc_rows(self) -> np.ndarray:
        """Return the position in the layer (m,) of each arc's road, -1 for a connector.

        Networks read of one layer for cars and for walkers have these in common, whatever pieces their roads have.
        """
        rows, on_road = np.full(self.network.arc_count, -1, dtype=np.int64), self.network.is_road
        rows[on_road] = np.asarray(self.rows)[self.network.piece_road[self.network.piece[on_road]]]
        return rows

    def pieces_of(self, roads: np.ndarray) -> np.ndarray:
        """Return which pieces (p,) lie on roads of the mask ``roads`` (r,)."""
        return roads[self.network.piece_road]

    def arc_name(self, arc: int) -> str:
        """Return what people call the road of an arc, else its id; "" for a connector."""
        piece = int(self.network.piece[arc])
        name = "" if piece == NO_PIECE else self.kinds.names[int(self.network.piece_road[piece])]
        return name or self.network.arc_road(arc)
