"""Sources in PostgreSQL: in a fixed order, with the numbers that their rows have there, and read to the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.core import (
    QgsDataProvider,
    QgsDataSourceUri,
    QgsFeatureRequest,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProviderRegistry,
    QgsVectorLayer,
)

from .database import PROVIDER, DatabaseError, place_of
from .destinations import input_layer


@dataclass(frozen=True)
class DatabaseRows:
    """What is known of a source in PostgreSQL besides its features.

    Attributes
    ----------
    layer : QgsVectorLayer
    parameter : str
    key : str
        The field that alone is the key and holds whole numbers, "" for none: rows are read in its order.
    number_field : int
        Its position where it is of 64 bits, else -1. QGIS numbers such rows anew, in the order in which it meets them.
    selected : bool
    most : int or None
        As the user limited the source.
    filtered : bool
        Whether an expression does, so that the number of rows is not known.
    """

    layer: QgsVectorLayer
    parameter: str
    key: str
    number_field: int
    selected: bool = False
    most: int | None = None
    filtered: bool = False

    def arrange(self, request: QgsFeatureRequest) -> None:
        """Ask for the rows in the order of the key (a server gives them as they lie), and for the key itself."""
        if self.key:
            clause = QgsFeatureRequest.OrderByClause(f'"{self.key}"', True)
            request.setOrderBy(QgsFeatureRequest.OrderBy([clause]))
        only = QgsFeatureRequest.Flag.SubsetOfAttributes
        if self.number_field >= 0 and request.flags() & only:
            request.setSubsetOfAttributes(sorted({*request.subsetOfAttributes(), self.number_field}))

    def refuse_incomplete(self, count: int) -> None:
        """Compare the rows that came with those there are.

        Raises
        ------
        DatabaseError
            The server is gone, or has more or fewer: a broken connection looks to QGIS like the end of the table.
        """
        there = self._rows_there()
        about = f"{self.parameter}: “{self.layer.name()}”"
        if there is None:
            place = place_of(QgsDataSourceUri(self.layer.source()))
            raise DatabaseError(f"{about}: {place} went away while it was read. Try again when it answers.")
        if not self.filtered and there != count:
            raise DatabaseError(
                f"{about}: {count} of {there} rows came: the connection broke, or the table was changed while it was "
                f"read. Run it again."
            )

    def _rows_there(self) -> int | None:
        """Return how many rows the server has for the source now, None where it does not answer."""
        if self.selected:
            return int(self.layer.selectedFeatureCount())
        uri = QgsDataSourceUri(self.layer.source())
        uri.setUseEstimatedMetadata(False)
        uri.setParam("checkPrimaryKeyUnicity", "0")
        provider = QgsProviderRegistry.instance().createProvider(
            PROVIDER, uri.uri(False), QgsDataProvider.ProviderOptions()
        )
        if provider is None or not provider.isValid() or provider.featureCount() < 0:
            return None
        count = int(provider.featureCount())
        if self.layer.editBuffer() is not None:
            edits = self.layer.editBuffer()
            count += len(edits.addedFeatures()) - len(edits.deletedFeatureIds())
        return count if self.most is None else min(count, self.most)


def database_rows(value: Any, parameter: str, context: QgsProcessingContext) -> DatabaseRows | None:
    """Return what is known of an input's source in PostgreSQL; None where it is not there."""
    layer = input_layer(value, context)
    if not isinstance(layer, QgsVectorLayer) or layer.providerType() != PROVIDER:
        return None
    keys = layer.primaryKeyAttributes()
    key, number = "", -1
    if len(keys) == 1:
        field = layer.fields().at(keys[0])
        if field.typeName() in ("int2", "int4", "int8"):
            key, number = field.name(), keys[0] if field.typeName() == "int8" else -1
    if not isinstance(value, QgsProcessingFeatureSourceDefinition):
        return DatabaseRows(layer, parameter, key, number)
    return DatabaseRows(
        layer,
        parameter,
        key,
        number,
        value.selectedFeaturesOnly,
        value.featureLimit if value.featureLimit > 0 else None,
        bool(getattr(value, "filterExpression", "")),
    )
