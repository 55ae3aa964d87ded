"""Scenarios: intervals, the catalogue of the paper, the rules, and the demand that follows; files a user broke."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.metro.scenario import (
    CLOSED_LISTS,
    DIMENSIONS,
    EMERGENCY_TYPES,
    QUANTITIES,
    TEXTS,
    WEATHERS,
    Interval,
    Scenario,
    parse_interval,
)
from evacuation_planner.plugin.solvers.metro.scenario_demand import derive_demand, parse_known, whole_up
from evacuation_planner.plugin.solvers.metro.scenario_files import (
    CLASSES,
    read_catalogue,
    read_rules,
    read_travel_factors,
)

TABLE_1 = {  # [M] Table 1: items in each class
    "natural disaster": (7, 13, 4),
    "production safety": (9, 8, 7),
    "social security": (8, 9, 2),
    "public health": (4, 5, 1),
}


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_every_second_level_element_has_a_dimension():
    named = [element for _, _, elements in DIMENSIONS for element in elements]
    assert sorted(named) == sorted((*CLOSED_LISTS, *QUANTITIES, *TEXTS)) and len(named) == len(set(named))


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_intervals_are_read_as_they_are_written(one, other):
    low, high = sorted((float(f"{one:g}"), float(f"{other:g}")))
    assert parse_interval(str(Interval(low, high)), "X") == Interval(low, high)


@pytest.mark.parametrize("text", ["a", "1..2..3", "5..4", "-1", "-2..3", "nan", "1..inf", "..", "1.."])
def test_unreadable_intervals_name_the_parameter(text):
    with pytest.raises(SolverError, match="WOUNDED"):
        parse_interval(text, "WOUNDED")


def test_the_catalogue_is_the_papers_and_every_resource_has_a_rule():
    catalogue, rules = read_catalogue(), read_rules()
    for kind, counts in TABLE_1.items():
        groups = list(catalogue.of(kind).values())
        assert tuple(groups.count(name) for name in CLASSES) == counts
        _, without = derive_demand(Scenario("E", kind), catalogue, rules)
        assert without == []
    known = set(catalogue.resources)
    assert {rule.resource for rule in rules} <= known


def test_the_papers_demand_follows_from_368_stranded_people():
    scenario = Scenario("Andemen", stranded=Interval(368, 368))
    needs, _ = derive_demand(
        scenario, read_catalogue(), read_rules(), only=["gas mask", "emergency searchlight", "fume extractor"]
    )
    assert [(need.low, need.expected, need.high) for need in needs] == [(368,) * 3, (86,) * 3, (12,) * 3]


@given(
    st.sampled_from(EMERGENCY_TYPES),
    st.sampled_from(WEATHERS),
    st.integers(0, 500),
    st.integers(0, 500),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_low_is_at_most_expected_is_at_most_high(kind, weather, stranded, more, wounded, others):
    scenario = Scenario(
        "E",
        kind,
        weather=weather,
        stranded=Interval(stranded, stranded + more),
        wounded=Interval(wounded, wounded + others),
    )
    for need in derive_demand(scenario, CATALOGUE, RULES)[0]:
        assert 0 <= need.low <= need.expected <= need.high


CATALOGUE, RULES = read_catalogue(), read_rules()


def test_conditions_switch_rules_on():
    def lifeboats(weather):
        needs, _ = derive_demand(
            Scenario("E", "natural disaster", weather=weather, stranded=Interval(100, 100)), CATALOGUE, RULES
        )
        return {need.resource: need for need in needs}["lifeboat"]

    assert lifeboats("flood").expected == 5
    assert lifeboats("clear").expected == 0 and lifeboats("clear").basis == "no rule holds"


def test_known_quantities_take_the_place_of_rules():
    known = parse_known("gas mask: 20..25; sand: 4")
    needs, _ = derive_demand(Scenario("E"), CATALOGUE, RULES, only=["gas mask"], known=known)
    assert [(n.resource, n.low, n.expected, n.high) for n in needs] == [("gas mask", 20, 23, 25), ("sand", 4, 4, 4)]
    for text in ("gas mask", "gas mask:", ": 4", "a: 1; a: 2", "a: x"):
        with pytest.raises(SolverError, match="KNOWN_QUANTITIES"):
            parse_known(text)


def test_rounding_up_ignores_noise():
    assert [whole_up(value) for value in (0.1 * 30, 2.0000001, 0.0)] == [3, 3, 0]


def test_a_value_outside_its_list_is_refused():
    with pytest.raises(SolverError, match="“hail” is no weather"):
        Scenario("E", weather="hail")


RULE_HEAD = "emergency_type,resource,units,per,every,when\n"


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("any,mask,1,people,1,", "people"),
        ("any,mask,x,fixed,1,", "units"),
        ("any,mask,,fixed,1,", "units is empty"),
        ("any,mask,1,fixed,0,", "above 0"),
        ("any,mask,1,fixed,,", "above 0"),
        ("storm,mask,1,fixed,1,", "storm"),
        ("any,,1,fixed,1,", "no name"),
        ("any,mask,1,fixed,1,spot", "cannot be read"),
        ("any,mask,1,fixed,1,colour=red", "cannot be read"),
        ("any,mask,1,fixed,1,spot=roof", "roof"),
        ("any,mask,1,fixed", "4 values"),
    ],
)
def test_a_broken_rule_names_its_line(tmp_path, row, word):
    file = written(tmp_path / "r.csv", RULE_HEAD + "any,ok,1,fixed,1,\n" + row + "\n")
    with pytest.raises(SolverError, match=f"RULES_FILE: line 3 of “r.csv”.*{word}"):
        read_rules(file)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no column"),
        ("emergency_type,class,resource\n", "has no rows"),
        ("emergency_type,resource\nx,y\n", "no column class"),
        ("emergency_type,class,resource\nfire,life rescue,mask\n", "fire"),
        ("emergency_type,class,resource\npublic health,tools,mask\n", "tools"),
        ("emergency_type,class,resource\npublic health,life rescue,\n", "no name"),
        ("emergency_type,class,resource\n" + "public health,life rescue,mask\n" * 2, "twice"),
    ],
)
def test_a_broken_catalogue_is_refused(tmp_path, text, word):
    with pytest.raises(SolverError, match=f"CATALOGUE_FILE.*{word}"):
        read_catalogue(written(tmp_path / "c.csv", text))


def test_factors_are_read_and_broken_ones_refused(tmp_path):
    factors = read_travel_factors()
    assert factors.of_weather("clear") == 1.0 and factors.of_period("peak") > factors.of_period("secondary peak") > 1.0
    own = read_travel_factors(written(tmp_path / "f.csv", "element;value;factor\nweather;snow;3\n"))
    assert own.of_weather("snow") == 3.0 and own.of_weather("rain") == own.of_period("peak") == 1.0
    for row in ("weather,hail,2", "mood,bad,2", "weather,snow,-1", "weather,snow,2\nweather,snow,2"):
        with pytest.raises(SolverError, match="FACTORS_FILE"):
            read_travel_factors(written(tmp_path / "g.csv", f"element,value,factor\n{row}\n"))


def test_files_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(SolverError, match="UTF-8"):
        read_catalogue(tmp_path / "x.csv")
    with pytest.raises(SolverError, match="cannot be read"):
        read_catalogue(tmp_path / "absent.csv")
