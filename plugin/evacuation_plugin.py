"""The plugin object: the one place that ties the Processing provider and the user interface together."""

from __future__ import annotations

from qgis.core import QgsApplication

from ..processing_provider.provider import EvacuationProvider


class EvacuationPlugin:
    """Registers the provider (everywhere) and the menu (in the desktop)."""

    def __init__(self, iface) -> None:
        self.iface = iface
        self.provider: EvacuationProvider | None = None
        self.menu = None

    def initProcessing(self) -> None:  # noqa: N802
        """Register the provider; the only entry that qgis_process calls."""
        if self.provider is None:
            self.provider = EvacuationProvider()
            QgsApplication.processingRegistry().addProvider(self.provider)
            # A model of this provider finds its children only once the provider itself is registered.
            self.provider.refreshAlgorithms()

    def initGui(self) -> None:  # noqa: N802
        """Register the provider and build the menu."""
        self.initProcessing()
        from ..ui.menu import EvacuationMenu

        self.menu = EvacuationMenu(self.iface)
        self.menu.build()

    def unload(self) -> None:
        """Take everything back."""
        if self.menu is not None:
            self.menu.remove()
            self.menu = None
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
