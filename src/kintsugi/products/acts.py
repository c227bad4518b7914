"""What changes under two persons: licences of a party, certificates of a product, and merges of
products.

A plan of ``licence.record`` is ``{"id": licence or null, "version", "values": {field: value},
"before": {…}, "products": {id: code}}`` with dates as ISO text; one without an id is a new one.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from kintsugi.core.errors import KintsugiError, NotFound, StaleVersion, Text
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import ActKind, Difference, Finding
from kintsugi.parties import selectors as parties
from kintsugi.parties import services as party_services
from kintsugi.parties.services import Merging
from kintsugi.products import selectors, selectors_trade, services_trade
from kintsugi.products.kinds import CERTIFICATE_KINDS
from kintsugi.products.models import Certificate, Product

Plan = Mapping[str, Any]
#: Any day: the state of a licence plays no part in a change of it.
SOME_DAY = dt.date(2000, 1, 1)


def _day(field: str, text: str) -> str | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise _wrong(field, text) from None


def _wrong(field: str, text: str) -> KintsugiError:
    return KintsugiError(
        "trade.invalid",
        Text(f"“{text}”不成立。", f"“{text}” is no value here."),
        Text("日期写 2026-11-22;从列表选择代码。",
             "Write days as 2026-11-22 and codes of the list."),
        field=field,
        value=text,
    )  # fmt: skip


def _codes(text: str) -> list[str]:
    return party_services.codes(re.split(r"[\s,,、;;]+", text))


@dataclass(frozen=True)
class Recorded:
    """How papers of one kind are recorded under two persons.

    ``labels`` fields and their names; ``days`` and ``lists`` those that are days and lists of
    codes. ``known(id)`` the row to change; ``insert(subject, values, products)`` a new row;
    ``change(row, values)``; ``link(row, products)`` for more products.
    """

    name: str
    title: Text
    subject_kind: str
    rows: Callable[[], QuerySet[Any]]
    url: Callable[[UUID], str]
    labels: Mapping[str, Text]
    kinds: Mapping[str, Text]
    lists: Sequence[str]
    known: Callable[[UUID], Any]
    belongs: Callable[[UUID, Any], bool]
    insert: Callable[[UUID, Mapping[str, Any], Sequence[UUID]], Any]
    change: Callable[[Any, Mapping[str, Any]], None]
    link: Callable[[Any, Sequence[UUID]], Any]
    find: Callable[[Mapping[str, Any]], Any]
    days: Sequence[str] = ("valid_from", "valid_to", "approved_on")

    def plan(self, pk: UUID, typed: Mapping[str, str | None]) -> dict[str, Any]:
        """What was typed, against what is there. Raises KintsugiError with the field."""
        given = {name: (text or "").strip() for name, text in typed.items()}
        before: dict[str, Any] = {}
        row = None
        if given.get("id"):
            row = self._row(pk, given["id"])
            before = {name: self._read(row, name) for name in self.labels}
        values = dict(before)
        for name, text in given.items():
            if name in self.labels:
                values[name] = self._understood(name, text)
        if "number" not in values or not values.get("valid_from"):
            raise _wrong("valid_from" if values.get("number") else "number", "")
        if values.get("kind") not in self.kinds:
            raise _wrong("kind", str(values.get("kind") or ""))
        codes = _codes(given.get("products", ""))
        known = selectors.by_codes(codes)
        for code in codes:
            if code not in known:
                raise _wrong("products", code)
        products = {str(known[code].pk): code for code in codes}
        if values == before and not products:
            raise KintsugiError(
                "correction.nothing",
                Text("没有任何值改变。", "Nothing was changed."),
                Text("请至少修改一个值。", "Change at least one value."),
            )
        return {
            "id": str(row.pk) if row else None,
            "version": row.version if row else None,
            "values": values,
            "before": before,
            "products": products,
        }

    def check(self, pk: UUID, plan: Plan) -> None:
        """Raise where the subject is gone or the row moved on."""
        self.rows().get(pk=pk)
        if plan["id"]:
            row = self._row(pk, plan["id"])
            if row.version != plan["version"]:
                raise StaleVersion(str(row), read=plan["version"], now=row.version)

    def describe(self, _pk: UUID, plan: Plan) -> list[Difference]:
        """Field by field, and the products that come."""
        before, values = plan["before"], plan["values"]
        lines = [
            Difference(label, self._words(name, before.get(name)), self._words(name, value))
            for name, label in self.labels.items()
            if (value := values.get(name)) != before.get(name)
        ]
        if plan["products"]:
            added = ", ".join(plan["products"].values())
            lines.append(Difference(Text("增加产品", "Products added"), None, added))
        return lines

    def execute(self, act: Act, plan: Plan) -> dict[str, Any]:
        """Write it; the row must be at the version the plan was written for."""
        products = [UUID(one) for one in plan["products"]]
        values = self._columns(plan["values"])
        if not plan["id"]:
            row = self.insert(act.subject_id, values, products)
            return {"id": str(row.pk)}
        self.check(act.subject_id, plan)
        row = self._row(act.subject_id, plan["id"])
        changed = {k: v for k, v in values.items() if plan["values"][k] != plan["before"].get(k)}
        if changed:
            self.change(row, changed)
        if products:
            self.link(row, products)
        return {"id": plan["id"], "fields": sorted(changed)}

    def verify(self, act: Act, plan: Plan) -> list[Finding]:
        """Fields that do not hold what was planned."""
        row = self.known(UUID(plan["id"])) if plan["id"] else self.find(plan["values"])
        if row is None:
            return [Finding("record.missing", Text("没有登记。", "It is not registered."))]
        return [
            Finding(f"record.{name}", Text(f"{label.zh}与方案不符。", f"{label.en} differs."))
            for name, label in self.labels.items()
            if name in plan["values"] and self._read(row, name) != plan["values"][name]
        ]

    def inverse(self, act: Act, plan: Plan) -> dict[str, Any] | None:
        """The values before; nothing for a new row or added products: revoke those."""
        if not plan["id"] or plan["products"]:
            return None
        row = self._row(act.subject_id, plan["id"])
        now = {name: self._read(row, name) for name in self.labels}
        return {**plan, "version": row.version, "before": now, "values": plan["before"]}

    def kind(self) -> ActKind:
        """The kind of act."""
        return ActKind(
            name=self.name,
            title=self.title,
            subject_kind=self.subject_kind,
            subject=lambda pk: (str(self.rows().get(pk=pk)), self.url(pk)),
            rows=lambda: self.rows().values("pk"),
            plan=self.plan,
            edit_url=lambda act: self.url(act.subject_id),
            check=self.check,
            describe=self.describe,
            execute=self.execute,
            verify=self.verify,
            inverse=self.inverse,
        )

    def _row(self, pk: UUID, text: str) -> Any:
        try:
            row = self.known(UUID(text))
        except ValueError:
            raise _wrong("id", text) from None
        if row is None or not self.belongs(pk, row):
            raise NotFound(self.title, text)
        return row

    def _understood(self, name: str, text: str) -> Any:
        if name in self.days:
            return _day(name, text)
        if name in self.lists:
            return _codes(text)
        return party_services.clean_number(text) if name == "number" else text

    def _read(self, row: Any, name: str) -> Any:
        value = getattr(row, name)
        if isinstance(value, dt.date):
            return value.isoformat()
        if isinstance(value, UUID):
            return str(value)
        return list(value) if isinstance(value, (list, tuple)) else value

    def _words(self, name: str, value: Any) -> Any:
        if name == "kind" and value:
            return self.kinds[value]
        return " ".join(value) if isinstance(value, list) else value

    def _columns(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: dt.date.fromisoformat(value) if name in self.days and value else value
            for name, value in values.items()
        }


# -- licences --------------------------------------------------------------------------------------


def _insert_licence(party: UUID, values: Mapping[str, Any], products: Sequence[UUID]) -> Any:
    made = party_services.insert_licence(party=party, values=values)
    if products:
        services_trade.add_authorised(licence=made.pk, products=products)
    return made


_FROM, _TO = Text("有效期起", "valid from"), Text("有效期止", "valid through")
_NOTE = Text("备注", "note")
LICENCE = Recorded(
    name="licence.record",
    title=Text("登记或变更证照", "Register or change a licence"),
    subject_kind="party",
    rows=parties.parties,
    url=lambda pk: reverse("parties:detail", args=[pk]),
    labels={
        "kind": Text("类型", "kind"), "number": Text("编号", "number"),
        "issuer": Text("发证机关", "issuer"), "valid_from": _FROM, "valid_to": _TO,
        "classes": Text("管理类别", "device classes"),
        "categories": Text("分类编码", "categories"), "territory": Text("区域", "territory"),
        "note": _NOTE, "file_sha256": Text("扫描件", "scanned paper"),
        "file_name": Text("扫描件名称", "name of the scanned paper"),
    },
    kinds=parties.LICENCE_KINDS,
    lists=("classes", "categories", "territory"),
    known=lambda pk: parties.licences(on=SOME_DAY).filter(pk=pk).first(),
    belongs=lambda party, row: row.party_id == party,
    insert=_insert_licence,
    change=lambda row, values: party_services.change_licence(licence=row, values=values),
    link=lambda row, products: services_trade.add_authorised(licence=row.pk, products=products),
    find=lambda values: parties.licences(on=SOME_DAY)
    .filter(kind=values["kind"], number=values["number"])
    .first(),
)  # fmt: skip


# -- certificates ----------------------------------------------------------------------------------


def _insert_certificate(product: UUID, values: Mapping[str, Any], products: Sequence[UUID]) -> Any:
    holder = values.get("holder_id") or _holder_of(product)
    return services_trade.insert_certificate(
        values={**values, "holder_id": holder}, products=[product, *products]
    )


def _holder_of(product: UUID) -> UUID:
    found = selectors.product(product).mah_id
    if found is None:
        raise KintsugiError(
            "certificate.holder-missing",
            Text("产品没有注册人。", "The product has no holder."),
            Text("先补录产品的注册人/备案人。", "Fill in who holds its registration first."),
            field="mah",
        )
    return found


CERTIFICATE = Recorded(
    name="certificate.record",
    title=Text("登记或变更注册证", "Register or change a certificate"),
    subject_kind="product",
    rows=selectors.products,
    url=lambda pk: reverse("products:detail", args=[pk]),
    labels={
        "kind": Text("类型", "kind"), "number": Text("证号", "number"),
        "approved_on": Text("批准日期", "approved on"), "valid_from": _FROM, "valid_to": _TO,
        "note": _NOTE,
    },
    kinds=CERTIFICATE_KINDS,
    lists=(),
    known=lambda pk: selectors_trade.certificates(on=SOME_DAY).filter(pk=pk).first(),
    # Also one of another product, to which this one is added.
    belongs=lambda _product, row: isinstance(row, Certificate),
    insert=_insert_certificate,
    change=lambda row, values: services_trade.change_certificate(certificate=row, values=values),
    link=lambda row, products: services_trade.cover_products(certificate=row, products=products),
    find=lambda values: selectors_trade.certificates(on=SOME_DAY)
    .filter(number=values["number"])
    .first(),
)  # fmt: skip


# -- merges ----------------------------------------------------------------------------------------


def _product_named(text: str) -> Any:
    rows = Product.objects.filter(is_void=False)
    found = party_services.record_by_id(rows, text) or list(
        rows.filter(product_code__in=[text, text.upper()])
    )
    return party_services.the_one_record(found, text)


MERGE = Merging(
    name="product.merge",
    title=Text("合并产品", "Merge products"),
    subject_kind="product",
    model=Product,
    rows=lambda: Product.objects.all(),
    find=_product_named,
    url=lambda pk: reverse("products:detail", args=[pk]),
)

KINDS = (LICENCE.kind(), CERTIFICATE.kind(), MERGE.kind())
