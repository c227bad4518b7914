"""A trace as a drawing: places from left to right in the order things reached them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from kintsugi.stock.kinds import LOCATION_KINDS
from kintsugi.stock.tracing.following import Place, Way

#: More places than this are drawn together, by warehouse or kind.
NODES_MAX = 50
WIDE, HIGH, GAP_X, GAP_Y, EDGE = 176, 44, 96, 18, 16
NAME_CHARS = 22


@dataclass(frozen=True)
class Node:
    """A box: a place or party, or several of a kind."""

    key: str
    name: str
    kind: str
    tone: str
    x: int
    y: int

    @property
    def short(self) -> str:
        """The name as far as it fits."""
        wide = sum(2 if ord(c) > 0x2E80 else 1 for c in self.name)
        if wide <= NAME_CHARS:
            return self.name
        taken, used = "", 0
        for character in self.name:
            used += 2 if ord(character) > 0x2E80 else 1
            if used > NAME_CHARS - 1:
                break
            taken += character
        return f"{taken}…"

    @property
    def text_x(self) -> int:
        """Where its words begin."""
        return self.x + 10

    @property
    def name_y(self) -> int:
        """The line of the name."""
        return self.y + 18

    @property
    def kind_y(self) -> int:
        """The line of the kind."""
        return self.y + 35


@dataclass(frozen=True)
class Line:
    """An arrow between two boxes, with the quantity that went."""

    path: str
    qty: str
    label_x: int
    label_y: int
    is_back: bool


@dataclass(frozen=True)
class Drawing:
    """What the page draws. ``is_merged``: places were put together to stay readable."""

    nodes: Sequence[Node]
    lines: Sequence[Line]
    width: int
    height: int
    is_merged: bool

    @property
    def box(self) -> tuple[int, int]:
        """Size of a box."""
        return WIDE, HIGH


TONES = {
    "supplier": "in", "opening": "in", "customer": "out", "consignment": "out", "scrap": "bad",
    "loss": "bad",
}  # fmt: skip


def drawing(ways: Sequence[Way], language: str) -> Drawing:
    """Boxes and arrows of a trace."""
    places = {end.id: end for way in ways for end in (way.source, way.target)}
    names = _names(places, language)
    merged = len(set(names.values())) < len(places)
    flows: dict[tuple[str, str], Decimal] = {}
    order: dict[tuple[str, str], int] = {}
    about: dict[str, tuple[str, str]] = {}
    for way in ways:
        ends = []
        for end in (way.source, way.target):
            key, name = names[end.id]
            about[key] = (name, end.kind)
            ends.append(key)
        pair = (ends[0], ends[1])
        if ends[0] != ends[1]:
            flows[pair] = flows.get(pair, Decimal(0)) + way.qty
            order[pair] = min(order.get(pair, way.first_seq), way.first_seq)
    layers = _layers(sorted(flows, key=lambda pair: order[pair]))
    nodes = _placed(layers, about, language)
    lines = [_line(nodes[a], nodes[b], qty) for (a, b), qty in flows.items()]
    width = max((node.x + WIDE for node in nodes.values()), default=0) + EDGE
    bottom = max((node.y + HIGH for node in nodes.values()), default=0)
    back = any(line.is_back for line in lines)
    height = bottom + EDGE + (40 if back else 0)
    return Drawing(list(nodes.values()), lines, width, height, merged)


def _names(places: dict[UUID, Place], language: str) -> dict[UUID, tuple[str, str]]:
    """Key and name of the box of each place; put together by warehouse and kind where there are
    too many, and by kind alone where there are still too many."""
    single = {pk: (str(pk), one.name(language)) for pk, one in places.items()}
    if len(places) <= NODES_MAX:
        return single
    by_house = {
        pk: (f"{one.kind}:{one.warehouse}", one.kind, one.warehouse) for pk, one in places.items()
    }
    if len({key for key, _, _ in by_house.values()}) > NODES_MAX:
        by_house = {pk: (one.kind, one.kind, "") for pk, one in places.items()}
    sizes: dict[str, int] = {}
    for key, _, _ in by_house.values():
        sizes[key] = sizes.get(key, 0) + 1
    return {
        pk: (key, _several(kind, house, sizes[key], language) if sizes[key] > 1 else single[pk][1])
        for pk, (key, kind, house) in by_house.items()
    }


def _several(kind: str, house: str, count: int, language: str) -> str:
    known = LOCATION_KINDS.get(kind)
    words = known.get(language) if known else ""
    return f"{house} {words} × {count}".strip()


def _layers(pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """How many steps each box lies from where things began, in the order of the moves."""
    layers: dict[str, int] = {}
    for source, target in pairs:
        layers.setdefault(source, 0)
        layers.setdefault(target, layers[source] + 1)
    return layers


def _placed(
    layers: dict[str, int], about: dict[str, tuple[str, str]], language: str
) -> dict[str, Node]:
    rows: dict[int, int] = {}
    nodes = {}
    for key, layer in layers.items():
        row = rows.get(layer, 0)
        rows[layer] = row + 1
        name, kind = about[key]
        known = LOCATION_KINDS.get(kind)
        nodes[key] = Node(
            key, name, known.get(language) if known else "", TONES.get(kind, ""),
            EDGE + layer * (WIDE + GAP_X), EDGE + row * (HIGH + GAP_Y),
        )  # fmt: skip
    return nodes


def _line(source: Node, target: Node, qty: Decimal) -> Line:
    text = f"{qty.normalize():f}"
    half = HIGH // 2
    if target.x > source.x:
        x1, y1, x2, y2 = source.x + WIDE, source.y + half, target.x, target.y + half
        bend = (x2 - x1) // 2
        path = f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
        return Line(path, text, x2 - 30, y2 - 6, is_back=False)
    # Back or within a column: below the boxes, so that it crosses none of its own row.
    x1, y1, x2, y2 = source.x + WIDE // 2, source.y + HIGH, target.x + WIDE // 2, target.y + HIGH
    low = max(y1, y2) + 34
    path = f"M{x1} {y1} C{x1} {low} {x2} {low} {x2} {y2}"
    return Line(path, text, (x1 + x2) // 2, max(y1, y2) + 24, is_back=True)
