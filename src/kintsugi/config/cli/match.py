"""``kintsugi match``: which records of one list, or of two, are the same thing."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kintsugi.config.cli.files import keep_json, read_tables, refuse_onto
from kintsugi.config.cli.terminal import err, language, out, print_json, t
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    import polars as pl

    from kintsugi.engine.matching import Decision, Explanation, Learned, Matching, Plan


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        short_help=t("找出指同一事物的记录", "Records that are the same thing"),
        help=t(
            "找出一份清单内、或两份清单之间的同一记录:配对、概率、解释与稳定的分组编号。"
            "退出码:0 完成,2 无法匹配。",
            "Find the records of one list, or of two, that are the same thing: pairs with "
            "probabilities, why, and groups whose ids last. Exit codes: 0 done, 2 refused.",
        ),
    )
    def match(
        first: Annotated[str, typer.Argument(help=t("清单", "The list"))],
        second: Annotated[
            str | None,
            typer.Argument(help=t("另一份清单;只在两份之间配对", "A second list, to link to")),
        ] = None,
        pairs: Annotated[
            Path | None, typer.Option("--out", "-o", help=t("配对写到哪里", "Where pairs go"))
        ] = None,
        clusters: Annotated[
            Path | None, typer.Option(help=t("分组写到哪里", "Where groups go"))
        ] = None,
        column: Annotated[
            list[str] | None, typer.Option(help=t("要比较的列", "Column to compare; may repeat"))
        ] = None,
        block: Annotated[
            list[str] | None,
            typer.Option(help=t("先要相等的列,如 姓名,生日", "Columns that agree first: A,B")),
        ] = None,
        key: Annotated[
            str | None,
            typer.Option(help=t("来源的编号列,不参与比较", "The source's id, not compared")),
        ] = None,
        one_to_one: Annotated[
            bool, typer.Option("--one-to-one", help=t("每条至多配一条", "One partner at most"))
        ] = False,
        labels: Annotated[
            Path | None,
            typer.Option(
                help=t(
                    "已判断的配对:left,right,match", "Judged pairs to learn from: left,right,match"
                )
            ),
        ] = None,
        decisions: Annotated[
            Path | None,
            typer.Option(help=t("人工决定:left,right,link", "Decisions: left,right,must|cannot")),
        ] = None,
        known: Annotated[
            Path | None,
            typer.Option(
                help=t("已有的分组:成员不拆散,编号沿用", "Groups there are: kept whole, ids stay")
            ),
        ] = None,
        threshold: Annotated[
            float | None,
            typer.Option(
                min=0.01,
                max=1,
                help=t(
                    "多大概率算同一个;默认由数据得出", "Sure from; told from the data if not given"
                ),
            ),
        ] = None,
        explain: Annotated[
            int, typer.Option(min=0, max=200, help=t("解释几对", "Pairs to explain"))
        ] = 0,
        table: Annotated[str | None, typer.Option(help=t("哪张表", "Which table"))] = None,
        second_table: Annotated[
            str | None, typer.Option(help=t("另一份的哪张表", "Which table of the second"))
        ] = None,
        report: Annotated[
            Path | None, typer.Option(help=t("把结果写入 JSON 文件", "Write the answer as JSON"))
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        _run(
            _Asked(
                sources=[(first, table), *([(second, second_table)] if second else [])],
                pairs=pairs, clusters=clusters, report=report, columns=tuple(column or ()),
                blocks=tuple(tuple(n.strip() for n in one.split(",")) for one in block or ()),
                key=key, one_to_one=one_to_one, labels=labels, decisions=decisions, known=known,
                threshold=threshold, explain=explain, as_json=as_json,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """The command's options."""

    sources: list[tuple[str, str | None]]
    pairs: Path | None
    clusters: Path | None
    report: Path | None
    columns: tuple[str, ...]
    blocks: tuple[tuple[str, ...], ...]
    key: str | None
    one_to_one: bool
    labels: Path | None
    decisions: Path | None
    known: Path | None
    threshold: float | None
    explain: int
    as_json: bool


def _run(asked: _Asked) -> None:
    from kintsugi.engine.matching import Plan
    from kintsugi.engine.matching import match as matched
    from kintsugi.engine.matching.model import ASK

    inputs = [file for file, _ in asked.sources]
    inputs += map(str, _given(asked.labels, asked.decisions, asked.known))
    for path in (asked.pairs, asked.clusters, asked.report):
        refuse_onto(path, *inputs)
    with read_tables(*asked.sources) as read:
        records = _Records([one.frame for one in read], [one.rows for one in read], asked.key)
    plan = Plan(
        columns=asked.columns,
        blocks=asked.blocks,
        link=len(asked.sources) > 1,
        one_to_one=asked.one_to_one,
        sure=asked.threshold,
        ask=min(ASK, asked.threshold or ASK),
        key=asked.key,
        decisions=records.decisions(asked.decisions) if asked.decisions else (),
    )
    found, why = matched(
        records.table, plan, second=records.second, explain=asked.explain,
        known=records.known(asked.known) if asked.known else (),
        learned=_learned(records, asked.labels, plan) if asked.labels else None,
    )  # fmt: skip
    answer = _answer(found, why, records)
    if asked.pairs is not None:
        records.write_pairs(found, asked.pairs)
    if asked.clusters is not None:
        records.write_clusters(found, asked.clusters)
    if asked.report is not None:
        keep_json(asked.report, answer)
    if asked.as_json:
        print_json(answer)
    else:
        _show(answer, found)


def _given(*paths: Path | None) -> list[Path]:
    return [path for path in paths if path is not None]


class _Records:
    """Both lists as one table; how their files name a record: by the key, else by its row."""

    def __init__(
        self, frames: "list[pl.DataFrame]", rows: "list[pl.Series]", key: str | None
    ) -> None:
        import polars as pl

        shared = [name for name in frames[0].columns if all(name in f.columns for f in frames)]
        if not shared:
            raise KintsugiError(
                "match.no-shared-column",
                Text("两份清单没有同名的列。", "The two lists have no column in common."),
                Text("先用 kintsugi map 使列名一致。", "Map their columns first: kintsugi map."),
                first=frames[0].columns[:50],
                second=frames[-1].columns[:50],
            )
        if key is not None and key not in shared:
            raise KintsugiError(
                "match.no-key",
                Text(f"没有编号列“{key}”。", f"There is no key column “{key}”."),
                Text("从共有的列中选择。", "Choose one of the columns both have."),
                column=key,
                columns=shared[:100],
            )
        self.table = pl.concat([frame.select(shared) for frame in frames])
        self.second = frames[1].height if len(frames) == 2 else 0
        self._sides = ["left"] * frames[0].height + ["right"] * self.second
        self._lines = [int(row) for series in rows for row in series]
        own = self.table[key].to_list() if key else [None] * self.table.height
        self._names = [name or str(line) for name, line in zip(own, self._lines, strict=True)]
        first = self.table.height - self.second
        # A name means the first list in a column “left”, the second in “right”.
        self._left = {name: at for at, name in enumerate(self._names[:first])}
        self._right = (
            {name: first + at for at, name in enumerate(self._names[first:])}
            if self.second
            else self._left
        )

    def pairs_of(self, path: Path, column: str) -> list[tuple[int, int, str]]:
        """Rows and the text of ``column`` for each line of a file of pairs."""
        with read_tables((str(path), None)) as (read,):
            frame, lines = read.frame, read.rows
        missing = [n for n in ("left", "right", column) if n not in frame.columns]
        if missing:
            raise KintsugiError(
                "match.bad-pairs",
                Text(f"文件缺少列 {', '.join(missing)}。", f"The file lacks {', '.join(missing)}."),
                Text(f"列为 left、right、{column}。", f"Its columns are left, right, {column}."),
                file=str(path),
                columns=frame.columns[:50],
            )
        found = []
        for (left, right, said), line in zip(
            frame.select("left", "right", column).iter_rows(), lines, strict=True
        ):
            a, b = self._left.get(left or ""), self._right.get(right or "")
            if a is None or b is None or a == b:
                raise KintsugiError(
                    "match.unknown-record",
                    Text("配对中有清单里没有的记录。", "A pair names a record that is not there."),
                    Text("用 --key 列的值,没有则用行号。",
                         "Name it as the key column does, or by its row without one."),
                    file=str(path), row=int(line), left=left, right=right,
                )  # fmt: skip
            found.append((a, b, (said or "").strip().lower()))
        return found

    def decisions(self, path: Path) -> "tuple[Decision, ...]":
        """What a person decided, from a file ``left, right, link``."""
        from kintsugi.engine.matching import Decision

        made = []
        for left, right, said in self.pairs_of(path, "link"):
            if said not in ("must", "cannot"):
                raise KintsugiError(
                    "match.bad-decision",
                    Text(f"“{said}”不是决定。", f"“{said}” is no decision."),
                    Text("写 must 或 cannot。", "Write must or cannot."),
                    file=str(path),
                    value=said,
                )
            made.append(Decision(min(left, right), max(left, right), said))  # type: ignore[arg-type]
        return tuple(made)

    def known(self, path: Path) -> list[str | None]:
        """The cluster each record has already, from a file that ``--clusters`` wrote."""
        with read_tables((str(path), None)) as (read,):
            frame = read.frame
        if not {"side", "record", "cluster"} <= set(frame.columns):
            raise KintsugiError(
                "match.bad-clusters",
                Text("这不是分组文件。", "This is no file of groups."),
                Text("给出 --clusters 写的文件。", "Give the file that --clusters wrote."),
                file=str(path),
                columns=frame.columns[:50],
            )
        by_name = {(s, r): c for s, r, c in frame.select("side", "record", "cluster").iter_rows()}
        return [by_name.get(pair) for pair in zip(self._sides, self._names, strict=True)]

    def name(self, row: int) -> str:
        """A record as its file names it."""
        return self._names[row]

    def write_pairs(self, found: "Matching", path: Path) -> None:
        """``left, right, probability, weight, by`` with the records' names."""
        import polars as pl

        from kintsugi.engine.pipeline.plain import write_plain

        names = pl.Series(self._names, dtype=pl.String)
        write_plain(
            found.links.with_columns(
                pl.Series("left", names.gather(found.links["left"].to_list())),
                pl.Series("right", names.gather(found.links["right"].to_list())),
                pl.col("probability").round(6),
                pl.col("weight").round(3),
            ),
            path,
        )

    def write_clusters(self, found: "Matching", path: Path) -> None:
        """``side, record, row, cluster`` for every record."""
        import polars as pl

        from kintsugi.engine.pipeline.plain import write_plain

        write_plain(
            pl.DataFrame(
                {
                    "side": self._sides,
                    "record": self._names,
                    "row": self._lines,
                    "cluster": found.clusters["cluster"],
                }
            ),
            path,
        )


def _learned(records: _Records, labels: Path, plan: "Plan") -> "Learned":
    from kintsugi.engine.matching import learn
    from kintsugi.engine.matching.prepare import compared_columns, folded

    judged = records.pairs_of(labels, "match")
    odd = next((said for _a, _b, said in judged if said not in ("0", "1")), None)
    if odd is not None:
        raise KintsugiError(
            "match.bad-label",
            Text(f"“{odd}”不是判断。", f"“{odd}” is no judgement."),
            Text("是写 1,否写 0。", "Write 1 for the same, 0 for not."),
            file=str(labels),
            value=odd,
        )
    plain = folded(records.table)
    plain = plain.select(one.column for one in compared_columns(plain, plan))
    left, right = plain[[a for a, _b, _said in judged]], plain[[b for _a, b, _said in judged]]
    lists = [plain[: plain.height - records.second]]
    if records.second:
        lists.append(plain[plain.height - records.second :])
    return learn(left, right, [said == "1" for _a, _b, said in judged], records=lists)


def _answer(found: "Matching", why: "list[Explanation]", records: _Records) -> dict[str, Any]:
    sizes = found.clusters["cluster"].value_counts()["count"]
    sure = found.links.filter(found.links["probability"] >= found.sure).height
    rests_on = found.links["by"].value_counts(sort=True)
    return {
        "ok": True,
        "records": records.table.height,
        "compared": [{"column": c.column, "as": c.kind} for c in found.compared],
        "blocks": [list(block) for block in found.blocks],
        "pairs_compared": found.pairs,
        "threshold": found.sure,
        "expected_f1": found.f1,
        "links": found.links.height,
        "sure": sure,
        "to_look_at": found.links.height - sure,
        "rests_on": dict(rests_on.sort("by").iter_rows()),
        "clusters": len(sizes),
        "clusters_of_several": int((sizes > 1).sum()),
        "merged": [{"id": old, "into": new} for old, new in found.merged],
        "notes": [note.get(language()) for note in found.notes],
        "issues": [
            {
                "left": records.name(one.left), "right": records.name(one.right),
                "cut": [[records.name(a), records.name(b)] for a, b in one.cut],
            }
            for one in found.issues
        ],
        "explained": [
            {
                "left": records.name(one.left), "right": records.name(one.right),
                "weight": round(one.weight, 3), "prior": one.prior,
                "rule": one.rule.get(language()) if one.rule else None,
                "steps": [
                    {"column": s.column, "weight": s.weight, "level": s.level,
                     "left": s.left, "right": s.right}
                    for s in one.steps
                ],
            }
            for one in why
        ],
    }  # fmt: skip


def _show(answer: dict[str, Any], found: "Matching") -> None:
    console = out()
    for words, count in (
        (t("记录", "records"), answer["records"]),
        (t("比较的配对", "pairs compared"), answer["pairs_compared"]),
        (t("确定相同", "sure"), answer["sure"]),
        (t("待人确认", "for a person to look at"), answer["to_look_at"]),
        (t("分组(多条)", "groups of several"), answer["clusters_of_several"]),
    ):
        console.print(f"{count:>12,}  {words}")
    for by, words in (
        ("same", t("各列都相同", "the same in every column")),
        ("serial", t("厂家与序列号相同", "one maker and serial number")),
        ("known", t("已在同一分组", "in one group before")),
    ):
        if by in answer["rests_on"]:
            console.print(
                f"{answer['rests_on'][by]:>12,}  {t('其中', 'of them')}{t(':', ': ')}{words}"
            )
    if found.f1:
        console.print(
            t(f"概率 {found.sure:.2f} 以上算同一个(由数据得出,预期 F1 {found.f1:.2f})",
              f"the same from {found.sure:.2f} on (from the data; expected F1 {found.f1:.2f})")
        )  # fmt: skip
    columns = ", ".join(f"{c.column} ({c.kind})" for c in found.compared)
    console.print(f"[dim]{t('比较', 'compared')}: {escape(columns)}[/]")
    for one in answer["explained"]:
        what = one["rule"] or f"{one['weight']:+.1f}"
        console.print(f"\n{escape(one['left'])} | {escape(one['right'])}  {what}")
        table = Table(box=None, show_header=False)
        for step in one["steps"]:
            bar = ("█" * min(20, round(abs(step["weight"])))) or "·"
            colour = "green" if step["weight"] > 0 else "red"
            table.add_row(escape(step["column"]), f"{step['weight']:+.1f}", f"[{colour}]{bar}[/]",
                          escape(f"{step['left'] or '–'} | {step['right'] or '–'}"))  # fmt: skip
        console.print(table)
    for one in answer["merged"]:
        console.print(t("分组合并:", "groups merged: ") + escape(f"{one['id']} → {one['into']}"))
    for note in answer["notes"]:
        console.print(escape(note))
    for one in answer["issues"]:
        err().print(
            t("[yellow]与决定矛盾,已断开:[/]", "[yellow]Against a decision, cut: [/]")
            + escape(f"{one['left']} | {one['right']}")
        )
