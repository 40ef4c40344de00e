"""What scikit-learn costs, in seconds: written by ``benchmarks/fit_costs.py`` on 2026-11-24, x86_64 with 2 cores and 24 GiB of memory."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import Coefficient, CostTable

__all__ = ["COSTS"]

COSTS = CostTable(
    start_up_s=0.72,
    operators={
        "local_update": Coefficient(fixed_s=0.0013, row_s=1.8e-07, out_row_s=0.00048, spread=1.4),
        "score": Coefficient(fixed_s=5.9e-05, row_s=3.2e-08, spread=1.5),
        "fit_linear_regression": Coefficient(fixed_s=0.0015, row_s=4e-08, spread=2.0),
        "fit_kmeans": Coefficient(fixed_s=0.03, row_s=1e-06, spread=3.0),
        "fit_naive_bayes": Coefficient(fixed_s=0.001, row_s=1e-07, spread=2.0),
        "fit_pca": Coefficient(fixed_s=0.001, row_s=1e-07, spread=2.0),
        "fit_decision_tree": Coefficient(fixed_s=0.001, row_s=5e-06, spread=3.0),
        "fit_random_forest": Coefficient(fixed_s=0.1, row_s=3e-04, spread=4.0),
        "fit_gradient_boosting": Coefficient(fixed_s=0.05, row_s=1e-04, spread=4.0),
        "fit_mlp": Coefficient(fixed_s=0.1, row_s=3e-04, spread=4.0),
        "minibatch_update": Coefficient(fixed_s=0.002, row_s=2.5e-05, spread=4.0),
        "infer": Coefficient(fixed_s=0.0006, row_s=2e-06, spread=4.0),
        "measure": Coefficient(fixed_s=0.001, row_s=2e-06, spread=4.0),
    },
)
