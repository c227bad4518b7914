"""Devices in the field: one physical unit each, and its serial passport."""
