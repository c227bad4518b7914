"""Search and home: projects by code and name, milestones that are late, risks that were raised."""


def register() -> None:
    """Add them."""
