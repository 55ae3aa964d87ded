"""A trained network as a file: an .npz archive of plain arrays, from which nothing is executed.

The archive holds a line of JSON that says what the arrays are, the frame and the neighbours, and for each network (the
one that forecasts, and the one of the back-test) its weights by name.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from ...errors import SolverError
from ..seasons import Profile
from ..series import DAY, WEEK, Series
from .forecaster import NAME, WaveletNetwork
from .inputs import CHANNELS, OUT, Frame

FORMAT, ABOUT = 1, "about"
ENDING = ".npz"
MOST_BYTES = 400_000_000  # unpacked
FORECAST, BACKTEST = "forecast", "backtest"
FRAME = ("profile", "mean", "scale", "near_data", "near_indices", "near_indptr")
MAY_MISS = ("profile", "mean")
BROKEN = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError, IndexError)


@dataclass(frozen=True)
class Model:
    """What a file holds.

    Attributes
    ----------
    forecast : WaveletNetwork
        Trained on all data that there were.
    backtest : WaveletNetwork or None
        Trained on the first part of them; None where they were too short for a back-test.
    """

    forecast: WaveletNetwork
    backtest: WaveletNetwork | None


def save(model: Model, path: Path) -> None:
    """Write a model; the file is there under its name only when it is complete.

    Raises
    ------
    OSError
    """
    networks = {FORECAST: model.forecast, BACKTEST: model.backtest}
    arrays: dict[str, np.ndarray] = {}
    about: dict[str, Any] = {
        "format": FORMAT, "method": NAME, "places": model.forecast.places, "step": model.forecast.frame.step,
        "steps": OUT, "channels": list(CHANNELS), "networks": {},
    }  # fmt: skip
    for key, network in networks.items():
        if network is not None:
            about["networks"][key] = {"until": network.until, "season": network.frame.profile.season}
            arrays.update({f"{key}/{name}": value for name, value in _arrays_of(network).items()})
    arrays[ABOUT] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, **arrays)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load(path: Path, series: Series) -> Model:
    """Read a model for a series.

    Raises
    ------
    SolverError
        A file that is none of ours, cut short, of another shape, of other places or another step.
    """
    where = f"MODEL: “{path}”"
    again = "Choose a file that OUTPUT_MODEL has written for these counts, or leave MODEL empty to train a network."
    try:
        about, arrays = _read(path)
    except BROKEN as error:
        raise SolverError(f"{where} is no complete model file ({error}). {again}") from error
    wrong = _unfit(about, series)
    if wrong:
        raise SolverError(f"{where} {wrong}. {again}")
    try:
        networks = {key: _network_of(key, value, about, arrays) for key, value in about["networks"].items()}
        return Model(networks[FORECAST], networks.get(BACKTEST))
    except BROKEN as error:
        raise SolverError(f"{where} holds arrays of another shape ({error}). {again}") from error


def _arrays_of(network: WaveletNetwork) -> dict[str, np.ndarray]:
    frame, near = network.frame, network.adjacency
    values = (frame.profile.mean, frame.mean, frame.scale, near.data, near.indices, near.indptr)
    return {**dict(zip(FRAME, values)), **{f"weight/{name}": value for name, value in network.weights.items()}}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return what the file says about itself and its arrays."""
    with zipfile.ZipFile(path) as archive:
        total = sum(item.file_size for item in archive.infolist())
        if total > MOST_BYTES:
            raise ValueError(f"{total:,} bytes unpacked are more than {MOST_BYTES:,}")
        for item in archive.infolist():
            with archive.open(item) as member:
                _check_header(member, item.file_size)
    with np.load(path, allow_pickle=False) as opened:
        arrays = {name: opened[name] for name in opened.files}
    about = json.loads(arrays.pop(ABOUT).tobytes().decode())
    if not isinstance(about, dict) or not isinstance(about["networks"], dict):
        raise ValueError("it does not say what it is")
    return about, arrays


def _check_header(member: Any, size: int) -> None:
    """Refuse an array that claims to be larger than its file, before room is made for it."""
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read(member)
    if kind.hasobject or int(np.prod(shape, dtype=object)) * kind.itemsize > size:
        raise ValueError("an array is not what it claims to be")


def _unfit(about: dict[str, Any], series: Series) -> str:
    """Return why a model does not fit a series, "" where it does."""
    if (about.get("format"), about.get("method")) != (FORMAT, NAME):
        return "is a model of another program or version"
    if about.get("steps") != OUT or about.get("channels") != list(CHANNELS):
        return f"forecasts {about.get('steps')} steps from other inputs than this version, which forecasts {OUT}"
    if about.get("step") != series.step:
        return f"is for steps of {about.get('step')} s; those of COUNTS are {series.step} s"
    theirs = about.get("places")
    if not isinstance(theirs, list) or sorted(map(str, theirs)) != sorted(series.places):
        given = set(map(str, theirs)) if isinstance(theirs, list) else set()
        missing, more = sorted(set(series.places) - given)[:3], sorted(given - set(series.places))[:3]
        return (
            f"is for other places; not in the file: {', '.join(missing) or 'none'}; "
            f"not in COUNTS: {', '.join(more) or 'none'}"
        )
    if theirs != series.places:
        return "has the places in another order than COUNTS"
    return ""


def _network_of(key: str, told: dict[str, Any], about: dict[str, Any], arrays: dict[str, np.ndarray]) -> WaveletNetwork:
    """Return one of the networks, its arrays checked.

    Raises
    ------
    ValueError, KeyError, TypeError
    """
    given = {name: _finite(arrays[f"{key}/{name}"], name) for name in FRAME}
    places, season, step = len(about["places"]), told["season"], int(about["step"])
    if season not in (0, DAY, WEEK) or not math.isfinite(told["until"]):
        raise ValueError("its season or its last moment is none")
    for name, shape in (("profile", (max(1, season // step), places)), ("mean", (places,)), ("scale", (places,))):
        if given[name].shape != shape:
            raise ValueError(f"{name} has the shape {given[name].shape}, expected {shape}")
    near = csr_matrix((given["near_data"], given["near_indices"], given["near_indptr"]), shape=(places, places))
    near.check_format(full_check=True)
    if (near.data < 0).any() or (given["scale"] <= 0).any():
        raise ValueError("a spread or a weight between neighbours is below 0")
    frame = Frame(Profile(season, given["profile"]), given["mean"], given["scale"], step)
    head = f"{key}/weight/"
    weights = {name[len(head) :]: _finite(value, name) for name, value in arrays.items() if name.startswith(head)}
    _check_weights(weights, places)
    return WaveletNetwork(list(about["places"]), frame, near, weights, float(told["until"]))


def _finite(values: np.ndarray, name: str) -> np.ndarray:
    """Return numbers as they are; the mean and the profile of a place that was never seen may be missing."""
    missing = name not in MAY_MISS and values.dtype.kind == "f" and np.isnan(values).any()
    if values.dtype.kind not in "iuf" or np.isinf(values).any() or missing:
        raise ValueError(f"{name} is not made of finite numbers")
    return values


def _check_weights(weights: dict[str, np.ndarray], places: int) -> None:
    """Raise ValueError unless the weights are those of a network of so many places."""
    from .network import shapes

    wanted = shapes(places)
    if weights.keys() != wanted.keys():
        raise ValueError("its weights have other names")
    for name, value in weights.items():
        if value.shape != wanted[name] or value.dtype != np.float32:
            raise ValueError(f"{name} has the shape {value.shape}, expected {wanted[name]}")
