"""Numbers in text: what is understood, and what is refused because it can be read two ways."""

from __future__ import annotations

import math

import pytest

from evacuation_planner.plugin.solvers.numerals import number_in, two_readings


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1500", 1500),
        (" -3 ", -3),
        ("+2.5", 2.5),
        (".5", 0.5),
        ("5.", 5),
        ("1.5e3", 1500),
        ("1.500", 1.5),
        ("7,5", 7.5),
        ("12,25", 12.25),
        ("0,500", 0.5),
        ("1234,567", 1234.567),
        ("1 500", 1500),
        ("1\u00a0500", 1500),
        ("1\u202f234\u202f567", 1234567),
        ("1'500", 1500),
        ("1’500,5", 1500.5),
        ("1_500", 1500),
        ("1,500.5", 1500.5),
        ("1.500,5", 1500.5),
        ("1,500,000", 1_500_000),
        ("1.500.000", 1_500_000),
        ("1,50,000", 150_000),
        ("１５００", 1500),
    ],
)
def test_what_can_be_read_one_way_is_read(text, number):
    assert number_in(text) == number
    assert not two_readings(text)


@pytest.mark.parametrize("text", ["1,500", "-1,500", " 12,345 ", "999,000"])
def test_a_comma_that_may_separate_thousands_or_decimals_is_refused(text):
    assert math.isnan(number_in(text))
    assert two_readings(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", ",", ".", "nan", "inf", "Infinity", "1e999", "5 km", "1 5", "1 50 000", "1,2,3", "1.2.3", "1,500 veh",
     "12-14", "0x10", "1,50,00", "1..5", "twelve", "1__5", "20260501T0800"],
)  # fmt: skip
def test_what_is_no_number_is_refused(text):
    assert math.isnan(number_in(text))
