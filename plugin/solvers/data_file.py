"""The tables of resources as a user may edit them: CSV files with named columns, read with clear errors."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import SolverError

RESOURCES = Path(__file__).resolve().parents[2] / "resources"


@dataclass(frozen=True)
class Line:
    """A row of a file: its texts by column, and where it stands, for messages."""

    where: str
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values[column]

    def number(self, column: str) -> float:
        """Return a cell as a number above 0.

        Raises
        ------
        SolverError
        """
        try:
            value = float(self.values[column])
        except ValueError:
            value = float("nan")
        if not 0.0 < value < float("inf"):
            raise SolverError(f"{self.where}: “{self.values[column]}” in the column {column} must be a number above 0.")
        return value


def read_lines(path: Path | str, parameter: str, columns: tuple[str, ...]) -> list[Line]:
    """Read a CSV file (UTF-8, commas or semicolons); further columns and empty rows are passed over.

    Raises
    ------
    SolverError
        When it cannot be read, lacks a column, has a row of another length, or has no row.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SolverError(f"{parameter}: “{file}” cannot be read ({error.strerror}). Choose another file.") from None
    except UnicodeDecodeError:
        raise SolverError(f"{parameter}: “{file.name}” is not UTF-8 text. Save it as CSV in UTF-8.") from None
    rows = text.splitlines()
    head = rows[0] if rows else ""
    reader = csv.reader(rows, delimiter=";" if head.count(";") > head.count(",") else ",")
    try:
        return _lines(reader, file.name, parameter, columns)
    except csv.Error as error:
        raise SolverError(f"{parameter}: “{file.name}” is no CSV file ({error}).") from None


def _lines(reader: Any, name: str, parameter: str, columns: tuple[str, ...]) -> list[Line]:
    header = [cell.strip() for cell in next(reader, [])]
    missing = [column for column in columns if column not in header]
    if missing:
        raise SolverError(
            f"{parameter}: “{name}” has no column {', '.join(missing)}. Its first row must name the columns "
            f"{', '.join(columns)}."
        )
    out = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{parameter}: line {reader.line_num} of “{name}”"
        if len(cells) != len(header):
            raise SolverError(f"{where} has {len(cells)} values; the first row names {len(header)} columns.")
        out.append(Line(where, {column: cell.strip() for column, cell in zip(header, cells)}))
    if not out:
        raise SolverError(f"{parameter}: “{name}” has no rows.")
    return out
