"""Tests of windows and dialogs, without a person to answer them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

LOOK_EVERY = 2000  # milliseconds


@pytest.fixture(autouse=True)
def no_dialog_waits_for_a_person(qgis_app) -> Iterator[None]:
    """Close a modal dialog that nobody answers, and fail the test that opened it.

    While a dialog waits, Python gets no turn, and so neither does the time limit of the tests.
    """
    from qgis.PyQt.QtCore import QTimer
    from qgis.PyQt.QtWidgets import QApplication

    seen: list[object] = [None]
    left: list[str] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is not None and dialog is seen[-1]:
            text = dialog.text() if hasattr(dialog, "text") else ""
            left.append(f"{type(dialog).__name__} “{dialog.windowTitle()}” {text}")
            dialog.close()
        seen.append(dialog)

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(LOOK_EVERY)
    yield
    timer.stop()
    assert not left, f"a dialog waited for a person: {left}"
