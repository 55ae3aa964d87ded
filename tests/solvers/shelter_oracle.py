"""The shelter choice by exhaustive search, written apart from the solver: every subset of sites, flows by networkx."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np


def cheapest_plan(people, minutes, room, subset, scale=1000):
    """Return (people sheltered, person-minutes) of a subset: maximum flow of least cost; minutes and rooms whole."""
    graph = nx.DiGraph()
    graph.add_node("source")
    graph.add_node("sink")
    for i, count in enumerate(people):
        graph.add_edge("source", ("zone", i), capacity=int(count), weight=0)
        for j in subset:
            if np.isfinite(minutes[i, j]):
                graph.add_edge(("zone", i), ("site", j), capacity=int(count), weight=int(minutes[i, j]))
    for j in subset:
        graph.add_edge(("site", j), "sink", capacity=int(room[j]), weight=0)
    flow = nx.max_flow_min_cost(graph, "source", "sink")
    return sum(flow["source"].values()), nx.cost_of_flow(graph, flow)


def best_balance(people, minutes, room, site_minutes, required=(), max_sites=0):
    """Return (uncovered, person-minutes and ``site_minutes`` for each site together) of the best subset."""
    plans = []
    for size in range((max_sites or len(room)) + 1):
        for subset in combinations(range(len(room)), size):
            if set(required) <= set(subset):
                covered, cost = cheapest_plan(people, minutes, room, subset)
                plans.append((int(sum(people)) - covered, cost + site_minutes * size))
    return min(plans)


def best_choice(people, minutes, room, required=(), max_sites=0):
    """Return (uncovered, sites or None, person-minutes) of the best subset in the order of what matters.

    With ``max_sites`` the number of sites is no objective and None is given in its place.
    """
    best = None
    sites = len(room)
    most = max_sites if max_sites else sites
    for size in range(most + 1):
        for subset in combinations(range(sites), size):
            if not set(required) <= set(subset):
                continue
            covered, cost = cheapest_plan(people, minutes, room, subset)
            key = (int(sum(people)) - covered, 0 if max_sites else size, cost)
            if best is None or key < best:
                best = key
    return best[0], None if max_sites else best[1], best[2]
