"""HTML reports from the templates of resources/templates, escaped and written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

from ..layers.on_foot import said_of_people
from ..solvers.dependencies import require

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "resources" / "templates"
_CODE = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)


def write_report(path: str, template: str, *, on_foot: bool = False, **values: Any) -> None:
    """Render ``template`` (a file of resources/templates) with ``values`` and put it at ``path``.

    ``on_foot``: whether its vehicles are people on foot, which it says; so do the words of the template.

    Every value is escaped, since attribute values are untrusted text; SVG made by :mod:`charts` is marked safe there.
    The page is written to a temporary file in the same folder and moved into place, so that a crash never leaves half
    a report.
    """
    jinja2 = require("jinja2", "writing HTML reports")
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: words_of(name, on_foot)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(whole=whole, minutes=minutes, percent=percent, decimal=decimal, significant=significant)
    text = environment.get_template(template).render(on_foot=on_foot, **values)
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


def words_of(template: str, on_foot: bool) -> str:
    """Return the text of a template; ``on_foot``: outside its code people on foot stand for vehicles."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    if not on_foot:
        return text
    return "".join(part if _CODE.fullmatch(part) else said_of_people(part) for part in _CODE.split(text))


def decimal(value: float | None, places: int = 1) -> str:
    """Return a number with so many decimals and thin spaces between thousands, zero without a sign; None: a dash."""
    if value is None:
        return "–"
    text = f"{value:,.{places}f}".replace(",", "\u202f")
    return text.lstrip("-") if not text.strip("-0.") else text


def significant(value: float | None, digits: int = 3) -> str:
    """Return a number with so many digits that count, as 0 where it is only rounding (below 1e-9); None: a dash."""
    if value is None:
        return "–"
    return f"{value:.{digits}g}" if abs(value) >= 1e-9 else "0"


def whole(value: float | None) -> str:
    """Return a number rounded to whole with thin spaces between thousands; None gives a dash."""
    return decimal(value, 0)


def minutes(seconds: float | None) -> str:
    """Return seconds as minutes with one decimal and the unit; None gives a dash."""
    return "–" if seconds is None else f"{decimal(seconds / 60)} min"


def percent(value: float | None) -> str:
    """Return a percentage with one decimal and the sign; None gives a dash."""
    return "–" if value is None else f"{decimal(value)}\u202f%"
