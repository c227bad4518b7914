"""Records that are one thing: links joined, what a person forbade cut, ids that last."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from kintsugi.engine.matching.model import Conflict, Decision
from kintsugi.engine.reconcile.pairs import Candidates, cheapest

Ints = npt.NDArray[np.int64]
#: A must-link is surer than any model.
MUST = 1e9


def decided(links: pl.DataFrame, decisions: Sequence[Decision]) -> pl.DataFrame:
    """The links with a person's word in place of the model's: must is a link, cannot is none."""
    if not decisions:
        return links
    said = pl.DataFrame(
        [(min(d.left, d.right), max(d.left, d.right), d.link) for d in decisions],
        schema={"left": pl.Int64, "right": pl.Int64, "said": pl.String},
        orient="row",
    ).unique(["left", "right"], keep="last", maintain_order=True)
    must = said.filter(pl.col("said") == "must").select(
        "left", "right", pl.lit(1.0).alias("probability"), pl.lit(MUST).alias("weight"),
        pl.lit("must").alias("by"),
    )  # fmt: skip
    rest = links.join(said, on=["left", "right"], how="anti", maintain_order="left")
    return pl.concat([rest, must]).sort("left", "right")


def one_to_one(links: pl.DataFrame) -> pl.DataFrame:
    """Of all links the choice in which each record has one at most, the likeliest in all."""
    if links.is_empty():
        return links
    odds = links["probability"].clip(1e-9, 1.0).to_numpy()
    found = Candidates(links["left"].to_numpy(), links["right"].to_numpy(), -np.log(odds), None)
    _left, _right, chosen = cheapest(found)
    kept: pl.DataFrame = links[chosen.tolist()]
    return kept


def join(
    rows: int, links: pl.DataFrame, decisions: Sequence[Decision], sure: float
) -> tuple[Ints, list[Conflict]]:
    """A label for each row: the same for records joined by links from ``sure`` on. Two records that
    cannot be one end in different clusters: the weakest links between them are cut."""
    strong = links.filter(pl.col("probability") >= sure)
    left, right = strong["left"].to_numpy(), strong["right"].to_numpy()
    weight = strong["weight"].to_numpy().astype(np.float64)
    kept = np.ones(len(left), dtype=np.bool_)
    labels = _components(rows, left, right)
    conflicts = []
    for one in sorted(decisions, key=lambda d: (d.left, d.right)):
        if one.link != "cannot":
            continue
        cut: list[tuple[int, int]] = []
        while labels[one.left] == labels[one.right]:
            inside = np.flatnonzero(kept & (labels[left] == labels[one.left]))
            weakest = _bottleneck(inside, left, right, weight, one.left, one.right)
            kept[weakest] = False
            cut.append((int(left[weakest]), int(right[weakest])))
            labels = _components(rows, left[kept], right[kept])
        if cut:
            conflicts.append(Conflict(one.left, one.right, tuple(cut)))
    return labels, conflicts


def _components(rows: int, left: Ints, right: Ints) -> Ints:
    edges = csr_matrix((np.ones(len(left)), (left, right)), shape=(rows, rows))
    return np.asarray(connected_components(edges, directed=False)[1], dtype=np.int64)


def _bottleneck(
    inside: Ints,
    left: Ints,
    right: Ints,
    weight: npt.NDArray[np.float64],
    a: int,
    b: int,
) -> int:
    """The strongest-first link that joins the two: the weakest on the best path between them."""
    parent: dict[int, int] = {}

    def top(x: int) -> int:
        parent.setdefault(x, x)
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for at in inside[np.argsort(-weight[inside], kind="stable")].tolist():
        parent[top(int(left[at]))] = top(int(right[at]))
        if top(a) == top(b):
            return int(at)
    raise AssertionError("the two were in one component")


def cluster_ids(labels: Ints, keys: Sequence[str], known: Sequence[str | None]) -> list[str]:
    """An id for each row. A cluster with records that have an id already keeps it: of several that
    of most records, then the least; another cluster never takes it. A new one is named after its
    least key, whatever the order of the rows."""
    members: dict[int, list[int]] = {}
    for row, label in enumerate(labels.tolist()):
        members.setdefault(label, []).append(row)
    claims: list[tuple[int, str, int]] = []
    for label, rows in members.items():
        counts: dict[str, int] = {}
        for row in rows:
            if (own := known[row]) is not None:
                counts[own] = counts.get(own, 0) + 1
        claims += [(-count, own, label) for own, count in counts.items()]
    given: dict[int, str] = {}
    taken: set[str] = set()
    for _count, own, label in sorted(
        claims, key=lambda c: (c[0], c[1], min(keys[r] for r in members[c[2]]))
    ):
        if label not in given and own not in taken:
            given[label] = own
            taken.add(own)
    found = [""] * len(keys)
    for label, rows in members.items():
        own = given.get(label) or _new_id(min(keys[row] for row in rows), taken)
        for row in rows:
            found[row] = own
    return found


def _new_id(key: str, taken: set[str]) -> str:
    number = 0
    while True:
        text = key if number == 0 else f"{key}#{number}"
        own = "c-" + hashlib.sha256(text.encode()).hexdigest()[:16]
        if own not in taken:
            taken.add(own)
            return own
        number += 1
