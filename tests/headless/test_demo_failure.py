"""The demo stops at the first step that fails, says why, and leaves the results of an earlier run alone."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "scripts") not in sys.path:
    sys.path.insert(0, str(ROOT / "scripts"))

import demo

import environment


@pytest.mark.skipif(environment.qgis_process() is None, reason="qgis_process is not installed")
def test_a_failing_step_ends_the_demo(tmp_path, monkeypatch, capfd):
    sample = tmp_path / "sample.gpkg"
    for name in (demo.SAMPLE.name, "elevation.tif"):
        shutil.copy(demo.SAMPLE.with_name(name), tmp_path / name)
    database = sqlite3.connect(sample)
    # Forget the spatial index first: its triggers need functions that plain SQLite lacks.
    for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'roads'"):
        database.execute(f'DROP TRIGGER "{trigger}"')
    database.execute("DELETE FROM roads")
    database.commit()
    database.close()
    target = tmp_path / "demo"
    target.mkdir()
    (target / "report.html").write_text("of an earlier run", encoding="utf-8")
    monkeypatch.setattr(demo, "SAMPLE", sample)
    monkeypatch.setattr(demo, "TARGET", target)

    assert demo.main() == 1
    said = capfd.readouterr()
    assert "NETWORK" in said.err and "Traceback" not in said.err
    assert "[1/3]" in said.out and "[2/3]" in said.out and "[3/3]" not in said.out
    assert (target / "report.html").read_text(encoding="utf-8") == "of an earlier run"
    assert not (target / "evacuation.gpkg").exists()
