"""Link the checkout into the user's QGIS profiles, so that the desktop runs the code as it is being written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from environment import PACKAGE, ROOT, site_packages


def profile_homes() -> list[Path]:
    """Return the folders that hold QGIS's user profiles on this platform, QGIS 3 and 4, whether there or not."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA", home / "AppData" / "Roaming"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME", home / ".local" / "share"))
    return [base / "QGIS" / version / "profiles" for version in ("QGIS3", "QGIS4")]


def profiles() -> list[Path]:
    """Return the profiles that exist; the default profile of QGIS 3 where there is none yet."""
    homes = profile_homes()
    found = [profile for home in homes if home.is_dir() for profile in sorted(home.iterdir()) if profile.is_dir()]
    return found or [homes[0] / "default"]


def link(profile: Path) -> tuple[bool, str]:
    """Link the checkout into one profile; return whether it is linked now, and a sentence about it."""
    target = profile / "python" / "plugins" / PACKAGE
    if target.exists() and target.samefile(ROOT):
        return True, f"already linked: {target}"
    if target.exists() and not target.is_symlink():
        return False, f"{target} is there and is no link (an installed copy?): remove it, then run make link again"
    if target.is_symlink():
        target.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(ROOT, target_is_directory=True)
    except OSError as error:
        return False, f"{target} could not be made ({error}); on Windows, links need the developer mode"
    return True, f"linked: {target} -> {ROOT}"


def main() -> int:
    results = [link(profile) for profile in profiles()]
    for _, sentence in results:
        print(sentence)
    if all(linked for linked, _ in results):
        print("Enable “Evacuation Planner” in QGIS: Plugins, Manage and Install Plugins, Installed.")
        packages = site_packages()
        if packages:
            print(f"To give QGIS the packages of the virtual environment: PYTHONPATH={os.pathsep.join(packages)} qgis")
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
