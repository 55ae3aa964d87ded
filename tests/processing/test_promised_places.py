"""Whom the recommendation of shelters gives room, the allocation places."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("qgis.core")
pytest.importorskip("pulp")

import processing
from qgis.core import QgsVectorLayer

from tests.processing.shelter_layers import EAST, NORTH, Log, make_layer, point, rows_of

CLASSES = ("children", "adults", "elderly")
LENGTH = 6000.0  # metres of the one road, on which everything lies


def town(seed: int) -> dict[str, QgsVectorLayer]:
    """Zones and sites along a road; some groups exceed every site, rooms are scarce or plenty."""
    draw = np.random.default_rng(seed)
    people = draw.integers(0, 60, (5, 3))
    people[0, 1] = 150 + int(draw.integers(150))
    share = draw.dirichlet(np.full(6, 2.0)) * people.sum() * (0.7, 1.1, 2.0)[seed % 3]
    zones = [
        (point(x, 4.0), [f"z{k}", *map(int, row)]) for k, (x, row) in enumerate(zip(draw.random(5) * LENGTH, people))
    ]
    sites = [(point(x, -4.0), [f"s{k}", int(room)]) for k, (x, room) in enumerate(zip(draw.random(6) * LENGTH, share))]
    road = f"LINESTRING({EAST} {NORTH},{EAST + LENGTH} {NORTH})"
    return {
        "ZONES": make_layer(
            "Point", "field=zone_id:string&" + "&".join(f"field={c}:integer" for c in CLASSES), zones, "z"
        ),
        "SITES": make_layer("Point", "field=site_id:string&field=capacity:integer", sites, "s"),
        "NETWORK": make_layer("LineString", "field=maxspeed:integer", [(road, [36])], "road"),
    }


def recommend(layers: dict[str, QgsVectorLayer], log: Log, **given) -> dict:
    sinks = {"OUTPUT": "memory:", "OUTPUT_SELECTED": "memory:"}
    return processing.run("evacuation:recommendshelters", {**layers, **sinks, **given}, feedback=log)


def allocate(layers: dict[str, QgsVectorLayer], step: dict, **given) -> dict:
    parameters = {"ZONES": layers["ZONES"], "SHELTERS": step["OUTPUT_SELECTED"], "NETWORK": layers["NETWORK"]}
    sinks = dict.fromkeys(("OUTPUT", "OUTPUT_SHELTERS", "OUTPUT_UNALLOCATED"), "memory:")
    return processing.run("evacuation:allocatecrowd", {**parameters, **sinks, **given})


@pytest.mark.parametrize("choice", [0, 1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_as_many_people_are_placed_as_were_said_to_be(seed, choice):
    layers, log = town(seed), Log()
    limit = {} if seed % 2 else {"MAX_TRAVEL_TIME": 4.0}
    step = recommend(layers, log, CHOICE=choice, **limit)
    promised = step["PEOPLE"] - step["UNCOVERED_PEOPLE"]
    found = allocate(layers, step, **limit)
    assert (found["ALLOCATED"], found["ALLOCATED"] + found["UNALLOCATED"]) == (promised, step["PEOPLE"])
    assert sum(row["people"] for row in rows_of(found["OUTPUT"])) == promised
    whole = allocate(layers, step, SPLIT=0, **limit)
    assert whole["ALLOCATED"] <= promised
    largest = max((row["residual"] for row in rows_of(step["OUTPUT_SELECTED"])), default=0)
    if max(max(row[name] for name in CLASSES) for row in rows_of(layers["ZONES"])) > largest > 0:
        assert log.warned("have to be divided between sites", "SPLIT 0")


def test_with_a_reserve_at_least_as_many_are_placed():
    layers = town(3)
    step = recommend(layers, Log(), RESERVE=20.0)
    assert allocate(layers, step)["ALLOCATED"] >= step["PEOPLE"] - step["UNCOVERED_PEOPLE"]
