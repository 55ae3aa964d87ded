"""HTML reports from the templates of resources/templates, escaped and written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from ..solvers.dependencies import require

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "resources" / "templates"


def write_report(path: str, template: str, **values: Any) -> None:
    """Render ``template`` (a file of resources/templates) with ``values`` and put it at ``path``.

    Every value is escaped, since attribute values are untrusted text; SVG made by :mod:`charts` is marked safe there.
    The page is written to a temporary file in the same folder and moved into place, so that a crash never leaves half
    a report.
    """
    jinja2 = require("jinja2", "writing HTML reports")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(TEMPLATES)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(whole=whole, minutes=minutes, percent=percent)
    text = environment.get_template(template).render(**values)
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(suffix=".html", dir=str(target.parent))
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def whole(value: float | None) -> str:
    """Return a number rounded to whole with thin spaces between thousands; None gives a dash."""
    return "–" if value is None else f"{value:,.0f}".replace(",", "\u202f")


def minutes(seconds: float | None) -> str:
    """Return seconds as minutes with one decimal and the unit; None gives a dash."""
    return "–" if seconds is None else f"{seconds / 60:,.1f} min".replace(",", "\u202f")


def percent(value: float | None) -> str:
    """Return a percentage with one decimal and the sign; None gives a dash."""
    return "–" if value is None else f"{value:.1f}\u202f%"
