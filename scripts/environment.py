"""Where things are in a checkout, and the environment in which qgis_process finds the plugin and its packages.

Used by the demo, the benchmarks and the headless tests. Plain Python: no QGIS is imported here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "evacuation_planner"
PLUGINS = ROOT / "build" / "plugins"


def link_package() -> Path:
    """Link the checkout as build/plugins/evacuation_planner where it is not yet; return the folder of the link."""
    link = PLUGINS / PACKAGE
    PLUGINS.mkdir(parents=True, exist_ok=True)
    if not (link.exists() and link.samefile(ROOT)):
        if link.is_symlink():
            link.unlink()
        link.symlink_to(Path("..") / "..", target_is_directory=True)
    return PLUGINS


def site_packages() -> list[str]:
    """Return the folders of the virtual environment's packages: the running one's, else that of $VENV or .venv."""
    if sys.prefix != sys.base_prefix:
        paths = [sysconfig.get_paths()[name] for name in ("purelib", "platlib")]
        return list(dict.fromkeys(paths))
    return [str(path) for path in sorted((ROOT / os.environ.get("VENV", ".venv")).glob("lib/python3*/site-packages"))]


def qgis_process() -> str | None:
    """Return the program to call, or None where QGIS is not installed.

    Debian wraps ``qgis_process`` in a shell script, which in QGIS 3.22 passes an option that the program rejects; the
    program itself ends in ``.bin`` there.
    """
    return shutil.which("qgis_process.bin") or shutil.which("qgis_process")


def qgis_environment(profile: Path, plugins: Path | None = PLUGINS) -> dict[str, str]:
    """Return the environment for a headless QGIS with a profile of its own.

    Parameters
    ----------
    profile : Path
        Folder for the profile and the runtime files; made where it is missing.
    plugins : Path or None
        The folder that holds the plugin's folder; None leaves the plugins to the profile.
    """
    runtime = profile / "runtime"
    runtime.mkdir(parents=True, exist_ok=True)
    runtime.chmod(0o700)
    outside = ("QGIS_OPTIONS_PATH", "QGIS_PLUGINPATH", "PYTHONHOME", "DISPLAY", "WAYLAND_DISPLAY")
    environment = {name: value for name, value in os.environ.items() if name not in outside}
    environment.update(
        QT_QPA_PLATFORM="offscreen",
        XDG_RUNTIME_DIR=str(runtime),
        QGIS_CUSTOM_CONFIG_PATH=str(profile),
        # qgis_process runs the system's Python, which does not know the virtual environment.
        PYTHONPATH=os.pathsep.join(site_packages()),
        PYTHONUNBUFFERED="1",
    )
    if plugins is not None:
        environment["QGIS_PLUGINPATH"] = str(plugins)
    return environment


def enable_plugin(environment: Mapping[str, str]) -> None:
    """Enable the plugin in the profile of ``environment``; one where it is enabled already is left as it is.

    Raises
    ------
    RuntimeError
        When QGIS is not installed or does not find the plugin.
    """
    program = qgis_process()
    if program is None:
        raise RuntimeError("qgis_process was not found: install QGIS (on Debian and Ubuntu: make setup)")
    finished = subprocess.run(
        [program, "plugins", "enable", PACKAGE], env=dict(environment), capture_output=True, text=True, check=False
    )
    if finished.returncode != 0 and "already enabled" not in finished.stdout + finished.stderr:
        raise RuntimeError(f"qgis_process could not enable {PACKAGE}:\n{finished.stdout}{finished.stderr}")


def run_arguments(algorithm: str, parameters: Mapping[str, object], json: bool = True) -> list[str]:
    """Return the command line that runs ``algorithm``; a list value is repeated, None is left out, True is 1.

    Examples
    --------
    >>> run_arguments("native:buffer", {"INPUT": "a.gpkg", "F": ["x", "y"], "DISSOLVE": True})[2:]
    ['run', 'native:buffer', '--INPUT=a.gpkg', '--F=x', '--F=y', '--DISSOLVE=1']
    """
    program = qgis_process()
    if program is None:
        raise RuntimeError("qgis_process was not found: install QGIS (on Debian and Ubuntu: make setup)")
    arguments = [program, *(["--json"] if json else []), "run", algorithm]
    for name, value in parameters.items():
        if value is None:
            continue
        values: Iterable[object] = value if isinstance(value, (list, tuple)) else [value]
        arguments += [f"--{name}={int(item) if isinstance(item, bool) else item}" for item in values]
    return arguments
