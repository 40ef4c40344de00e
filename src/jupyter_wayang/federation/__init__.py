"""Federated learning as pure code: strategies, rounds, aggregates and metrics, without any input or output."""
