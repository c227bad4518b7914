"""A profile as one HTML page that needs nothing else: no script, no font, no network."""

from collections.abc import Callable, Iterable, Sequence
from html import escape

from kintsugi.engine.profiling.drift import DRIFTS, Drift
from kintsugi.engine.profiling.model import ColumnProfile, Odd, Profile, Score
from kintsugi.engine.text import Text

_SHOWN = 8
Say = Callable[[str], str]

WORDS: dict[str, Text] = {
    "profile": Text("数据剖析", "Data profile"),
    "rows": Text("行", "rows"),
    "columns": Text("列", "columns"),
    "all-columns": Text("列", "Columns"),
    "aside": Text("另放", "put aside"),
    "unknown": Text("未知", "unknown"),
    "completeness": Text("完整性", "Completeness"),
    "consistency": Text("一致性", "Consistency"),
    "accuracy": Text("准确性", "Accuracy"),
    "timeliness": Text("及时性", "Timeliness"),
    "column": Text("列", "Column"),
    "type": Text("类型", "Type"),
    "meaning": Text("含义", "Meaning"),
    "filled": Text("已填", "Filled"),
    "distinct": Text("不同值", "Distinct"),
    "values": Text("常见值与写法", "Values and patterns"),
    "odd": Text("异常", "Unlike the rest"),
    "keys": Text("唯一标识", "Keys"),
    "repeated": Text("重复的行", "rows repeated"),
    "dependences": Text("列间依赖", "What determines what"),
    "exceptions": Text("例外", "exceptions"),
    "rules": Text("列间规则", "Rules between columns"),
    "held": Text("符合", "held"),
    "risks": Text("风险", "Risk"),
    "risk-note": Text("权重 ×(1 − 得分)× 依赖数", "weight × (1 − score) × dependents"),
    "drift": Text("与上次相比", "Since the earlier profile"),
    "no-drift": Text("没有变化。", "Nothing changed."),
    "none": Text("没有。", "None."),
    "row": Text("行号", "rows"),
    "far": Text("离群", "far off"),
    "pattern": Text("写法少见", "rare pattern"),
    "late": Text("过晚", "too late"),
    "empty": Text("空", "empty"),
    "integer": Text("整数", "integer"),
    "decimal": Text("小数", "decimal"),
    "date": Text("日期", "date"),
    "boolean": Text("是/否", "yes/no"),
    "text": Text("文本", "text"),
    "udi": Text("UDI", "UDI"),
    "gtin": Text("GTIN / UDI-DI", "GTIN / UDI-DI"),
    "credit_code": Text("统一社会信用代码", "credit code"),
    "identity_number": Text("身份证号", "identity number"),
    "registration_no": Text("注册证号", "registration number"),
    "email": Text("邮箱", "e-mail"),
    "url": Text("网址", "web address"),
    "phone": Text("电话", "telephone"),
    "percent": Text("百分比", "percentage"),
    "money": Text("金额", "amount of money"),
    "organisation": Text("单位", "organisation"),
    "person": Text("人名", "person"),
    "serial": Text("序列号", "serial number"),
    "model": Text("型号", "model"),
}

_STYLE = """
:root{--ink:#1f2933;--soft:#52606d;--line:#dde3ea;--ground:#f6f8fa;--card:#fff;--gold:#b7791f;
--good:#2f855a;--bad:#c53030}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa5b1;--line:#323f4b;
--ground:#12181f;--card:#1b232c;--gold:#e0a94a;--good:#68d391;--bad:#fc8181}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,"Noto Sans CJK SC","PingFang SC",sans-serif}
main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .6rem}
.soft{color:var(--soft)}.bad{color:var(--bad)}.good{color:var(--good)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;
margin-top:1.2rem}
.card,.box{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:.8rem 1rem}
.card b{display:block;font-size:1.6rem;font-variant-numeric:tabular-nums}
.box{padding:0;overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem;border-top:1px solid var(--line)}
thead th{border-top:0;font-weight:500;color:var(--soft);white-space:nowrap}
td:first-child{min-width:8rem}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{font:13px/1.4 ui-monospace,Consolas,"Noto Sans Mono CJK SC",monospace;
overflow-wrap:anywhere}
.bar{display:block;height:.3rem;border-radius:.2rem;background:var(--line);margin-top:.25rem;
min-width:4rem}.bar i{display:block;height:100%;border-radius:.2rem;background:var(--gold)}
.bins{display:flex;align-items:flex-end;gap:1px;height:2rem;margin:.2rem 0}
.bins i{flex:1;background:var(--gold);min-height:1px}
.chip{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 .5rem;
margin:0 .2rem .2rem 0}
@media(max-width:44rem){thead{display:none}tr{display:block;padding:.4rem 0;
border-top:1px solid var(--line)}td,td.n{display:block;text-align:left;border:0;
padding:.15rem .9rem}
td:empty{display:none}
td[data-h]:before{content:attr(data-h)" ";color:var(--soft)}}
"""


def html_page(profile: Profile, changes: Sequence[Drift] | None, language: str) -> str:
    """The whole page. ``changes`` are those since an earlier profile, None when there was none."""

    def say(word: str) -> str:
        return escape(WORDS[word].get(language)) if word in WORDS else escape(word)

    parts = [
        f"<h1>{escape(profile.table)}</h1>",
        f'<div class="soft">{say("profile")} · {escape(profile.at)} · {escape(profile.source)} · '
        f"{profile.rows:,} {say('rows')} · {len(profile.columns):,} {say('columns')}"
        + (f" · {profile.aside:,} {say('aside')}" if profile.aside else "")
        + "</div>",
        '<div class="cards">' + "".join(_score(one, say) for one in profile.scores) + "</div>",
    ]
    if changes is not None:
        parts.append(f"<h2>{say('drift')}</h2>" + _drift(changes, say, language))
    parts.append(f"<h2>{say('all-columns')}</h2>" + _columns(profile, say))
    if profile.risks:
        parts.append(
            f'<h2>{say("risks")} <span class="soft">{say("risk-note")}</span></h2>'
            + _table((), [
                (f"<code>{escape(one.column)}</code>", f"{one.value:.3f}",
                 f"{one.weight} × (1 − {one.score:.3f}) × {one.dependents}")
                for one in profile.risks[:20]
            ])
        )  # fmt: skip
    parts.append(f"<h2>{say('keys')}</h2>" + _table((), [
        (_names(key.columns), f"{key.repeated:,} {say('repeated')}" if key.repeated else "✓",
         _rows(key.first_rows, say)) for key in profile.keys
    ], say("none")))  # fmt: skip
    parts.append(f"<h2>{say('dependences')}</h2>" + _table((), [
        (f"{_names(one.left)} → {_names((one.right,))}", f"{one.strength:.3f}",
         f"{one.exceptions:,} {say('exceptions')}" if one.exceptions else "✓",
         _rows(one.first_rows, say)) for one in profile.dependences[:40]
    ], say("none")))  # fmt: skip
    parts.append(f"<h2>{say('rules')}</h2>" + _table((), [
        (_rule(one.kind, one.columns), f"{one.held:,} / {one.rows:,} {say('held')}",
         _rows(one.first_rows, say)) for one in profile.rules
    ], say("none")))  # fmt: skip
    title = f"{escape(profile.table)} · {say('profile')}"
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}"><head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    )


def _score(score: Score, say: Say) -> str:
    value = "–" if score.value is None else f"{score.value:.1f}"
    based = say("unknown") if score.value is None else f"{score.counted:,} / {score.of:,}"
    return (
        f'<div class="card"><span>{say(score.name)}</span><b>{value}</b>'
        f'<span class="soft">{based}</span></div>'
    )


def _columns(profile: Profile, say: Say) -> str:
    heads = ("column", "type", "filled", "distinct", "values", "odd")
    rows = [
        (
            f"<code>{escape(one.name)}</code>",
            _type(one, say),
            f'{_share(one.filled, one.rows)}<span class="bar"><i style="width:'
            f'{100 * one.filled / one.rows if one.rows else 0:.1f}%"></i></span>',
            f"{one.distinct:,}",
            _values(one),
            "<br>".join(_odd(odd, say) for odd in one.odd[:_SHOWN]),
        )
        for one in profile.columns
    ]
    return _table([say(head) for head in heads], rows)


def _type(column: ColumnProfile, say: Say) -> str:
    found = say(column.type)
    if column.meaning is not None:
        checked = column.meaning.checked
        found += f"<br><b>{say(column.meaning.kind)}</b>"
        if checked is not None and checked[0] > checked[1]:
            found += f' <span class="bad">{checked[0] - checked[1]:,} ✗</span>'
    return found


def _values(column: ColumnProfile) -> str:
    if column.numbers is not None:
        most = max(column.numbers.counts) or 1
        bins = "".join(
            f'<i style="height:{100 * count / most:.0f}%"></i>' for count in column.numbers.counts
        )
        ends = f"{escape(column.least or '')} … {escape(column.most or '')}"
        return f'<div class="bins">{bins}</div><span class="soft">{ends}</span>'
    shown = column.top[:_SHOWN] if column.distinct <= 50 else column.patterns[:_SHOWN]
    return "".join(
        f'<span class="chip"><code>{escape(text[:60])}</code> '
        f'<span class="soft">{n:,}</span></span>'
        for text, n in shown
    )


def _odd(odd: Odd, say: Say) -> str:
    return (
        f'<span class="soft">{say(odd.why)}</span> <code>{escape(odd.value[:60])}</code> '
        f'<span class="soft">{odd.rows:,} · {say("row")} {odd.first_row:,}</span>'
    )


def _drift(changes: Sequence[Drift], say: Say, language: str) -> str:
    if not changes:
        return f'<p class="good">{say("no-drift")}</p>'
    return _table((), [
        (f'<span class="{"bad" if one.grade == "stop" else ""}">'
         f"{escape(DRIFTS[one.kind][1].get(language))}</span>",
         f"<code>{escape(one.column or '')}</code>",
         f"{escape(one.before)} → {escape(one.after)}",
         "" if one.size is None else f"{one.size:g}") for one in changes
    ])  # fmt: skip


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], none: str = "") -> str:
    lines = []
    for row in rows:
        cells = [
            f'<td data-h="{head}">{cell}</td>' if head else f"<td>{cell}</td>"
            for head, cell in zip(heads or [""] * len(row), row, strict=True)
        ]
        lines.append("<tr>" + "".join(cells) + "</tr>")
    if not lines:
        return f'<p class="soft">{none}</p>'
    top = "".join(f"<th>{head}</th>" for head in heads)
    return (
        f'<div class="box"><table>{f"<thead><tr>{top}</tr></thead>" if top else ""}'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _names(columns: Sequence[str]) -> str:
    return " + ".join(f"<code>{escape(name)}</code>" for name in columns)


def _rule(kind: str, columns: Sequence[str]) -> str:
    a, b = (f"<code>{escape(name)}</code>" for name in columns[:2])
    third = f"<code>{escape(columns[2])}</code>" if len(columns) > 2 else ""
    return {
        "order": f"{a} ≤ {b}",
        "equal": f"{a} = {b}",
        "sum": f"{a} + {b} = {third}",
        "product": f"{a} × {b} = {third}",
    }[kind]


def _rows(rows: Sequence[int], say: Say) -> str:
    if not rows:
        return ""
    return f'<span class="soft">{say("row")} {", ".join(f"{row:,}" for row in rows)}</span>'


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"
