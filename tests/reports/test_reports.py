from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

from evacuation_planner.plugin.reports import page
from evacuation_planner.plugin.reports.charts import bar_chart, line_chart

NASTY = '<script>alert("1")</script> $x^2$ & "q"'


@pytest.fixture
def templates(tmp_path, monkeypatch):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "one.html").write_text("<p>{{ name }}</p>{{ chart }}<b>{{ seconds | minutes }}</b>", encoding="utf-8")
    monkeypatch.setattr(page, "TEMPLATES", folder)
    return folder


def test_attribute_values_are_escaped_and_charts_are_not(templates, tmp_path):
    chart = bar_chart([NASTY, "b"], [1, 2], title="Load", value_label="people", limits=[2, 3], limit_label="room")
    page.write_report(str(tmp_path / "r.html"), "one.html", name=NASTY, chart=chart, seconds=90)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "<svg" in text and "1.5 min" in text


def test_charts_are_well_formed_and_repeatable():
    def draw():
        lines = {"a": [0, 1, 2], NASTY: [0, 1500, 2]}
        return line_chart([0, 1, 2], lines, title="T", x_label="min", y_label="people", marks={"95 %": 1})

    assert ElementTree.fromstring(str(draw())).tag.endswith("svg")
    assert str(draw()) == str(draw())


def test_a_failing_report_leaves_nothing(templates, tmp_path):
    with pytest.raises(Exception, match="name"):
        page.write_report(str(tmp_path / "out" / "r.html"), "one.html", chart="", seconds=1)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_text_of_any_script_stays_text_without_warnings(recwarn, capfd):
    names = ["三鷹市立第一小学校", "مدرسة", "$5 & co $6"]
    chart = str(bar_chart(names, [1, 2, 3], title="負荷", value_label="人"))
    chart += str(line_chart([0, 1], {name: [0, 1] for name in names}, title="T", x_label="min", y_label="people"))
    for name in names[:2]:
        assert chart.count(name) == 2
    assert "$5 &amp; co $6" in chart and "負荷" in chart
    assert not recwarn.list and capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("value", "shown"), [(-7e-13, "0.0"), (-0.0, "0.0"), (-0.04, "0.0"), (-0.06, "-0.1"), (1234.5, "1\u202f234.5")]
)
def test_zero_has_no_sign(value, shown):
    assert page.decimal(value) == shown and page.percent(value) == f"{shown}\u202f%"


def test_rounding_is_zero_and_nothing_a_dash():
    assert (page.significant(-7e-13), page.significant(1.5e-5), page.significant(100.0, 6)) == ("0", "1.5e-05", "100")
    assert page.whole(-0.2) == "0" and page.minutes(-1e-9) == "0.0 min" and page.decimal(None) == "–"
