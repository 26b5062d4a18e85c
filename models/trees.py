"""Takes the trees out of a fitted scikit-learn model."""

from typing import Any

import numpy as np

from somnia_engine.dsp.trees import Trees


def trees_of(model: Any) -> Trees:
    """Return the trees of a fitted binary HistGradientBoostingClassifier or of a regressor."""
    roots, parts, at = [], [], 0
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        assert not nodes["is_categorical"].any(), "categorical features cannot be exported"
        roots.append(at)
        parts.append((nodes, at))
        at += len(nodes)
    leaf = np.concatenate([nodes["is_leaf"].astype(bool) for nodes, _ in parts])
    column = np.concatenate([nodes["feature_idx"].astype(np.int16) for nodes, _ in parts])
    return Trees(
        roots=np.array(roots, dtype=np.int32),
        column=np.where(leaf, -1, column).astype(np.int16),
        threshold=np.concatenate([nodes["num_threshold"] for nodes, _ in parts]).astype(np.float64),
        missing_left=np.concatenate([nodes["missing_go_to_left"].astype(bool) for nodes, _ in parts]),
        left=np.concatenate([nodes["left"].astype(np.int32) + first for nodes, first in parts]).astype(np.int32),
        right=np.concatenate([nodes["right"].astype(np.int32) + first for nodes, first in parts]).astype(np.int32),
        value=np.concatenate([nodes["value"] for nodes, _ in parts]).astype(np.float64),
        baseline=float(np.ravel(model._baseline_prediction)[0]),
    )
