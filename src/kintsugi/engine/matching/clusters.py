"""Records that are one thing: links joined, what a person forbade cut, ids that last."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from kintsugi.engine.matching.model import LINKS, Conflict, Decision
from kintsugi.engine.reconcile.pairs import Candidates, cheapest

Ints = npt.NDArray[np.int64]
#: A person's word is surer than what was one group before, that than a rule, a rule than any model.
MUST, KNOWN, SAME, SERIAL = 1e9, 1e8, 1e7, 1e6


def rule_links(pairs: Sequence[tuple[int, int]], by: str, weight: float) -> pl.DataFrame:
    """Links of pairs that are one without a model's word, columns as ``LINKS``."""
    ordered = [(min(a, b), max(a, b), 1.0, weight, by) for a, b in pairs]
    return pl.DataFrame(ordered, schema=LINKS, orient="row")


def known_links(known: Sequence[str | None]) -> pl.DataFrame:
    """Links of each row to the first of the cluster it was in (None: in none), as ``LINKS``."""
    first: dict[str, int] = {}
    pairs = []
    for row, own in enumerate(known):
        if own is not None and first.setdefault(own, row) != row:
            pairs.append((first[own], row))
    return rule_links(pairs, "known", KNOWN)


def with_rules(links: pl.DataFrame, *rules: pl.DataFrame) -> pl.DataFrame:
    """The links with each pair said by a rule once, by the first rule that says it."""
    for rule in reversed(rules):
        rest = links.join(rule, on=["left", "right"], how="anti", maintain_order="left")
        links = pl.concat([rest, rule])
    return links.sort("left", "right")


def held_together(links: pl.DataFrame, known: Sequence[str | None]) -> pl.DataFrame:
    """The links with each earlier cluster held together by links surer than any rule. What the
    model said of them counts among them: where a cannot-link parts such a cluster, the weakest
    goes."""
    if not any(own is not None for own in known):
        return links
    own = pl.Series(known, dtype=pl.String)
    more = known_links(known).join(links, on=["left", "right"], how="anti", maintain_order="left")
    links = pl.concat([links, more])
    inside = (
        own.gather(links["left"].to_list()) == own.gather(links["right"].to_list())
    ).fill_null(value=False)
    return links.with_columns(
        pl.when(inside & (pl.col("weight") < KNOWN))
        .then(KNOWN + pl.col("weight"))
        .otherwise(pl.col("weight"))
        .alias("weight"),
        pl.when(inside).then(1.0).otherwise(pl.col("probability")).alias("probability"),
        pl.when(inside).then(pl.lit("known")).otherwise(pl.col("by")).alias("by"),
    ).sort("left", "right")


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
    """Of all links the choice in which each record has one at most, the likeliest in all. What a
    person said and what was one group before stands first, then what is one by rule."""
    said = links.filter(pl.col("by").is_in(["must", "known"]))
    taken = set(said["left"].to_list()) | set(said["right"].to_list())
    by_rule = pl.col("by").is_in(["same", "serial"])
    ruled = links.filter(by_rule).sort("weight", "left", "right", descending=[True, False, False])
    kept_rules = []
    for at, (left, right) in enumerate(ruled.select("left", "right").iter_rows()):
        if not {left, right} & taken:
            taken |= {left, right}
            kept_rules.append(at)
    gone = pl.Series("taken", sorted(taken), dtype=pl.Int64).implode()
    rest = links.filter(
        ~by_rule
        & ~pl.col("by").is_in(["must", "known"])
        & ~pl.col("left").is_in(gone)
        & ~pl.col("right").is_in(gone)
    )
    if not rest.is_empty():
        odds = rest["probability"].clip(1e-9, 1.0).to_numpy()
        found = Candidates(rest["left"].to_numpy(), rest["right"].to_numpy(), -np.log(odds), None)
        _left, _right, chosen = cheapest(found)
        rest = rest[chosen.tolist()]
    return pl.concat([said, ruled[kept_rules], rest]).sort("left", "right")


def join(
    rows: int, links: pl.DataFrame, decisions: Sequence[Decision], sure: float
) -> tuple[Ints, list[Conflict]]:
    """A label for each row: the same for records joined by links from ``sure`` on. Two records that
    cannot be one end in different clusters: the weakest links between them are cut."""
    strong = links.filter(pl.col("probability") >= sure)
    left, right = strong["left"].to_numpy(), strong["right"].to_numpy()
    weight = strong["weight"].to_numpy().astype(np.float64)
    kept = np.ones(len(left), dtype=np.bool_)
    labels = components(rows, left, right)
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
            labels = components(rows, left[kept], right[kept])
        if cut:
            conflicts.append(Conflict(one.left, one.right, tuple(cut)))
    return labels, conflicts


def components(rows: int, left: Ints, right: Ints) -> Ints:
    """A label for each of ``rows`` rows, the same where links ``left, right`` join them."""
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


def cluster_ids(
    labels: Ints, keys: Sequence[str], known: Sequence[str | None]
) -> tuple[list[str], list[tuple[str, str]]]:
    """An id for each row, and earlier ids that are no more with the id they went into.

    An earlier cluster's id belongs to where most of its records are now. Of several that come
    together the smaller stays: the shorter, then the lesser. A new cluster is named after its least
    key, whatever the order of the rows.
    """
    members: dict[int, list[int]] = {}
    counts: dict[str, dict[int, int]] = {}
    for row, label in enumerate(labels.tolist()):
        members.setdefault(label, []).append(row)
        if (own := known[row]) is not None:
            there = counts.setdefault(own, {})
            there[label] = there.get(label, 0) + 1
    least = {
        label: min(keys[r] for r in members[label]) for there in counts.values() for label in there
    }
    belongs = {
        own: min(there, key=lambda label: (-there[label], least[label]))
        for own, there in counts.items()
    }
    given: dict[int, str] = {}
    merged: list[tuple[str, str]] = []
    for own in sorted(belongs, key=lambda text: (len(text), text)):
        if (stays := given.setdefault(belongs[own], own)) != own:
            merged.append((own, stays))
    # An id that went into another is never given to anybody again.
    taken = set(belongs)
    found = [""] * len(keys)
    for label, rows in members.items():
        own = given.get(label) or _new_id(min(keys[row] for row in rows), taken)
        for row in rows:
            found[row] = own
    return found, merged


def _new_id(key: str, taken: set[str]) -> str:
    number = 0
    while True:
        text = key if number == 0 else f"{key}#{number}"
        own = "c-" + hashlib.sha256(text.encode()).hexdigest()[:16]
        if own not in taken:
            taken.add(own)
            return own
        number += 1
