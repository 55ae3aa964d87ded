"""Reports of a plan on foot speak of people, and their code is left alone."""

from __future__ import annotations

import re

import pytest

from evacuation_planner.plugin.layers.on_foot import said_of_people
from evacuation_planner.plugin.reports.page import TEMPLATES, words_of

CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


@pytest.mark.parametrize("name", ["routing_report", "joint_report", "stage_report", "base", "caught"])
def test_words_of_a_template_change_and_its_code_does_not(name):
    plain, walking = (words_of(f"{name}.html", on_foot) for on_foot in (False, True))
    assert plain == (TEMPLATES / f"{name}.html").read_text(encoding="utf-8")
    assert CODE.findall(plain) == CODE.findall(walking)
    assert "ehicle" not in CODE.sub("", walking) and "rivers with" not in CODE.sub("", walking)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Vehicle-hours", "Person-hours"),
        ("300 vehicles/h", "300 persons/h"),
        ("mean travel time of a vehicle", "mean travel time of a person on foot"),
        ("Vehicles", "People on foot"),
    ],
)
def test_words(text, said):
    assert said_of_people(text) == said
