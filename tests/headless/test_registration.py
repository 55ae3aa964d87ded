"""qgis_process knows the plugin, lists its algorithms, explains them, and fails where it has to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import environment
from evacuation_planner.processing_provider.algorithms import ALGORITHMS
from evacuation_planner.processing_provider.identity import RESOURCES

IDS = [f"evacuation:{algorithm.ID}" for algorithm in ALGORITHMS]
# Of every subgroup one, since each call starts QGIS; tests/processing asks the same of all within one process.
SOME = [
    pytest.param(algorithm, id=algorithm.ID)
    for algorithm in {algorithm().groupId(): algorithm for algorithm in ALGORITHMS}.values()
]


def listed(text: str) -> dict[str, dict]:
    """Return the algorithms of our provider in what ``list --json`` printed."""
    providers = json.loads(text[text.index("{") :])["providers"]
    return providers.get("evacuation", {}).get("algorithms", {})


def test_the_plugin_is_enabled(qgis_process) -> None:
    finished = qgis_process.command("--json", "plugins")
    assert finished.exit_code == 0, finished.said
    plugins = json.loads(finished.stdout[finished.stdout.index("{") :])["plugins"]
    assert plugins["evacuation_planner"]["loaded"] is True


def test_every_algorithm_and_model_is_listed(qgis_process) -> None:
    finished = qgis_process.command("--json", "list")
    assert finished.exit_code == 0, finished.said
    found = listed(finished.stdout)
    models = sorted(RESOURCES.glob("models/*.model3"))
    assert set(IDS) <= set(found)
    assert len(found) == len(ALGORITHMS) + len(models), f"models in the folder: {models}; listed: {sorted(found)}"


@pytest.mark.parametrize("algorithm", SOME)
def test_help_names_every_parameter_and_output(qgis_process, algorithm) -> None:
    finished = qgis_process.command("--json", "help", f"evacuation:{algorithm.ID}")
    assert finished.exit_code == 0, finished.said
    described = json.loads(finished.stdout[finished.stdout.index("{") :])
    instance = algorithm()
    instance.initAlgorithm({})
    assert set(described["parameters"]) == {definition.name() for definition in instance.parameterDefinitions()}
    assert set(described["outputs"]) == {definition.name() for definition in instance.outputDefinitions()}
    assert described["algorithm_details"]["short_description"].strip()


@pytest.mark.parametrize("algorithm", SOME)
def test_a_call_without_inputs_fails(qgis_process, algorithm) -> None:
    finished = qgis_process(f"evacuation:{algorithm.ID}")
    assert finished.exit_code != 0, finished.said


def test_an_unknown_algorithm_fails(qgis_process) -> None:
    finished = qgis_process("evacuation:nosuchalgorithm")
    assert finished.exit_code != 0
    assert "nosuchalgorithm" in finished.said


def test_a_missing_layer_fails_and_writes_nothing(qgis_process, tmp_path: Path) -> None:
    output = tmp_path / "output.gpkg"
    finished = qgis_process(
        "evacuation:zonesatrisk", ZONES=str(tmp_path / "absent.gpkg"), HAZARD=str(tmp_path / "none.gpkg"), OUTPUT=output
    )
    assert finished.exit_code != 0, finished.said
    assert "ZONES" in finished.said
    assert not output.exists()


def test_packages_of_the_virtual_environment_are_seen(qgis_process) -> None:
    """qgis_process runs the system's Python; the packages come by PYTHONPATH."""
    paths = qgis_process.environment["PYTHONPATH"].split(":")
    assert any((Path(path) / "pulp").is_dir() for path in paths), paths
    assert environment.site_packages() == paths
