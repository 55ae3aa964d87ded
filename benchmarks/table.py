"""Tables of measurements: what was measured, what was asked for, and whether it was met."""

from __future__ import annotations

from dataclasses import dataclass, field

MET, MET_BY_CPU, NOT_MET = "met", "met in CPU time only", "**not met**"


@dataclass
class Table:
    """A table with a title and notes under it; every cell is text."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        """Add a row."""
        if len(cells) != len(self.header):
            raise ValueError(f"{len(cells)} cells for {len(self.header)} columns of {self.title}")
        self.rows.append(tuple(str(cell) for cell in cells))

    def text(self) -> str:
        """Return the table as Markdown with columns of even width."""
        lines = [f"## {self.title}", ""]
        if self.rows:
            width = [max(len(row[k]) for row in [self.header, *self.rows]) for k in range(len(self.header))]
            for row in [self.header, tuple("-" * w for w in width), *self.rows]:
                lines.append("| " + " | ".join(cell.ljust(w) for cell, w in zip(row, width)) + " |")
            lines.append("")
        return "\n".join(lines + [line for note in self.notes for line in (note, "")])


def outcome(reached: bool, wall: float, cpu: float, limit: float | None) -> str:
    """Return whether a target was met: the thing ``reached``, within ``limit`` seconds by the clock.

    Where other programs use the cores, the clock runs on while the solver waits; the CPU time then tells more, and the
    answer says that it was only that.
    """
    if not reached:
        return NOT_MET
    if limit is None or wall <= limit:
        return MET
    return MET_BY_CPU if cpu <= limit else NOT_MET


def seconds(value: float) -> str:
    """Return seconds with three figures or so."""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"
