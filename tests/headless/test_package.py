"""The zip of ``make package`` installs into an empty profile."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

import environment
from evacuation_planner.processing_provider.algorithms import ALGORITHMS
from tests.headless.qgis_process import QgisProcess
from tests.headless.test_registration import listed

FORBIDDEN = {"tests", "benchmarks", "scripts", "tools", ".ci", "build", ".venv", "__pycache__", "Makefile"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "package.zip"
    finished = subprocess.run(
        [sys.executable, str(environment.ROOT / "scripts" / "package.py"), "--output", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return path


def test_the_zip_holds_the_plugin_and_nothing_else(package: Path) -> None:
    names = [PurePosixPath(name) for name in zipfile.ZipFile(package).namelist()]
    assert {name.parts[0] for name in names} == {"evacuation_planner"}
    inside = {name.relative_to("evacuation_planner") for name in names}
    for needed in ("metadata.txt", "LICENSE", "README.md", "__init__.py", "requirements.txt"):
        assert PurePosixPath(needed) in inside
    assert not [name for name in inside if FORBIDDEN & set(name.parts)]
    assert not [name for name in inside if name.suffix in {".pyc", ".so", ".dll", ".pyd", ".exe"}]


def test_the_same_files_give_the_same_zip(package: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    subprocess.run(
        [sys.executable, str(environment.ROOT / "scripts" / "package.py"), "--output", str(again)],
        capture_output=True,
        check=True,
    )
    assert again.read_bytes() == package.read_bytes()


def test_the_zip_installs_into_an_empty_profile(package: Path, tmp_path: Path) -> None:
    if environment.qgis_process() is None:
        pytest.skip("qgis_process is not installed")
    profile = tmp_path / "profile"
    zipfile.ZipFile(package).extractall(profile / "profiles" / "default" / "python" / "plugins")
    installed = QgisProcess(profile, plugins=None)
    finished = installed.command("--json", "list")
    assert finished.exit_code == 0, finished.said
    assert {f"evacuation:{algorithm.ID}" for algorithm in ALGORITHMS} <= set(listed(finished.stdout))


def test_packing_warns_while_nobody_owns_the_addresses(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, str(environment.ROOT / "scripts" / "package.py"), "--output", str(tmp_path / "package.zip")],
        capture_output=True,
        text=True,
        check=True,
    )
    metadata = (environment.ROOT / "metadata.txt").read_text(encoding="utf-8")
    assert ("warning" in finished.stderr) == ("/OWNER/" in metadata)
