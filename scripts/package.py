"""Build the zip that QGIS installs with "Install from ZIP": build/evacuation_planner-<version>.zip.

The tracked files as they stand in the checkout, less those that .gitattributes marks ``export-ignore``. The same
files give the same zip, bit for bit.
"""

from __future__ import annotations

import argparse
import configparser
import re
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

from environment import PACKAGE, ROOT

REQUIRED = ("metadata.txt", "__init__.py", "LICENSE", "README.md", "requirements.txt")
# The plugin repository refuses compiled code.
BINARIES = {".so", ".dll", ".dylib", ".pyd", ".exe", ".o", ".a", ".pyc", ".pyo"}
LARGEST = 25 * 1024 * 1024
PLACEHOLDER = "OWNER"  # stands in metadata.txt for whoever will publish the plugin
DATE = (1980, 1, 1, 0, 0, 0)


class PackageError(Exception):
    """The package cannot be built; the text says why."""


def metadata() -> configparser.SectionProxy:
    """Return what metadata.txt states."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "metadata.txt", encoding="utf-8")
    return parser["general"]


def version() -> str:
    """Return the version that metadata.txt states."""
    return metadata()["version"]


def unfinished() -> list[str]:
    """Return the entries of metadata.txt that do not name a real place yet."""
    return [key for key, value in metadata().items() if PLACEHOLDER in re.split(r"\W+", value)]


def git(*arguments: str, text: str | None = None) -> str:
    """Return what git prints."""
    finished = subprocess.run(["git", *arguments], cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise PackageError(f"git {arguments[0]} failed; the package is built from a git checkout: {finished.stderr}")
    return finished.stdout


def shipped_files() -> list[str]:
    """Return the paths that belong into the package, in order."""
    tracked = [name for name in git("ls-files", "-z").split("\0") if name and (ROOT / name).is_file()]
    answer = git("check-attr", "-z", "--stdin", "export-ignore", text="\0".join(tracked)).split("\0")
    ignored = {path for path, value in zip(answer[0::3], answer[2::3]) if value == "set"}
    return sorted(name for name in tracked if name not in ignored)


def check(names: list[str]) -> None:
    """Raise :class:`PackageError` for what the plugin repository would refuse."""
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise PackageError(f"not tracked by git, but the package needs: {', '.join(missing)}")
    binaries = [name for name in names if PurePosixPath(name).suffix.lower() in BINARIES]
    if binaries:
        raise PackageError(f"compiled files may not be in the package: {', '.join(binaries)}")


def build(path: Path) -> list[str]:
    """Write the zip and return the names of its files, without the top folder."""
    names = shipped_files()
    check(names)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in names:
            entry = zipfile.ZipInfo(f"{PACKAGE}/{name}", DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (ROOT / name).read_bytes())
    if path.stat().st_size > LARGEST:
        raise PackageError(f"{path} has {path.stat().st_size} bytes; the plugin repository takes {LARGEST}")
    return names


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "build" / f"{PACKAGE}-{version()}.zip")
    output = parser.parse_args().output
    try:
        names = build(output)
    except PackageError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    if unfinished():
        print(
            f"package: warning: metadata.txt still says {PLACEHOLDER} in {', '.join(unfinished())}; change it to the "
            "account that publishes the plugin (CONTRIBUTING.md).",
            file=sys.stderr,
        )
    print(f"{output}: {len(names)} files, {output.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
