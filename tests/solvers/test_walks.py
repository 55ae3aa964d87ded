"""How far people can be asked to walk: the text that says it, and who is asked for more."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.walks import MaxWalk, read_max_walk, walks_of


@pytest.mark.parametrize("empty", [None, "", "  ", ";"])
def test_no_limit(empty):
    limit = read_max_walk(empty)
    assert not limit and limit.metres(["elderly"]).tolist() == [math.inf] and limit.unknown(["adults"]) == ""


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("2", [2000, 2000, 2000]),
        ("1,5", [1500, 1500, 1500]),
        (1.5, [1500, 1500, 1500]),
        ("elderly:1.5; children:2", [2000, math.inf, 1500]),
        (" Elderly : 1,5 ;; ", [math.inf, math.inf, 1500]),
        ("3; elderly:0.5", [3000, 3000, 500]),
        ("“elderly”:1", [math.inf, math.inf, 1000]),
    ],
)
def test_kilometres_for_everybody_or_by_class(text, metres):
    limit = read_max_walk(text)
    assert limit and limit.metres(["children", "adults", "elderly"]).tolist() == metres
    assert limit.unknown(["CHILDREN", "adults", "elderly"]) == ""


def test_a_class_may_hold_a_colon():
    assert read_max_walk("age:65+:1").by_class == {"age:65+": 1000.0}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("far", ["“far”", "kilometres"]),
        ("elderly:", ["“elderly:”", "kilometres"]),
        ("elderly:1.5, children:2", ["semicolons"]),
        ("1,500", ["“1,500”"]),
        ("0", ["more than 0"]),
        ("elderly:-1", ["“elderly:-1”", "more than 0"]),
        ("nan", ["kilometres"]),
        ("1500", ["1500", "not metres"]),
        (":2", ["names no class"]),
        ("elderly:1; Elderly:2", ["“Elderly”", "twice"]),
        ("1; 2", ["two numbers"]),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(text, words):
    with pytest.raises(SolverError) as error:
        read_max_walk(text)
    assert str(error.value).startswith("MAX_WALK: ") and all(word in str(error.value) for word in words)


def test_a_class_that_nobody_is_of_is_named_with_those_there_are():
    text = read_max_walk("elderly:1; pensioners:2").unknown(["children", "elderly"])
    assert "“pensioners”" in text and "“children”, “elderly”" in text and "no class “elderly”" not in text


def test_counted_against_a_loop():
    rng = np.random.default_rng(3)
    people, metres = rng.integers(0, 5, 200), rng.uniform(0, 3000, 200)
    classes = [["children", "adults", "elderly"][k] for k in rng.integers(0, 3, 200)]
    limit = MaxWalk(2500.0, {"elderly": 800.0})
    over = longest = 0
    for count, far, name in zip(people.tolist(), metres.tolist(), classes):
        longest = max(longest, far if count else 0)
        over += count if far > (800 if name == "elderly" else 2500) else 0
    found = walks_of(people, metres, limit.metres(classes))
    assert (found.people, found.longest, found.over) == (people.sum(), longest, over) and over > 50


def test_as_long_as_the_limit_is_not_beyond_it_though_sums_of_floats_miss_it():
    assert walks_of([4], [sum([0.1] * 10_000)], read_max_walk("1").metres(["a"])).over == 0
    assert walks_of([4], [1000.01], [1000.0]).over == 4
    assert walks_of([], [], []) == (0, 0.0, 0)
    assert walks_of([0], [math.inf], [10.0]) == (0, 0.0, 0)


@pytest.mark.parametrize(("people", "metres"), [(1, math.inf), (1, math.nan), (1, -1.0), (-1, 1.0)])
def test_a_walk_without_a_length_is_no_figure(people, metres):
    with pytest.raises(ValueError):
        walks_of([people], [metres], [math.inf])
