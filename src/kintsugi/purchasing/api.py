"""The HTTP API of purchasing."""

from ninja import Router

router = Router(tags=["purchasing"])
