"""Trace: where is it, where was it, who had it; and the drill of a recall."""
