"""The plugin's menu in the desktop: the samples, each algorithm's dialog, the state of optional packages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsProcessingAlgorithm
from qgis.PyQt.QtCore import QCoreApplication, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QAction, QMenu, QMessageBox

from .packages_dialog import PackagesDialog
from .sample_project import (
    FLOOD_PROJECT,
    NEAR_FIELD_PROJECT,
    ON_FOOT_PROJECT,
    RESOURCES,
    copy_metro_sample,
    copy_sample,
)

ORDER = (
    "checkroads",
    "mendroads",
    "zonesatrisk",
    "recommendshelters",
    "jointplan",
    "allocatecrowd",
    "routeevacuation",
    "jointevacuationplan",
    "evacuationplan",
    "timetosafety",
    "latestdeparture",
    "stagedeparture",
    "rollinghorizon",
    "dispatchfleet",
    "contraflow",
    "hazardplan",
    "metroscenario",
    "allocatemetroresources",
    "metrosensitivity",
    "metroresponse",
)


class EvacuationMenu:
    """Builds the menu “Evacuation Planner” under Plugins and takes it away again."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.menu: QMenu | None = None

    @staticmethod
    def tr(text: str) -> str:
        """Translate ``text`` in the plugin's context."""
        return QCoreApplication.translate("EvacuationPlanner", text)

    def build(self) -> None:
        """Add the menu to the main window."""
        self.menu = QMenu(self.tr("&Evacuation Planner"), self.iface.mainWindow())
        self.menu.setIcon(QIcon(str(RESOURCES / "icons" / "evacuation.svg")))
        self._add(self.tr("Open the sample city"), "sample", self.open_sample)
        self._add(self.tr("Open the sample city: a flood that takes hours"), "sample", self.open_flood)
        self._add(
            self.tr("Open the sample city: a near-field tsunami by car (what not to do)"),
            "sample",
            self.open_near_field,
        )
        self._add(self.tr("Open the sample city: a near-field tsunami on foot"), "sample", self.open_on_foot)
        self._add(self.tr("Open the metro emergency"), "metroscenario", self.open_metro_sample)
        self.menu.addSeparator()
        for identifier in self._algorithms():
            algorithm = QgsApplication.processingRegistry().algorithmById(identifier)
            action = QAction(self._icon(algorithm), algorithm.displayName() + "…", self.menu)
            action.triggered.connect(lambda _=False, i=identifier: self.open_algorithm(i))
            self.menu.addAction(action)
        self.menu.addSeparator()
        self._add(self.tr("Optional packages…"), None, self.show_packages)
        self._add(self.tr("Documentation"), None, self.open_documentation)
        self.iface.pluginMenu().addMenu(self.menu)

    def remove(self) -> None:
        """Take the menu away."""
        if self.menu is not None:
            self.iface.pluginMenu().removeAction(self.menu.menuAction())
            self.menu.deleteLater()
            self.menu = None

    def _add(self, text: str, icon: str | None, slot: Any) -> None:
        action = QAction(QIcon(str(RESOURCES / "icons" / f"{icon}.svg")) if icon else QIcon(), text, self.menu)
        action.triggered.connect(lambda _=False: slot())
        self.menu.addAction(action)

    @staticmethod
    def _icon(algorithm: QgsProcessingAlgorithm) -> QIcon:
        """Return the icon of an algorithm; a model has one by its name only."""
        path = RESOURCES / "icons" / f"{algorithm.name()}.svg"
        return QIcon(str(path)) if path.is_file() else algorithm.icon()

    @staticmethod
    def _algorithms() -> list[str]:
        there: dict[str, QgsProcessingAlgorithm] = {}
        provider = QgsApplication.processingRegistry().providerById("evacuation")
        for algorithm in provider.algorithms() if provider else []:
            there[algorithm.name()] = algorithm
        ordered = [name for name in ORDER if name in there]
        return [there[name].id() for name in ordered + sorted(set(there) - set(ordered))]

    def open_sample(self) -> None:
        """Copy the sample city to the user's profile and open its project."""
        self._open(copy_sample)

    def open_flood(self) -> None:
        """Open the sample city's project of a flood front."""
        self._open(lambda: copy_sample(project=FLOOD_PROJECT))

    def open_near_field(self) -> None:
        """Open the sample city's project that shows why nobody flees from a near-field tsunami by car."""
        self._open(lambda: copy_sample(project=NEAR_FIELD_PROJECT))

    def open_on_foot(self) -> None:
        """Open the sample city's project of a near-field tsunami from which people walk."""
        self._open(lambda: copy_sample(project=ON_FOOT_PROJECT))

    def open_metro_sample(self) -> None:
        """Copy the metro emergency at Nanjing to the user's profile and open its project."""
        self._open(copy_metro_sample)

    def _open(self, copy: Callable[[], Path]) -> None:
        """Open a copied sample, once the user has said what becomes of the project at hand."""
        try:
            project = copy()
        except OSError as error:
            QMessageBox.warning(
                self.iface.mainWindow(),
                self.tr("Evacuation Planner"),
                self.tr("The sample could not be copied into your profile: {error}").format(error=error),
            )
            return
        # addProject() alone would throw unsaved work away; this asks as QGIS does, edits and scratch layers included.
        if self.iface.newProject(True):
            self.iface.addProject(str(project))

    @staticmethod
    def open_algorithm(identifier: str) -> None:
        """Open an algorithm's dialog."""
        from processing import execAlgorithmDialog  # the Processing plugin is loaded by now

        execAlgorithmDialog(identifier, {})

    def show_packages(self) -> None:
        """Tell which optional packages are there and how to get the others."""
        PackagesDialog(self.iface.mainWindow()).exec()

    def open_documentation(self) -> None:
        """Open the README that comes with the plugin."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(RESOURCES.parent / "README.md")))
