"""The parameters of the GWNN-STGM: how long to train it, and where networks are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
)

from ...base import EvacuationAlgorithm
from . import names

if TYPE_CHECKING:
    from ....plugin.solvers.forecasting.wavelet_network.method import Wanted

INTEGER = QgsProcessingParameterNumber.Type.Integer


def add_network_parameters(algorithm: EvacuationAlgorithm) -> None:
    """Add a trained model, epochs and seed."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFile(names.MODEL, tr("Trained model"), extension="npz", optional=True),
        "For METHOD 4: a file that OUTPUT_MODEL has written for the same places and step. Nothing is trained then, and "
        "the neighbours are those of the file. Its back-test begins where the data ended that its network for the "
        "back-test has learned from. Empty: the network is trained on the counts.",
        advanced=True,
    )
    algorithm.add_number(
        names.EPOCHS, tr("Epochs"), 60,
        "For METHOD 4: how often the network goes over the data at most. It stops when the steps held out (one block "
        "in eight) have not been forecast better for 15 epochs.",
        least=1, most=10_000, kind=INTEGER, advanced=True,
    )  # fmt: skip
    algorithm.add_number(
        names.SEED, tr("Seed"), 1,
        "For METHOD 4: of the first weights and the order of learning. The same counts, version of PyTorch and seed "
        "give the same network.",
        kind=INTEGER, advanced=True,
    )  # fmt: skip


def add_model_output(algorithm: EvacuationAlgorithm) -> None:
    """Add the file of the trained networks."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFileDestination(
            names.OUTPUT_MODEL,
            tr("Trained model"),
            tr("NumPy archives (*.npz)"),
            optional=True,
            createByDefault=False,
        ),
        "For METHOD 4: the trained networks as arrays, to be given as MODEL later.",
        advanced=True,
    )


def read_network(
    algorithm: EvacuationAlgorithm,
    parameters: dict[str, Any],
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    method: str,
) -> Wanted:
    """Read how to come by the networks; a warning where they are asked for with another method."""
    from ....plugin.solvers.forecasting.wavelet_network.forecaster import NAME, Options
    from ....plugin.solvers.forecasting.wavelet_network.method import Wanted

    file = algorithm.parameterAsFile(parameters, names.MODEL, context)
    if method != NAME:
        for name in (names.MODEL, names.OUTPUT_MODEL):
            if parameters.get(name):
                feedback.pushWarning(f"{name}: left aside, since it belongs to the {NAME} (METHOD 4).")
    options = Options(
        epochs=algorithm.parameterAsInt(parameters, names.EPOCHS, context),
        seed=algorithm.parameterAsInt(parameters, names.SEED, context),
    )
    return Wanted(options, Path(file) if file else None)
