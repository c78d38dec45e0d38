"""Covey finds what belongs together in large unlabelled collections of embeddings.

The names below are loaded when they are first used, so that `import covey` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "AdaNETS": "covey.learned_estimators",
    "BAttention": "covey.learned_estimators",
    "LinkageGCN": "covey.learned_estimators",
    "cluster": "covey.clustering",
    "ClusterReport": "covey.cluster_report",
    "ClusterResult": "covey.clustering",
    "GraphClusterer": "covey.estimators",
    "build_knn_graph": "covey.knn",
    "evaluate": "covey.metrics.clustering",
    "load_model": "covey.hub",
    "read_embeddings": "covey.io.embeddings",
    "write_groups": "covey.io.groups",
    "write_model": "covey.io.model_folder",
    "write_report": "covey.io.report",
    "Clustering": "covey.types",
    "Constraints": "covey.types",
    "Edges": "covey.types",
    "KnnGraph": "covey.types",
    "CoveyError": "covey.types",
    "InputError": "covey.types",
    "MemoryLimitError": "covey.types",
    "MissingExtraError": "covey.types",
    "UsageError": "covey.types",
}

__all__ = [
    "AdaNETS",
    "BAttention",
    "ClusterReport",
    "ClusterResult",
    "Clustering",
    "Constraints",
    "CoveyError",
    "Edges",
    "GraphClusterer",
    "InputError",
    "KnnGraph",
    "LinkageGCN",
    "MemoryLimitError",
    "MissingExtraError",
    "UsageError",
    "__version__",
    "build_knn_graph",
    "cluster",
    "evaluate",
    "load_model",
    "read_embeddings",
    "write_groups",
    "write_model",
    "write_report",
]

if TYPE_CHECKING:
    from covey.cluster_report import ClusterReport
    from covey.clustering import ClusterResult, cluster
    from covey.estimators import GraphClusterer
    from covey.hub import load_model
    from covey.io.embeddings import read_embeddings
    from covey.io.groups import write_groups
    from covey.io.model_folder import write_model
    from covey.io.report import write_report
    from covey.knn import build_knn_graph
    from covey.learned_estimators import AdaNETS, BAttention, LinkageGCN
    from covey.metrics.clustering import evaluate
    from covey.types import (
        Clustering,
        Constraints,
        CoveyError,
        Edges,
        InputError,
        KnnGraph,
        MemoryLimitError,
        MissingExtraError,
        UsageError,
    )


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'covey' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
