"""A plan as files of SUMO that run as they are: ``sumo --configuration-file plan.sumocfg``.

``plan.net.xml`` is a network without the insides of junctions, which the mesoscopic model without junction control does
not look at. ``plan.nod.xml``, ``plan.edg.xml`` and ``plan.con.xml`` are the same as plain files, for whoever wants the
junctions: ``netconvert --configuration-file plan.netccfg`` writes ``junctions.net.xml`` of them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..control import Control
from .queue.bars import NEVER
from .queue.network import SECOND
from .shared.problem import BUS, CAR
from .shared.routes import Routes
from .shared.volume_delay import VEHICLE_SPACE
from .sumo_roads import SumoRoads

CONFIGURATION = "plan.sumocfg"
FILES = (
    "plan.nod.xml", "plan.edg.xml", "plan.con.xml", "plan.netccfg", "plan.net.xml", "plan.add.xml", "plan.rou.xml",
    CONFIGURATION,
)  # fmt: skip
JAM_TAU = 1.4  # s, SUMO's default
AT_ONCE, EXIT_LENGTH, NO_TAU = 10000.0, 75.0, 0.001  # m/s, m, s
GATE_LENGTH = VEHICLE_SPACE  # m
LANE_WIDTH = 3.2  # m
LOOK_EVERY = 10_000  # rows between two looks at whether the user wants to stop


class Drawing(NamedTuple):
    """How the edges look: nodes (n, 2) in metres, vertices (v, 2) of each edge in travel direction, names, road ids."""

    node_xy: np.ndarray
    shapes: Sequence[np.ndarray]
    names: Sequence[str]
    road_ids: Sequence[str]


class Traffic(NamedTuple):
    """The vehicles by departure.

    Attributes
    ----------
    number : (t,) int64
    departure : (t,) float64
        Seconds, ascending.
    origin, destination : list of str
    people : (t,) float64
    routes : Routes
        Of all vehicles, in arcs.
    order : (t,) float64
        Seconds at which their order to leave comes, not a number where it is not known.
    bus : (t,) bool
        Which are buses, as long as 2.5 cars in a queue.
    """

    number: np.ndarray
    departure: np.ndarray
    origin: Sequence[str]
    destination: Sequence[str]
    people: np.ndarray
    routes: Routes
    order: np.ndarray
    bus: np.ndarray


def write_sumo(
    folder: Path,
    roads: SumoRoads,
    drawing: Drawing,
    traffic: Traffic,
    end: int | None = None,
    control: Control | None = None,
) -> int:
    """Write all files and return the number of vehicles; those without a route are not written.

    The files come into the folder once all of them are whole; its other files stay. SUMO's run ends after ``end``
    seconds, None: with the last vehicle, which never comes where one stands for ever.

    Raises
    ------
    OSError
        When the folder cannot be written; files of an earlier export are then as they were.
    Cancelled
    """
    control = control or Control()
    writer = _Writer(roads, drawing, traffic, end)
    there = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".sumo-", dir=folder))
    try:
        for name, (root, rows) in writer.files().items():
            with open(aside / name, "w", encoding="utf-8") as file:
                file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>\n')
                for k, row in enumerate(rows):
                    if k % LOOK_EVERY == 0:
                        control.stop_if_cancelled()
                    file.write(row + "\n")
                file.write(f"</{root.split()[0]}>\n")
        (folder / CONFIGURATION).unlink(missing_ok=True)  # it never stands beside files of another run
        for name in FILES:
            os.replace(aside / name, folder / name)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        if not there:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    aside.rmdir()
    return int((traffic.routes.hops() > 0).sum())


def text(value: object) -> str:
    """Return a value as text of an attribute, without what XML cannot hold.

    Examples
    --------
    >>> text('R&D "Park" <1>' + chr(0))
    'R&amp;D &quot;Park&quot; &lt;1&gt;'
    """
    return escape(
        "".join(c for c in str(value) if c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff")
    )


class _Writer:
    """The rows of each file."""

    def __init__(self, roads: SumoRoads, drawing: Drawing, traffic: Traffic, end: int | None) -> None:
        self.roads, self.drawing, self.traffic, self.end = roads, drawing, traffic, end
        rounded, self.kind = np.unique(np.round(roads.tau, 6), return_inverse=True)
        self.kind, self.taus = self.kind.ravel(), rounded.tolist()
        self.position = {e: k for k, e in enumerate(roads.arc.tolist())}

    def files(self) -> dict[str, tuple[str, Iterator[str]]]:
        """Return the root element and the rows of each file."""
        return dict(
            zip(
                FILES,
                (
                    ("nodes", self.nodes()),
                    ("edges", self.edges()),
                    ("connections", self.connections("")),
                    ("configuration", iter(_NETCONVERT)),
                    ('net version="1.20"', self.network()),
                    ("additional", self.headways()),
                    ("routes", self.routes()),
                    ("configuration", self.simulation()),
                ),
            )
        )

    def order(self, k: int) -> str:
        """Return when the order of vehicle ``k`` comes as a parameter, "" where that is not known."""
        told = self.traffic.order[k]
        return f'<param key="order_s" value="{told:.6f}"/>' if np.isfinite(told) else ""

    def places(self) -> Iterator[tuple[str, float, float]]:
        """Yield the id and the position of each node, those behind exit edges last."""
        used = np.zeros(len(self.drawing.node_xy), dtype=bool)
        used[self.roads.tail] = used[self.roads.head] = True
        for node in np.flatnonzero(used).tolist():
            x, y = self.drawing.node_xy[node].tolist()
            yield f"n{node}", x, y
        for node in self.roads.exits.tolist():
            x, y = self.drawing.node_xy[node].tolist()
            yield f"x{node}", x + EXIT_LENGTH, y
        for k in np.flatnonzero(self.roads.gated).tolist():
            x, y = self.drawing.node_xy[self.roads.tail[k]].tolist()
            yield f"g{self.roads.arc[k]}", x, y
            if self.roads.begun[k]:
                yield f"b{self.roads.arc[k]}", x, y

    def entry(self, k: int) -> str:
        """Return the node that edge ``k`` leaves."""
        return f"g{self.roads.arc[k]}" if self.roads.gated[k] else f"n{self.roads.tail[k]}"

    def small(self) -> Iterator[tuple[str, str, str, int, float]]:
        """Yield exits, gates and starts: id, nodes, lanes, length."""
        r = self.roads
        for node in r.exits.tolist():
            yield f"exit{node}", f"n{node}", f"x{node}", 1, EXIT_LENGTH
        for k in np.flatnonzero(r.gated).tolist():
            yield f"gate{r.arc[k]}", f"n{r.tail[k]}", f"g{r.arc[k]}", int(r.lanes[k]), GATE_LENGTH
            if r.begun[k]:
                yield f"begin{r.arc[k]}", f"b{r.arc[k]}", f"n{r.tail[k]}", 1, GATE_LENGTH

    def way(self, arcs: list[int]) -> str:
        """Return a route's edges, its gates and exit among them."""
        names = []
        for number, e in enumerate(arcs):
            k = self.position[e]
            if number == 0 and self.roads.begun[k]:
                names.append(f"begin{e}")
            names += [f"gate{e}", f"e{e}"] if self.roads.gated[k] else [f"e{e}"]
        return " ".join([*names, f"exit{self.roads.head[self.position[arcs[-1]]]}"])

    def nodes(self) -> Iterator[str]:
        """Yield the plain nodes."""
        for name, x, y in self.places():
            yield f'<node id="{name}" x="{x:.3f}" y="{y:.3f}"/>'

    def edges(self) -> Iterator[str]:
        """Yield the plain edges."""
        r = self.roads
        for k, e in enumerate(r.arc.tolist()):
            yield (
                f'<edge id="e{e}" from="{self.entry(k)}" to="n{r.head[k]}" type="t{self.kind[k]}" '
                f'numLanes="{r.lanes[k]}" speed="{r.speed[k]:.6f}" length="{r.length[k]:.6f}" '
                f'shape="{_shape(self.drawing.shapes[k])}" '
                f'spreadType="center" {self.name(k)}</edge>'
            )
        for name, first, last, lanes, length in self.small():
            yield (
                f'<edge id="{name}" from="{first}" to="{last}" type="exit" numLanes="{lanes}" speed="{AT_ONCE:g}" '
                f'length="{length:g}"/>'
            )

    def name(self, k: int) -> str:
        """Return the name of the road of edge ``k`` as an attribute, and its id as a parameter."""
        name, road = text(self.drawing.names[k]), text(self.drawing.road_ids[k])
        return f'name="{name}"><param key="road_id" value="{road}"/>'

    def connections(self, more: str) -> Iterator[str]:
        """Yield the connections, lane by lane, with ``more`` attributes."""
        r = self.roads
        arc, lanes = r.arc.tolist(), r.lanes.tolist()
        for before, after in r.turns.tolist():
            a, b = lanes[before], lanes[after]
            for k in range(max(a, b)):
                yield (
                    f'<connection from="e{arc[before]}" to="{"gate" if r.gated[after] else "e"}{arc[after]}" '
                    f'fromLane="{k * a // max(a, b)}" toLane="{k * b // max(a, b)}"{more}/>'
                )
        for k in np.flatnonzero(r.gated).tolist():
            for lane in range(lanes[k]):
                yield f'<connection from="gate{arc[k]}" to="e{arc[k]}" fromLane="{lane}" toLane="{lane}"{more}/>'
                if r.begun[k]:
                    yield f'<connection from="begin{arc[k]}" to="gate{arc[k]}" fromLane="0" toLane="{lane}"{more}/>'
        into = np.flatnonzero(np.isin(r.head, r.exits))
        for k, node in zip(into.tolist(), r.head[into].tolist()):
            for lane in range(lanes[k]):
                yield f'<connection from="e{arc[k]}" to="exit{node}" fromLane="{lane}" toLane="0"{more}/>'

    def network(self) -> Iterator[str]:
        """Yield the network that sumo reads: edges with lanes, junctions without an inside, connections."""
        r, xy = self.roads, self.drawing.node_xy
        (left, low), (right, high) = (xy.min(axis=0).tolist(), xy.max(axis=0).tolist()) if len(xy) else ((0, 0), (0, 0))
        box = f"{left:.2f},{low:.2f},{right + EXIT_LENGTH:.2f},{high:.2f}"
        yield f'<location netOffset="0.00,0.00" convBoundary="{box}" origBoundary="{box}" projParameter="!"/>'
        into: dict[str, list[str]] = {}
        for k, e in enumerate(r.arc.tolist()):
            yield f'<edge id="e{e}" from="{self.entry(k)}" to="n{r.head[k]}" type="t{self.kind[k]}" {self.name(k)}'
            for lane in range(int(r.lanes[k])):
                beside = (r.lanes[k] - 0.5 - lane) * LANE_WIDTH
                yield (
                    f'<lane id="e{e}_{lane}" index="{lane}" speed="{r.speed[k]:.6f}" length="{r.length[k]:.6f}" '
                    f'shape="{_shape(_to_the_right(self.drawing.shapes[k], beside))}"/>'
                )
                into.setdefault(f"n{r.head[k]}", []).append(f"e{e}_{lane}")
            yield "</edge>"
        at = {name: (x, y) for name, x, y in self.places()}
        leading_on = {self.entry(k) for k in range(len(r.arc))}
        for name, first, last, lanes, length in self.small():
            (x, y), end = at[first], at[last][0] if last.startswith("x") else at[first][0] + length
            yield f'<edge id="{name}" from="{first}" to="{last}" type="exit">'
            for lane in range(lanes):
                yield (
                    f'<lane id="{name}_{lane}" index="{lane}" speed="{AT_ONCE:g}" length="{length:g}" '
                    f'shape="{x:.3f},{y:.3f} {end:.3f},{y:.3f}"/>'
                )
                into.setdefault(last, []).append(f"{name}_{lane}")
            yield "</edge>"
            leading_on.add(first)
        for name, x, y in self.places():
            kind = "unregulated" if name in leading_on and name in into else "dead_end"
            incoming = " ".join(into.get(name, []))
            yield (
                f'<junction id="{name}" type="{kind}" x="{x:.3f}" y="{y:.3f}" incLanes="{incoming}" intLanes="" '
                f'shape="{x:.3f},{y:.3f}"/>'
            )
        yield from self.connections(' dir="s" state="M"')

    def headways(self) -> Iterator[str]:
        """Yield the types of edges with their headways, and when gates close: what SUMO has in files of their own."""
        for k, tau in enumerate(self.taus):
            yield f'<type id="t{k}"><meso {_taus(tau)} taujj="{JAM_TAU:g}"/></type>'
        yield f'<type id="exit"><meso {_taus(NO_TAU)} taujj="{NO_TAU:g}"/></type>'
        for number, (k, since, until) in enumerate(self.roads.shut):
            if until <= 0:
                continue
            gate = f"gate{self.roads.arc[k]}"
            end = (self.end or 0) + 1 if until == NEVER else -(-until // SECOND)
            yield (
                f'<rerouter id="closing{number}" edges="{gate}">'
                f'<interval begin="{max(since // SECOND, 0)}" end="{end}">'
                f'<closingReroute id="{gate}" disallow="all"/></interval></rerouter>'
            )

    def simulation(self) -> Iterator[str]:
        """Yield the configuration; with closings the run has an end, and routes over what is closed are no errors."""
        for row in _SIMULATION:
            if self.end is not None and row.startswith("<time>"):
                row = f'<time><begin value="0"/><end value="{self.end}"/></time>'
            if self.end is not None and row.startswith("<processing>"):
                row = row.replace("</processing>", '<ignore-route-errors value="true"/></processing>')
            yield row

    def routes(self) -> Iterator[str]:
        """Yield the kind of vehicle, the routes and the vehicles."""
        t, routes = self.traffic, self.traffic.routes
        yield '<vType id="car" length="5" minGap="2.5" speedFactor="1" speedDev="0" maxSpeed="10000"/>'
        if t.bus.any():  # meso's headway is tau of the edge times that of the vehicle, and its own length
            times = BUS / CAR
            yield (
                f'<vType id="bus" vClass="bus" length="{VEHICLE_SPACE * times - 2.5:g}" minGap="2.5" tau="{times:g}" '
                'speedFactor="1" speedDev="0" maxSpeed="10000"/>'
            )
        for k in range(routes.count):
            arcs = routes.route(k).tolist()
            if arcs:
                yield f'<route id="r{k}" edges="{self.way(arcs)}"/>'
        driving = np.flatnonzero(routes.hops() > 0)
        for k in driving.tolist():
            kind = "bus" if t.bus[k] else "car"
            yield (
                f'<vehicle id="v{t.number[k]}" type="{kind}" route="r{routes.of_trip[k]}" '
                f'depart="{t.departure[k]:.6f}" departLane="best" departSpeed="max">'
                f'<param key="origin_id" value="{text(t.origin[k])}"/>'
                f'<param key="destination_id" value="{text(t.destination[k])}"/>'
                f'<param key="people" value="{t.people[k]:g}"/>{self.order(k)}</vehicle>'
            )


_NETCONVERT = (
    '<input><node-files value="plan.nod.xml"/><edge-files value="plan.edg.xml"/>'
    '<connection-files value="plan.con.xml"/></input>',
    '<output><output-file value="junctions.net.xml"/><precision value="6"/></output>',
    '<processing><offset.disable-normalization value="true"/></processing>',
    '<junctions><no-turnarounds value="true"/></junctions>',
)
_SIMULATION = (
    '<input><net-file value="plan.net.xml"/><route-files value="plan.rou.xml"/>'
    '<additional-files value="plan.add.xml"/></input>',
    '<output><tripinfo-output value="tripinfo.xml"/><statistic-output value="statistic.xml"/></output>',
    '<time><begin value="0"/></time>',
    '<processing><time-to-teleport value="-1"/><max-depart-delay value="-1"/></processing>',
    '<mesoscopic><mesosim value="true"/><meso-multi-queue value="false"/><meso-junction-control value="false"/>'
    "</mesoscopic>",
    '<report><no-step-log value="true"/></report>',
)


def _taus(tau: float) -> str:
    return " ".join(f'{name}="{tau:.6f}"' for name in ("tauff", "taufj", "taujf"))


def _shape(xy: np.ndarray) -> str:
    return " ".join(f"{x:.3f},{y:.3f}" for x, y in xy.tolist())


def _to_the_right(xy: np.ndarray, distance: float) -> np.ndarray:
    """Return a line (v, 2) moved to its right, each vertex across the way between its neighbours."""
    way = np.gradient(xy, axis=0) if len(xy) > 1 else np.zeros_like(xy)
    size = np.maximum(np.hypot(*way.T), 1e-9)
    moved: np.ndarray = xy + distance * np.column_stack([way[:, 1], -way[:, 0]]) / size[:, None]
    return moved
