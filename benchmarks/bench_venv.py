"""The virtual environment with the programs that the benchmarks compare with, made on demand.

It lies in ``build/bench-venv`` and holds what ``requirements-bench.txt`` names.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import cache
from pathlib import Path

from benchmarks.measuring import ROOT

REQUIREMENTS = ROOT / "requirements-bench.txt"
VENV = ROOT / "build" / "bench-venv"
STAMP = VENV / ".ready"
INSTALLING = 900.0  # seconds after which pip is given up


class NoPeer(RuntimeError):
    """A program to compare with could not be installed or run; the text says why."""


def last_line(text: str) -> str:
    """Return the last line that says something."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no reason given")[:200]


@cache
def peer_python() -> Path:
    """Return the Python of the environment, with everything in it.

    Raises
    ------
    NoPeer
        When it cannot be made, such as without a network.
    """
    python = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and STAMP.is_file() and STAMP.read_text() == wanted:
        return python
    base = getattr(sys, "_base_executable", sys.executable)
    print(f"Installing {REQUIREMENTS.name} for the comparisons into {VENV} (once) ...", flush=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    steps = (
        [base, "-m", "venv", "--clear", str(VENV)],
        [*pip, "-r", str(REQUIREMENTS)],
        [str(python), "-c", "import aequilibrae.paths, lightgbm, pyvrp, sumo, uxsim"],
    )
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, check=False, timeout=INSTALLING)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoPeer(f"{REQUIREMENTS.name} could not be installed: {error}") from error
        if done.returncode:
            raise NoPeer(f"{REQUIREMENTS.name} could not be installed: {last_line(done.stderr)}")
    STAMP.write_text(wanted)
    return python


@cache
def sumo_home() -> Path:
    """Return the folder of SUMO, with ``bin`` and ``tools`` in it."""
    show = [str(peer_python()), "-c", "import sumo; print(sumo.SUMO_HOME)"]
    done = subprocess.run(show, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoPeer(f"SUMO cannot be found: {last_line(done.stderr)}")
    return Path(last_line(done.stdout))


def run_peer(script: str, *arguments: str, timeout: float, cwd: Path) -> str:
    """Run a script of ``benchmarks/peers`` in the environment and return the last line that it printed."""
    step = [str(peer_python()), str(ROOT / "benchmarks" / "peers" / script), *arguments]
    try:
        done = subprocess.run(step, capture_output=True, text=True, check=False, timeout=timeout, cwd=cwd)
    except subprocess.TimeoutExpired as error:
        raise NoPeer(f"{script} took longer than {timeout:.0f} s.") from error
    if done.returncode:
        raise NoPeer(f"{script} failed: {last_line(done.stderr)}")
    return last_line(done.stdout)
