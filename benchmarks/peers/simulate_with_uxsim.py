"""Evaluate a plan in UXsim: fixed routes, one vehicle a platoon or several, no choice of route.

Run by the Python of the benchmark's own virtual environment, with the files of the instance and of the result (.npz) as
arguments. UXsim never applies ``capacity_out`` to a trip's last link, so every destination has an exit link behind it:
every trip leaves its last piece into that link and the piece's capacity is applied. A vehicle that enters an exit link
ends its trip in the same step, so its arrival is the moment at which it left the last piece.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version

import numpy as np
import uxsim
from closings_in_uxsim import NO_LIMIT, Closings

AT_ONCE = 1000.0  # m/s: an exit link is left in the step in which it is entered


class Instance:
    """The arrays of a case and a plan; only pieces that somebody drives on, which changes nothing else."""

    def __init__(self, case: np.lib.npyio.NpzFile) -> None:
        self.case = case
        self.used = np.unique(case["arcs"])
        self.indptr, self.arcs = case["indptr"], case["arcs"]
        self.platoon = int(case["platoon"])
        self.travels = np.flatnonzero(np.diff(self.indptr) > 0)
        self.last = self.arcs[self.indptr[self.travels + 1] - 1]
        self.first = self.arcs[self.indptr[self.travels]]
        self.doors = np.unique(self.last)

    def world(self) -> uxsim.World:
        """Return the world with nodes and links."""
        case = self.case
        horizon = int(case["horizon"])
        world = uxsim.World(
            name="judge", cpp=str(case["engine"]) == "cpp", deltan=self.platoon, reaction_time=1, tmax=horizon,
            duo_update_time=10 * horizon, eular_dt=horizon, random_seed=int(case["seed"]), print_mode=0, save_mode=0,
            show_mode=0, show_progress=0, vehicle_logging_timestep_interval=-1 if str(case["engine"]) != "cpp" else 0,
        )  # fmt: skip
        for node in np.unique(np.r_[case["tail"][self.used], case["head"][self.used]]):
            world.addNode(f"n{node}", 0.0, 0.0)
        for e in self.used:
            length = float(case["length"][e])
            world.addLink(
                f"e{e}", f"n{case['tail'][e]}", f"n{case['head'][e]}", length=length,
                free_flow_speed=length / float(case["free_flow"][e]), number_of_lanes=int(self.lanes[e]),
                jam_density=float(case["room"][e]) / length, merge_priority=float(case["capacity"][e]),
                capacity_out=float(case["capacity"][e]) / 3600.0, capacity_in=NO_LIMIT,
            )  # fmt: skip
        for node in np.unique(case["head"][self.doors]):
            lanes = int(self.lanes[self.doors[case["head"][self.doors] == node]].sum())
            world.addNode(f"x{node}", 0.0, 0.0)
            world.addLink(
                f"exit{node}", f"n{node}", f"x{node}", length=1.0, free_flow_speed=AT_ONCE, number_of_lanes=lanes,
                jam_density=1000.0 * lanes, capacity_out=NO_LIMIT, capacity_in=NO_LIMIT,
            )  # fmt: skip
        for e in np.unique(self.first):
            world.addNode(f"o{e}", 0.0, 0.0)
            world.addLink(
                f"entry{e}", f"o{e}", f"n{case['tail'][e]}", length=1.0, free_flow_speed=AT_ONCE, number_of_lanes=1,
                jam_density=1000.0, merge_priority=float(case["capacity"][e]), capacity_out=NO_LIMIT,
                capacity_in=NO_LIMIT,
            )  # fmt: skip
        return world

    @property
    def lanes(self) -> np.ndarray:
        """Whole lanes, as UXsim wants them; the capacity stays that of the case."""
        return np.maximum(np.ceil(self.case["lanes"] - 1e-9), 1).astype(int)

    def slowed(self) -> int:
        """Return how many pieces UXsim's fundamental diagram lets fewer vehicles through than their capacity."""
        case, lanes = self.case, self.lanes
        spacing = case["length"] * lanes / case["room"]
        speed = case["length"] / case["free_flow"]
        most = 3600.0 * lanes * speed / (speed + spacing)
        return int((most < case["capacity"] * (1 - 1e-9))[self.used].sum())


def platoons(instance: Instance) -> list[np.ndarray]:
    """Return the trips of each platoon: consecutive ones with the same route; the departure is that of the middle."""
    if instance.platoon == 1:
        return [np.array([trip]) for trip in instance.travels]
    groups: dict[bytes, list[int]] = {}
    for trip in instance.travels:
        route = instance.arcs[instance.indptr[trip] : instance.indptr[trip + 1]]
        groups.setdefault(route.tobytes(), []).append(int(trip))
    size = instance.platoon
    return [np.array(trips[k : k + size]) for trips in groups.values() for k in range(0, len(trips), size)]


def simulate(instance: Instance) -> dict[str, np.ndarray]:
    """Return arrivals (t,) in seconds, not a number where there is none, and what each door passed."""
    case = instance.case
    world = instance.world()
    members = platoons(instance)
    vehicles = []
    for trips in members:
        route = instance.arcs[instance.indptr[trips[0]] : instance.indptr[trips[0] + 1]]
        end = int(case["head"][route[-1]])
        names = [f"entry{route[0]}", *(f"e{e}" for e in route), f"exit{end}"]
        options = {} if str(case["engine"]) == "cpp" else {"route_pref": {world.get_link(names[0]): 0}}
        vehicle = world.addVehicle(
            f"o{route[0]}", f"x{end}", float(case["departure"][trips[len(trips) // 2]]), **options
        )
        vehicle.enforce_route(names)
        vehicles.append(vehicle)
    closings = Closings(case, world, vehicles, members) if "shut_arc" in case.files else None
    until = int(case["horizon"]) - 2 * instance.platoon
    if closings is None:
        world.exec_simulation(until_t=until)
    else:
        closings.run(until)
    arrival = np.full(len(case["departure"]), np.nan)
    still = np.diff(instance.indptr) == 0
    arrival[still] = case["departure"][still]
    for trips, vehicle in zip(members, vehicles):
        if vehicle.state == "end" and vehicle.arrival_time >= 0:
            arrival[trips] = vehicle.arrival_time * world.DELTAT
    hour = 3600 // int(world.DELTAT)
    most = []
    for e in instance.doors:
        passed = np.maximum.accumulate(np.asarray(world.get_link(f"e{e}").cum_departure, dtype=float))
        most.append(float((passed[hour:] - passed[:-hour]).max()))
    users = np.bincount(instance.last, minlength=len(case["tail"]))[instance.doors]
    found = {"arrival": arrival, "doors": instance.doors, "door_users": users, "door_most": np.array(most)}
    return found if closings is None else {**found, "caught": closings.caught}


def main() -> None:
    """Run the instance, write the arrivals and print the figures."""
    wall, cpu = time.perf_counter(), time.process_time()
    instance = Instance(np.load(sys.argv[1]))
    result = simulate(instance)
    figures = {
        "version": version("uxsim"),
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "links": len(instance.used),
        "slowed_links": instance.slowed(),
    }
    np.savez(sys.argv[2], **result)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
