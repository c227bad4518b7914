"""State machines as data: one list of permitted steps, enforced in services and in the database."""

from dataclasses import dataclass

from kintsugi.core.errors import IllegalTransition
from kintsugi.engine.text import Text

MACHINES: dict[str, "StateMachine"] = {}


@dataclass(frozen=True)
class StateMachine:
    """The states of one kind of record and the steps between them.

    ``table`` and ``column`` name where the state is kept; after each migration the steps are
    written to ``core_transition`` and a trigger refuses every other step.
    """

    name: str
    table: str
    column: str
    states: dict[str, Text]
    steps: frozenset[tuple[str, str]]

    def __post_init__(self) -> None:
        for source, target in self.steps:
            assert source in self.states, f"{self.name}: unknown state {source}"
            assert target in self.states, f"{self.name}: unknown state {target}"
        MACHINES[self.name] = self

    def next(self, state: str) -> list[str]:
        """The states that may follow, in declared order."""
        return [target for target in self.states if (state, target) in self.steps]

    def check(self, source: str, target: str) -> None:
        """Raise IllegalTransition unless the step is listed; staying is no step."""
        if source != target and (source, target) not in self.steps:
            raise IllegalTransition(self.name, source, target, self.next(source))

    def step(self, source: str, target: str) -> None:
        """Raise IllegalTransition unless the step is listed. A decision that was taken is not taken
        again: who decided, and why, would be overwritten."""
        if source == target:
            raise IllegalTransition(self.name, source, target, self.next(source))
        self.check(source, target)

    def choices(self) -> list[tuple[str, str]]:
        """Django choices; the English name, translated by the screens through ``states``."""
        return [(state, text.en) for state, text in self.states.items()]
