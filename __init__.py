"""Evacuation Planner: shelters, allocation, routes under congestion and metro resources for QGIS."""

from __future__ import annotations


def classFactory(iface):  # noqa: N802
    """Return the plugin object; called by QGIS."""
    from .plugin.evacuation_plugin import EvacuationPlugin

    return EvacuationPlugin(iface)
