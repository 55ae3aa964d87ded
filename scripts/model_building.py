"""What the scripts that make graphical models share: children, links, inputs, and writing the file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterField,
)
from qgis.PyQt.QtCore import QPointF, QSizeF

# A definition with its help set, and which children take it: {child: parameter it feeds}.
Input = tuple[QgsProcessingParameterDefinition, dict[str, str]]
Children = dict[str, QgsProcessingModelChildAlgorithm]


def make_children(outputs: dict[str, dict[str, tuple[str, str]]], apart: float = 260.0) -> Children:
    """Return the steps of a model; ``outputs`` holds, by step, {its output: (name in the model, title)}."""
    registry = QgsApplication.processingRegistry()
    children: Children = {}
    for row, (step, handed) in enumerate(outputs.items()):
        child = QgsProcessingModelChildAlgorithm(f"evacuation:{step}")
        child.setChildId(step)
        child.setDescription(registry.algorithmById(f"evacuation:{step}").displayName())
        child.setPosition(QPointF(300 + apart * row, 420 + 60 * row))
        made = {}
        for place, (name, (alias, title)) in enumerate(handed.items()):
            output = QgsProcessingModelOutput(alias, title)
            output.setChildId(step)
            output.setChildOutputName(name)
            output.setPosition(QPointF(420 + apart * row, 560 + 60 * row + 55 * place))
            output.setSize(QSizeF(200, 30))
            made[alias] = output
        child.setModelOutputs(made)
        children[step] = child
    return children


def passed_inputs(steps: Sequence[str], names: Sequence[str]) -> list[Input]:
    """Return the parameters ``names`` as inputs that feed every step that has one of that name.

    They are declared as the last of these steps has them; fields of NETWORK become those of the input ROADS. A name
    that no step has is left out.
    """
    registry = QgsApplication.processingRegistry()
    algorithms = {step: registry.algorithmById(f"evacuation:{step}") for step in steps}
    made = []
    for name in names:
        feeds = {step: name for step, one in algorithms.items() if one.parameterDefinition(name) is not None}
        if not feeds:
            continue
        definition = algorithms[list(feeds)[-1]].parameterDefinition(name).clone()
        if isinstance(definition, QgsProcessingParameterField) and definition.parentLayerParameterName() == "NETWORK":
            definition.setParentLayerParameterName("ROADS")
        made.append((definition, feeds))
    return made


def link(children: Children, to: str, parameter: str, of: str, output: str) -> None:
    """Feed an output of one child into a parameter of a later one.

    Where it is a result of the model too, it cannot be skipped any more: QGIS would hand the later step nothing.
    """
    value = QgsProcessingModelChildParameterSource.fromChildOutput(of, output)
    children[to].addParameterSources(parameter, [value])
    made = children[of].modelOutputs()
    for result in made.values():
        result.setMandatory(result.isMandatory() or result.childOutputName() == output)
    children[of].setModelOutputs(made)


def assemble(
    title: str, group: str, description: str, inputs: Sequence[Input], children: Children
) -> QgsProcessingModelAlgorithm:
    """Return the model of linked children and the inputs that feed them, in the order given.

    The provider calls the model by the name of its file; ``title`` is what people read.
    """
    model = QgsProcessingModelAlgorithm(title, group)
    helps = {"ALG_DESC": description, "ALG_CREATOR": "Evacuation Planner"}
    for place, (definition, feeds) in enumerate(inputs):
        helps[definition.name()] = definition.help() or definition.description()
        component = QgsProcessingModelParameter(definition.name())
        component.setPosition(QPointF(140 + 230 * (place % 5), 60 + 70 * (place // 5)))
        model.addModelParameter(definition, component)
        for child, parameter in feeds.items():
            value = QgsProcessingModelChildParameterSource.fromModelParameter(definition.name())
            children[child].addParameterSources(parameter, [value])
    for child in children.values():
        _fill(child)
        model.addChildAlgorithm(child)
    model.setParameterOrder([definition.name() for definition, _ in inputs])
    model.setHelpContent(helps)
    return model


def _fill(child: QgsProcessingModelChildAlgorithm) -> None:
    """Give every parameter that may not be empty and that nothing feeds its default, without which the model designer
    calls the model invalid."""
    sources = child.parameterSources()
    for definition in child.algorithm().parameterDefinitions():
        mandatory = not definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional
        if mandatory and not definition.isDestination() and not sources.get(definition.name()):
            value = QgsProcessingModelChildParameterSource.fromStaticValue(definition.defaultValue())
            child.addParameterSources(definition.name(), [value])


def write_models(made: Mapping[Path, Callable[[], QgsProcessingModelAlgorithm]]) -> int:
    """Start QGIS with the provider, make each model and write it to its file; return the exit status."""
    application = QgsApplication([], False)
    application.initQgis()
    from evacuation_planner.plugin.evacuation_plugin import EvacuationPlugin

    plugin = EvacuationPlugin(None)
    plugin.initProcessing()
    for target, make in made.items():
        model = make()
        target.parent.mkdir(parents=True, exist_ok=True)
        if not model.toFile(str(target)):
            print(f"{target} could not be written", file=sys.stderr)
            return 1
        print(f"{target.name}: {len(model.parameterDefinitions())} parameters")
    return 0
