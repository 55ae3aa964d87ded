"""A dialog that lists the optional Python packages, what each is for, and how to get what is missing."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..plugin.solvers.dependencies import HOW_TO_INSTALL, SPECS, available

PURPOSES = {
    "pulp": "recommending shelters, allocating people and metro resources",
    "highspy": "solving these models faster (without it the CBC solver that comes with PuLP is used)",
    "numba": "routing at full speed (without it routing runs in plain Python, much slower)",
    "pyswarms": "the particle swarm for metro resources",
    "shapely": "reading road networks",
    "scipy": "travel times over road networks",
    "networkx": "ways along the metro lines",
    "matplotlib": "charts in reports",
}


class PackagesDialog(QDialog):
    """Shows the state of the optional packages."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self._tr("Optional packages"))
        self.resize(760, 480)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(self._tr("Evacuation Planner uses these Python packages:")))
        self.table = QTableWidget(len(PURPOSES), 3)
        self.table.setHorizontalHeaderLabels([self._tr("Package"), self._tr("State"), self._tr("Needed for")])
        missing = []
        for row, (package, purpose) in enumerate(PURPOSES.items()):
            there = available(package)
            if not there:
                missing.append(package)
            texts = (package, self._tr("installed") if there else self._tr("missing"), self._tr(purpose))
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                self.table.setItem(row, column, item)
        self.table.verticalHeader().hide()
        self.table.resizeColumnsToContents()
        self.table.horizontalHeader().setStretchLastSection(True)
        layout.addWidget(self.table)
        if missing:
            text = HOW_TO_INSTALL.format(spec=" ".join(f'"{SPECS[name]}"' for name in missing))
            how = QPlainTextEdit(text)
            how.setReadOnly(True)
            layout.addWidget(QLabel(self._tr("How to get what is missing:")))
            layout.addWidget(how)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    @staticmethod
    def _tr(text: str) -> str:
        return QCoreApplication.translate("EvacuationPlanner", text)
