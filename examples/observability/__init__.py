"""Metrics of an application over shardkit, for Prometheus to read."""
