"""The metro emergency's project from the menu: a copy in the user's profile that finds its layers."""

from __future__ import annotations

import pytest

pytest.importorskip("qgis.core")

from qgis.core import QgsProject
from qgis.PyQt.QtWidgets import QMessageBox

from evacuation_planner.ui.menu import EvacuationMenu
from evacuation_planner.ui.sample_project import METRO_PROJECT, RESOURCES, copy_metro_sample

from .desktop import Desktop


@pytest.fixture
def menu(provider):
    desktop = Desktop()
    built = EvacuationMenu(desktop)
    built.build()
    yield built
    built.remove()


def entry(menu, text):
    (action,) = (action for action in menu.menu.actions() if action.text() == text)
    return action


def test_the_entry_opens_a_copy_that_keeps_the_users_work(menu, monkeypatch, tmp_path):
    folder = tmp_path / "metro"
    monkeypatch.setattr("evacuation_planner.ui.menu.copy_metro_sample", lambda: copy_metro_sample(folder))
    entry(menu, "Open the metro emergency").trigger()
    assert menu.iface.opened == [str(folder / METRO_PROJECT)]
    (folder / "README.md").write_text("mine", encoding="utf-8")
    entry(menu, "Open the metro emergency").trigger()
    assert (folder / "README.md").read_text(encoding="utf-8") == "mine"
    shipped = {path.name for path in (RESOURCES / "metro" / "sample").iterdir() if path.is_file()}
    assert {path.name for path in folder.iterdir()} == shipped


def test_the_copy_finds_all_its_layers(tmp_path, provider):
    project = QgsProject()
    assert project.read(str(copy_metro_sample(tmp_path / "metro")))
    layers = project.mapLayers().values()
    assert layers and all(layer.isValid() and str(tmp_path) in layer.source() for layer in layers)


def test_a_folder_that_cannot_be_written_is_told(menu, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    told = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *words: told.append(words[-1]))
    monkeypatch.setattr(
        "evacuation_planner.ui.menu.copy_metro_sample", lambda: copy_metro_sample(tmp_path / "file" / "below")
    )
    menu.open_metro_sample()
    assert menu.iface.opened == [] and "could not be copied" in told[0]
