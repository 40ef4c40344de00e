"""What ``make demo`` runs: four hospitals, four platforms, one model; and what that model is compared with."""
