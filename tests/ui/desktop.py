"""The part of QGIS's interface that the menu uses, for tests without a desktop."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QMainWindow, QMenu


class Desktop:
    """Holds the window and the menu of plugins, and remembers the projects that were opened."""

    def __init__(self):
        self.window = QMainWindow()
        self.plugins = QMenu(self.window)
        self.opened = []
        self.asked = 0  # times the user was asked what becomes of the project at hand
        self.agrees = True

    def mainWindow(self):
        return self.window

    def pluginMenu(self):
        return self.plugins

    def newProject(self, promptToSaveFlag=False):
        self.asked += bool(promptToSaveFlag)
        return self.agrees

    def addProject(self, path):
        self.opened.append(path)
