"""What is wrong with a layer, in words for the user."""

from __future__ import annotations

from ..solvers.errors import SolverError


class LayerError(SolverError):
    """A layer cannot be used as given; the text names the parameter, the feature and the mend."""
