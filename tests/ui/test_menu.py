from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")


from evacuation_planner.ui.menu import EvacuationMenu
from evacuation_planner.ui.packages_dialog import PURPOSES, PackagesDialog
from evacuation_planner.ui.sample_project import (
    FLOOD_PROJECT,
    NEAR_FIELD_PROJECT,
    ON_FOOT_PROJECT,
    PROJECT,
    RESOURCES,
    copy_sample,
)

from .desktop import Desktop


@pytest.fixture
def desktop(provider):
    return Desktop()


def entries(desktop):
    return [action.text() for action in desktop.plugins.actions()[0].menu().actions() if not action.isSeparator()]


def test_menu_offers_the_sample_and_every_algorithm_and_goes_away(desktop, provider):
    menu = EvacuationMenu(desktop)
    menu.build()
    texts = entries(desktop)
    assert texts[0] == "Open the sample city"
    assert ["flood" in text for text in texts[:4]] == [False, True, False, False]
    assert "near-field tsunami by car (what not to do)" in texts[2] and "near-field tsunami on foot" in texts[3]
    for algorithm in provider.algorithms():
        assert algorithm.displayName() + "…" in texts
    menu.remove()
    assert not desktop.plugins.actions()


def test_sample_opens_from_a_copy_that_keeps_the_users_work(desktop, monkeypatch, tmp_path):
    monkeypatch.setattr("evacuation_planner.ui.menu.copy_sample", lambda: copy_sample(tmp_path / "sample"))
    menu = EvacuationMenu(desktop)
    menu.open_sample()
    assert desktop.opened == [str(tmp_path / "sample" / PROJECT)]
    (tmp_path / "sample" / "README.md").write_text("mine", encoding="utf-8")
    menu.open_sample()
    assert (tmp_path / "sample" / "README.md").read_text(encoding="utf-8") == "mine"
    names = {path.name for path in (RESOURCES / "sample").iterdir() if path.is_file()}
    assert {path.name for path in (tmp_path / "sample").iterdir()} == names


def test_every_story_opens_from_the_same_copy(desktop, monkeypatch, tmp_path):
    monkeypatch.setattr("evacuation_planner.ui.sample_project._profile", lambda: tmp_path)
    menu = EvacuationMenu(desktop)
    menu.open_sample()
    menu.open_flood()
    menu.open_near_field()
    menu.open_on_foot()
    names = (PROJECT, FLOOD_PROJECT, NEAR_FIELD_PROJECT, ON_FOOT_PROJECT)
    assert desktop.opened == [str(tmp_path / "sample" / name) for name in names]


@pytest.mark.parametrize("name", [PROJECT, FLOOD_PROJECT, NEAR_FIELD_PROJECT, ON_FOOT_PROJECT])
def test_the_copied_sample_project_finds_all_its_layers(tmp_path, provider, name):
    from qgis.core import QgsProject

    project = QgsProject()
    assert project.read(str(copy_sample(tmp_path / "sample", name)))
    layers = project.mapLayers().values()
    assert layers and all(layer.isValid() for layer in layers)
    for layer in layers:
        assert str(tmp_path) in layer.source()


def test_packages_dialog_names_what_is_missing(provider, monkeypatch):
    monkeypatch.setattr("evacuation_planner.ui.packages_dialog.available", lambda name: name != "numba")
    dialog = PackagesDialog()
    states = {dialog.table.item(row, 0).text(): dialog.table.item(row, 1).text() for row in range(len(PURPOSES))}
    assert states["numba"] == "missing"
    assert {state for name, state in states.items() if name != "numba"} == {"installed"}


def test_opening_a_sample_asks_what_becomes_of_the_project_at_hand(desktop, monkeypatch, tmp_path):
    monkeypatch.setattr("evacuation_planner.ui.menu.copy_sample", lambda: copy_sample(tmp_path / "sample"))
    menu = EvacuationMenu(desktop)
    desktop.agrees = False
    menu.open_sample()
    assert desktop.asked == 1 and not desktop.opened
    desktop.agrees = True
    menu.open_sample()
    assert desktop.asked == 2 and len(desktop.opened) == 1
