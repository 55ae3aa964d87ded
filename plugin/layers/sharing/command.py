"""The Processing command of a run, as QGIS's history, "Copy as JSON" and ``qgis_process --json`` give it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qgis.core import QgsApplication, QgsProcessingAlgorithm, QgsProcessingParameterDefinition

from ..errors import LayerError
from ..passwords import tree_without_passwords

PROVIDER = "evacuation"
SEED, EFFORT, START_TIME = "SEED", "EFFORT", "START_TIME"
_OPTIONAL = QgsProcessingParameterDefinition.Flag.FlagOptional
_FORMS = (
    'Give JSON with "algorithm_id" and "parameters", as in QGIS\'s history, or what “qgis_process --json run” printed: '
    f'{{"algorithm_id": "{PROVIDER}:jointplan", "parameters": {{"SEED": 1}}}}.'
)


@dataclass(frozen=True)
class Command:
    """A run of an algorithm of this plugin, without passwords.

    Attributes
    ----------
    algorithm : str
        Its id, with the provider's.
    parameters : mapping
        As they were given.
    results : mapping
        What the run returned, empty where the command does not say.
    guessed : bool
        Whether the algorithm was found by its parameters alone.
    """

    algorithm: str
    parameters: Mapping[str, Any]
    results: Mapping[str, Any] = field(default_factory=dict)
    guessed: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the command as JSON."""
        out: dict[str, Any] = {"algorithm_id": self.algorithm, "parameters": dict(self.parameters)}
        return {**out, "results": dict(self.results)} if self.results else out

    def definition(self) -> QgsProcessingAlgorithm | None:
        """Return the algorithm, None where this installation does not have it."""
        return QgsApplication.processingRegistry().createAlgorithmById(self.algorithm)

    def value(self, name: str) -> Any:
        """Return the value that the parameter ``name`` had in the run: as given, or its default."""
        if name in self.parameters:
            return self.parameters[name]
        algorithm = self.definition()
        definition = None if algorithm is None else algorithm.parameterDefinition(name)
        return None if definition is None else definition.defaultValue()


def read_command(text: str, parameter: str = "COMMAND") -> Command:
    """Return the command that a JSON text holds. Nothing of it is executed.

    Raises
    ------
    LayerError
        When it is no JSON, not of the form of a command, or one of another provider.
    """
    tree = _json(text, parameter)
    identifier = tree.get("algorithm_id") or tree.get("id") or tree.get("algorithm") or tree.get("algorithm_details")
    if isinstance(identifier, dict):
        identifier = identifier.get("id")
    given = tree.get("parameters", tree.get("inputs", tree if not identifier else None))
    if isinstance(given, dict) and isinstance(given.get("inputs"), dict):
        given = given["inputs"]
    guessed = not identifier
    if guessed:
        identifier = _algorithm_with(given, parameter)
    if not isinstance(identifier, str):
        raise LayerError(f"{parameter}: “{identifier}” is no algorithm's id. {_FORMS}")
    if not isinstance(given, dict):
        raise LayerError(f"{parameter}: it does not say with which parameters “{identifier}” ran. {_FORMS}")
    results = tree.get("results")
    clean = tree_without_passwords([given, results if isinstance(results, dict) else {}])
    command = Command(identifier.strip(), *clean, guessed)
    _refuse_strangers(command, parameter)
    return command


def _algorithm_with(given: Any, parameter: str) -> str:
    """Return the id of the one algorithm that can have run with these parameters: what QGIS copies does not name it.

    Raises
    ------
    LayerError
        When there is none, or several.
    """
    provider = QgsApplication.processingRegistry().providerById(PROVIDER)
    possible = []
    for algorithm in provider.algorithms() if provider is not None and isinstance(given, dict) and given else ():
        definitions = algorithm.parameterDefinitions()
        needed = {
            one.name()
            for one in definitions
            if not (one.isDestination() or one.flags() & _OPTIONAL) and one.defaultValue() is None
        }
        if needed <= set(given) <= {one.name() for one in definitions}:
            possible.append(algorithm.id())
    if len(possible) == 1:
        return str(possible[0])
    which = f" By its parameters it could be {', '.join(possible)}." if possible else ""
    raise LayerError(f"{parameter}: it does not say which algorithm ran.{which} {_FORMS}")


def _json(text: str, parameter: str) -> dict[str, Any]:
    if text.lstrip().startswith("processing.run"):
        raise LayerError(f"{parameter}: this is the command in Python. {_FORMS}")
    try:
        tree = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise LayerError(f"{parameter}: this is no JSON ({error}). {_FORMS}") from error
    if not isinstance(tree, dict):
        raise LayerError(f"{parameter}: this JSON is no object. {_FORMS}")
    return tree


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no value of JSON")


def _refuse_strangers(command: Command, parameter: str) -> None:
    algorithm = command.algorithm
    if not algorithm.startswith(f"{PROVIDER}:"):
        raise LayerError(
            f"{parameter}: “{algorithm}” is no algorithm of this plugin, so its run is no scenario. The ids of ours "
            f"begin with “{PROVIDER}:”."
        )
    if command.definition() is None:
        raise LayerError(
            f"{parameter}: this version of the plugin has no algorithm “{algorithm}”. Is the id right, and is the run "
            f"of this version?"
        )


def told_command(command: Command) -> list[str]:
    """Return the sentences that say what was understood of a command."""
    algorithm = command.definition()
    if algorithm is None:
        return [f"COMMAND: a run of “{command.algorithm}”, which this version of the plugin does not have."]
    known = {definition.name() for definition in algorithm.parameterDefinitions()}
    facts = [f"{name} {command.value(name)}" for name in (SEED, EFFORT, START_TIME) if name in known]
    said = [
        f"COMMAND: a run of “{algorithm.displayName()}” ({command.algorithm}) with {len(command.parameters)} "
        f"parameter(s) given" + (f"; {', '.join(facts)}." if facts else ".")
    ]
    if command.guessed:
        said.append("COMMAND: it does not say which algorithm ran; by its parameters it can be this one only.")
    strange = sorted(set(command.parameters) - known)
    if strange:
        said.append(f"COMMAND: {', '.join(strange)} are no parameters of {command.algorithm}; kept as they are.")
    return said
