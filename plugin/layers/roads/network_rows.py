"""A network as rows of a layer, one for each piece of road and direction: the edge table of a directed graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingContext

from ...solvers.roads.connection_checks import Connection
from ...solvers.roads.stretches import BACKWARD, FORWARD
from ..fields import Column
from .options import ReadNetwork
from .route_geometry import arcs_geometries

COLUMNS = (
    Column("road_id", "text", "road the piece belongs to"),
    Column(
        "direction", "text", "forward: as the road is drawn; backward: against it. The row's line runs as travelled"
    ),
    Column("length_m", "float", "ellipsoidal metres"),
    Column("speed", "float", "km/h"),
    Column("free_flow_s", "float", "seconds without other traffic"),
    Column("component", "int", "connected part of the network; 1 is the largest"),
    Column("piece", "int", "number of the piece, from 1; its two directions have the same"),
    Column("source", "int", "number of the junction or end at which the row begins, from 1"),
    Column("target", "int", "number of the junction or end to which it leads"),
    Column("capacity", "float", "vehicles/h of this direction; on foot of the whole width"),
    Column("lanes", "float", "lanes of this direction; empty on foot"),
)


def network_rows(
    read: ReadNetwork, found: Connection, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Iterator[tuple[QgsGeometry, list[Any]]]:
    """Yield each arc as a line in travel direction with its values by :data:`COLUMNS`, piece by piece, forward first.

    Parallel pieces and loops stay as they are; connectors are no roads and have no row. On foot both directions of a
    piece have the capacity of its whole width.
    """
    network = read.network
    order = np.lexsort((~network.forward, network.piece))
    order = order[network.is_road[order]].tolist()
    shapes = arcs_geometries(read, ([arc] for arc in order), target, context)
    for arc, shape in zip(order, shapes):
        tail = int(network.tail[arc])
        yield (
            shape,
            [
                network.arc_road(arc),
                FORWARD if network.forward[arc] else BACKWARD,
                float(network.length[arc]),
                float(network.speed[arc]),
                float(network.free_flow[arc]),
                int(found.part[tail]) + 1,
                int(network.piece[arc]) + 1,
                tail + 1,
                int(network.head[arc]) + 1,
                float(network.capacity[arc]),
                None if read.on_foot else float(network.lanes[arc]),
            ],
        )
