"""A real qgis_process in a profile of its own, as a user without a desktop runs it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from environment import enable_plugin, qgis_environment, qgis_process, run_arguments


@dataclass(frozen=True)
class Finished:
    """What a run of qgis_process left: its exit code, its results (empty where it has none), and all it printed."""

    exit_code: int
    stdout: str
    stderr: str
    results: dict[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """Everything that was printed."""
        return f"{self.stdout}\n{self.stderr}"


class QgisProcess:
    """Calls qgis_process; an instance called with an algorithm's id and its parameters runs the algorithm.

    Parameters
    ----------
    profile : Path
        An empty folder for the profile.
    plugins : Path or None
        The folder that holds the plugin's folder; None when the plugin is installed in the profile.
    """

    def __init__(self, profile: Path, *, plugins: Path | None, timeout: float = 240.0) -> None:
        self.environment = qgis_environment(profile, plugins)
        self.timeout = timeout
        enable_plugin(self.environment)

    def command(self, *arguments: str) -> Finished:
        """Run qgis_process with these arguments."""
        return self._finish([str(qgis_process()), *arguments])

    def __call__(self, algorithm_id: str, **parameters: Any) -> Finished:
        """Run an algorithm; the results are those of its outputs."""
        return self._finish(run_arguments(algorithm_id, parameters))

    def _finish(self, command: list[str]) -> Finished:
        finished = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=self.timeout
        )
        return Finished(finished.returncode, finished.stdout, finished.stderr, results_of(finished.stdout))


def results_of(stdout: str) -> dict[str, Any]:
    """Return the results in what ``qgis_process --json run`` printed, which is JSON from end to end; {} for none."""
    try:
        return json.loads(stdout).get("results", {})
    except json.JSONDecodeError:
        return {}
