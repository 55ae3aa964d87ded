"""Published traffic-assignment instances (TNTP files of ../shared/data/traffic_assignment) as arrays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "traffic_assignment"
BEST_KNOWN = {"SiouxFalls": 4231335.287107440, "Anaheim": 1286032.171096032}  # Beckmann's objective


@dataclass(frozen=True)
class Instance:
    """Arcs with BPR parameters, and demand by pair of zones; nodes count from 0."""

    nodes: int
    tail: np.ndarray
    head: np.ndarray
    free_flow: np.ndarray
    capacity: np.ndarray
    b: np.ndarray
    power: np.ndarray
    source: np.ndarray
    destination: np.ndarray
    demand: np.ndarray


def read(name: str) -> Instance:
    """Return an instance; zones that may not be passed through are split into a node to leave and one to reach."""
    text = (DATA / name / f"{name}_net.tntp").read_text()
    meta = {key: int(float(value)) for key, value in re.findall(r"<([^>]+)>\s*([\d.]+)", text)}
    rows = [line.split()[:7] for line in text.split("<END OF METADATA>")[1].splitlines() if line.strip()[:1].isdigit()]
    table = np.array(rows, dtype=float)
    tail, head = table[:, 0].astype(int) - 1, table[:, 1].astype(int) - 1
    through, nodes = meta["FIRST THRU NODE"] - 1, meta["NUMBER OF NODES"]
    head = np.where(head < through, nodes + head, head)
    origins, destinations, demand = read_trips(name)
    destinations = np.where(destinations < through, nodes + destinations, destinations)
    return Instance(
        nodes + through, tail, head, table[:, 4], table[:, 2], table[:, 5], table[:, 6], origins, destinations, demand
    )


def read_trips(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return origin, destination and trips of every pair with demand."""
    text = (DATA / name / f"{name}_trips.tntp").read_text().split("<END OF METADATA>")[1]
    pairs = []
    for block in re.split(r"Origin", text)[1:]:
        origin = int(block.split()[0])
        for zone, trips in re.findall(r"(\d+)\s*:\s*([\d.]+)", block):
            if float(trips) > 0 and int(zone) != origin:
                pairs.append((origin - 1, int(zone) - 1, float(trips)))
    table = np.array(pairs)
    return table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2]
