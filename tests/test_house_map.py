"""The map of the house in CONTRIBUTING.md, against the code."""

from __future__ import annotations

import re

import house_map
import networkx

import environment


def test_the_map_is_that_of_the_code() -> None:
    """When this fails: python scripts/house_map.py."""
    assert house_map.TARGET.read_text(encoding="utf-8") == house_map.drawing(house_map.folders())


def test_who_imports_lies_above() -> None:
    graph = house_map.folders()
    places = house_map.places_of(graph)
    assert {"ui", "processing_provider", "plugin/layers", "plugin/solvers"} <= set(places)
    assert all(places[above][1] < places[below][1] for above, below in graph.edges)
    assert len(set(places.values())) == len(places)


def test_a_left_out_line_is_a_way_through_others() -> None:
    graph = house_map.folders()
    drawn = networkx.transitive_reduction(graph)
    assert all(networkx.has_path(drawn, above, below) for above, below in graph.edges)


def test_contributing_names_what_exists() -> None:
    text = (environment.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:plugin|processing_provider|ui|scripts|tests|resources|tools)/[\w./]+)`", text)
    assert len(paths) > 25
    assert [path for path in paths if not (environment.ROOT / path).exists()] == []
