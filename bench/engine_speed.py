"""The engine against what it cannot be quicker than: a file merely read and written again.

``python -m bench.engine_speed ROWS`` prints one JSON object: a dirty CSV of ROWS × 12 read, held
against typed rules and its broken rows listed, beside DuckDB reading and writing the same file; and
a workbook of 100,000 rows read with its cells' marks, beside the same bytes read by calamine alone.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from bench.import_products import Memory

SHEET_ROWS = 100_000
RULES = [
    {"column": "serial_no", "type": "serial", "required": True, "unique": True},
    {"column": "model", "type": "code"},
    {"column": "installed", "type": "date"},
    {"column": "price", "type": "money", "minimum": 0},
    {"column": "status", "allowed": ["在用", "停用", "封存", "报废"]},
    {"column": "months", "type": "integer", "minimum": 0, "maximum": 600},
    {"column": "qty", "type": "integer", "required": True, "minimum": 1},
    {"column": "note", "max_length": 200},
]


def dirty(rows: int, path: Path) -> None:
    """A CSV whose cells are wrong or written oddly at fixed, coprime distances."""
    duckdb.sql(
        f"""copy (select
            printf('SN%08d', i) as serial_no,
            case when i % 97 = 0 then ' ＣＴ－660 ' else 'CT-' || (i % 400) end as model,
            ['迈瑞', 'GE医疗', '飞利浦', '西门子', '联影'][1 + i % 5] as manufacturer,
            case when i % 1013 = 0 then '2023-02-30'
                 when i % 11 = 0
                 then strftime(date '2015-01-01' + cast(i % 3650 as int), '%Y.%-m.%-d')
                 else strftime(date '2015-01-01' + cast(i % 3650 as int), '%Y-%m-%d')
            end as installed,
            case when i % 1999 = 0 then '面议'
                 when i % 13 = 0 then printf('"%d,%03d.50"', 1 + i % 90, i % 1000)
                 else printf('%.2f', (i % 100000) / 7.0) end as price,
            case when i % 17 = 0 then '万元' else 'CNY' end as currency,
            ['在用', '停用', '封存', '报废', '不详'][1 + i % 5] as status,
            '示例市第' || (i % 500) || '医院' as hospital,
            case when i % 23 = 0 then '' else '科室' || (i % 40) end as department,
            '' || (i % 60) as months,
            case when i % 29 = 0 then ' 备注 ' || (i % 1000) || ' ' else '备注' || (i % 1000) end
                as note,
            case when i % 5000 = 0 then '' else '' || (i % 9 + 1) end as qty
        from range({rows}) t(i)) to '{path}' (header, quote '', delimiter ';')"""
    )


def measure(rows: int) -> dict[str, object]:
    """Both pairs in one run, each part timed once, memory of ours beside."""
    with tempfile.TemporaryDirectory(prefix="kintsugi-bench-") as name:
        folder = Path(name)
        return {"csv": _csv(folder, rows), "workbook": _workbook(folder)}


def _csv(folder: Path, rows: int) -> dict[str, object]:
    from kintsugi.engine.checks.examine import examine
    from kintsugi.engine.checks.rulebook import RuleBook
    from kintsugi.engine.pipeline.plain import read_plain

    source = folder / "dirty.csv"
    dirty(rows, source)
    began = time.perf_counter()
    with duckdb.connect(config={"threads": 2}) as bare:
        bare.sql(
            f"copy (select * from read_csv('{source}', all_varchar = true, delim = ';')) "
            f"to '{folder / 'again.csv'}' (header)"
        )
    base = time.perf_counter() - began
    work = folder / "work"
    work.mkdir()
    with Memory() as memory:
        began = time.perf_counter()
        table = read_plain(str(source), into=folder)
        read = time.perf_counter() - began
        book = RuleBook.model_validate({"rules": RULES})
        found = examine(table.frame, table.rows, book, into=work, samples=1_000)
        ours = time.perf_counter() - began
    return {
        "rows": rows,
        "MiB": round(source.stat().st_size / 2**20),
        "DuckDB reads and writes, s": round(base, 2),
        "read, normalise, check, list, s": round(ours, 2),
        "of it reading, s": round(read, 2),
        "speed as a part of DuckDB's": round(base / ours, 3),
        "rows against a rule": {one.name: one.broken for one in found if one.broken},
        "peak MiB": round(memory.peak_mib),
    }


def _workbook(folder: Path) -> dict[str, object]:
    import fastexcel
    import xlsxwriter

    from kintsugi.engine.reading import read_source

    path = folder / "sheet.xlsx"
    book: Any = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, [f"列{n}" for n in range(12)])
    for row in range(1, SHEET_ROWS + 1):
        sheet.write_row(row, 0, [f"SN{row:07}", row, row / 7, "在用", *[f"文{row % 97}"] * 8])
    book.close()
    began = time.perf_counter()
    fastexcel.read_excel(str(path)).load_sheet(0).to_arrow()
    base = time.perf_counter() - began
    began = time.perf_counter()
    table = read_source(path, into=folder / "snapshots").tables[0]
    ours = time.perf_counter() - began
    return {
        "rows": table.rows,
        "calamine alone, s": round(base, 2),
        "read with the marks of cells, s": round(ours, 2),
        "ratio": round(ours / base, 2),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1])), ensure_ascii=False, indent=1))
