"""Draw the map of the house: which folder of the plugin imports which, worked out from the code.

``python scripts/house_map.py`` writes resources/images/house.svg. Each box is a folder; a line goes from a folder down
to one that it imports. Where a way leads through another folder the direct line is left out.
"""

from __future__ import annotations

import ast
import html
from collections import defaultdict
from pathlib import Path

import networkx

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "resources" / "images" / "house.svg"
PARTS = ("plugin", "processing_provider", "ui")
TOPICS = (
    "forecasting",
    "shelters",
    "allocation",
    "",
    "joint",
    "safety",
    "contraflow",
    "timing",
    "rolling",
    "routing",
    "roads",
    "metro",
)
FLOORS = (  # prefix of a folder, colour
    ("ui", "#d9d2e9"),
    ("processing_provider", "#cfe2f3"),
    ("plugin/reports", "#fff2cc"),
    ("plugin/layers", "#d9ead3"),
    ("plugin/solvers", "#fce5cd"),
    ("plugin", "#eeeeee"),
)
WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 142, 34, 158, 78, 14


def imported_folders(path: Path) -> set[str]:
    """Return the folders of the plugin that a file of it imports from, as paths."""
    here = path.relative_to(ROOT).with_suffix("").parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = here[: len(here) - node.level] + (tuple(node.module.split(".")) if node.module else ())
        for alias in node.names:
            # What is imported is a module of the folder ``base``, or a name in the module ``base``.
            folder = base if (ROOT.joinpath(*base, alias.name).with_suffix(".py")).exists() else base[:-1]
            found.add("/".join(folder))
    return found


def folders() -> networkx.DiGraph:
    """Return the graph of the folders that hold code, an edge for each that imports another."""
    graph = networkx.DiGraph()
    for path in sorted(file for part in PARTS for file in (ROOT / part).rglob("*.py")):
        if not path.read_text(encoding="utf-8").strip():
            continue
        here = path.relative_to(ROOT).parent.as_posix()
        graph.add_node(here)
        graph.add_edges_from((here, other) for other in imported_folders(path) if other not in ("", here))
    return graph


def places_of(graph: networkx.DiGraph) -> dict[str, tuple[float, int]]:
    """Return the column and row of each folder: below everything that imports it, by topic from left to right."""
    row: dict[str, int] = {}
    for folder in networkx.lexicographical_topological_sort(graph):
        row[folder] = max((row[above] + 1 for above in graph.predecessors(folder)), default=0)
    rows = defaultdict(list)
    for folder, at in row.items():
        rows[at].append(folder)
    widest = max(len(names) for names in rows.values())
    out = {}
    for at, names in rows.items():
        ordered = sorted(names, key=lambda name: (_topic(name), name))
        for k, name in enumerate(ordered):
            out[name] = ((widest - len(ordered)) / 2 + k, at)
    return out


def _topic(folder: str) -> int:
    return next((k for k, topic in enumerate(TOPICS) if topic and topic in folder.split("/")), TOPICS.index(""))


def drawing(graph: networkx.DiGraph) -> str:
    """Return the graph as an SVG."""
    places = places_of(graph)
    box = {name: (MARGIN + ACROSS * column, MARGIN + DOWN * row) for name, (column, row) in places.items()}
    wide = max(x for x, _ in box.values()) + WIDTH + MARGIN
    high = max(y for _, y in box.values()) + HEIGHT + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}" font-family="sans-serif">',
        f'<rect width="{wide:g}" height="{high:g}" fill="white"/>',
    ]
    for above, below in sorted(networkx.transitive_reduction(graph).edges):
        (x, y), (u, v) = box[above], box[below]
        begin, end = (x + WIDTH / 2, y + HEIGHT), (u + WIDTH / 2, v)
        bend = (begin[1] + end[1]) / 2
        parts.append(
            f'<path d="M {begin[0]:g} {begin[1]:g} C {begin[0]:g} {bend:g} {end[0]:g} {bend:g} {end[0]:g} {end[1]:g}" '
            'fill="none" stroke="#888888"/>'
        )
    for name in sorted(box):
        x, y = box[name]
        colour = next(colour for prefix, colour in FLOORS if name == prefix or name.startswith(f"{prefix}/"))
        parent, _, last = name.rpartition("/")
        parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="4" fill="{colour}" stroke="#444444"/>'
        )
        middle = x + WIDTH / 2
        parts.append(
            f'<text x="{middle:g}" y="{y + 28:g}" font-size="13" text-anchor="middle">{html.escape(last)}</text>'
        )
        parts.append(
            f'<text x="{middle:g}" y="{y + 12:g}" font-size="8" text-anchor="middle">{html.escape(parent)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    TARGET.write_text(drawing(folders()), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
