"""Lists, pages and forms of storage checks, sensors and excursions."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils import timezone

from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    FormScreen,
    ListScreen,
    NextSteps,
    Related,
    Step,
    Value,
)
from kintsugi.core.screens.offered import Offered
from kintsugi.core.screens.parts import Words, choice_pairs, say
from kintsugi.engine.text import Text
from kintsugi.stock import selectors as stock
from kintsugi.stock.fields import PLACES_OFFERED, key_field, reason_field
from kintsugi.stock.models import Excursion, Sensor
from kintsugi.stock.pages import crumbs
from kintsugi.stock.screens import LOT, NAME, PRODUCT, at
from kintsugi.stock.storing import selectors, services
from kintsugi.stock.storing.chart import chart
from kintsugi.stock.storing.reading_in import rows_of_csv
from kintsugi.stock.storing.rules import (
    DECISIONS,
    EXCURSION,
    EXCURSION_KINDS,
    EXCURSION_TONES,
    FINDINGS,
)
from kintsugi.stock.views import now

CHECKS_TITLE = Text("养护检查", "Storage checks")
SENSORS_TITLE = Text("温度传感器", "Temperature sensors")
EXCURSIONS_TITLE = Text("温度超限", "Temperature excursions")
LOCATION, STATE = Text("库位", "Location"), Text("状态", "State")
FINDING, KIND = Text("发现", "Finding"), Text("类型", "Kind")
FILE_MAX_BYTES = 5 * 1024 * 1024


def excursion_url(row: Excursion) -> str:
    """The excursion's page."""
    return reverse("stock:excursion", args=[row.pk])


def sensor_url(row: Any) -> str:
    """The sensor's page."""
    return reverse("stock:sensor", args=[getattr(row, "sensor_id", None) or row.pk])


CHECK_LIST = ListScreen(
    name="storage-checks",
    title=CHECKS_TITLE,
    subtitle=Text("在库检查的记录;不改不删。", "What was looked at on the shelf; kept as it was."),
    rows=lambda _user: selectors.checks(),
    permission="storage.read",
    export_permission="storage.export",
    columns=(
        Column("checked_on", label=Text("日期", "Date"), kind="date"),
        Column("location", label=LOCATION, kind="code", value=at("location"),
               sort=("location__code",)),
        PRODUCT, NAME, LOT,
        Column("temperature", label=Text("温度 °C", "Temperature, °C"), kind="number"),
        Column("humidity", label=Text("湿度 %", "Humidity, %"), kind="number"),
        Column("finding", label=FINDING, kind="state", choices=FINDINGS,
               tones={"sound": "good", **dict.fromkeys(list(FINDINGS)[1:], "warn")}),
        Column("action", label=Text("处理", "What was done")),
        Column("checked_by_name", label=Text("检查人", "Checked by")),
    ),
    search=("location__code", "product__product_code", "product__name", "lot__lot_no", "action"),
    search_hint=Text("库位、产品、批号", "Location, product or lot"),
    filters=(
        Filter("finding", choices=FINDINGS, label=FINDING),
        Filter("checked_on", kind="days", label=Text("日期", "Date")),
    ),
    order=("-checked_on",),
    actions=(
        Action(Text("待检查", "Due"), lambda _r: reverse("stock:storage-due"), "calendar"),
        Action(Text("记录检查", "Record a check"), lambda _r: reverse("stock:record-check"),
               "plus", True),
    ),
    empty=Empty(
        Text("还没有检查", "No checks"),
        Text("近效期、冷链、植入类和其他货物按周期检查。",
             "Goods near expiry, cold, implanted and all others are looked at by turns."),
        icon="eye",
        action=Text("记录检查", "Record a check"),
        url=lambda: reverse("stock:record-check"),
    ),
)  # fmt: skip

SENSOR_LIST = ListScreen(
    name="sensors",
    title=SENSORS_TITLE,
    rows=lambda _user: selectors.sensors(),
    permission="storage.read",
    export_permission="storage.export",
    columns=(
        Column("code", label=Text("编号", "Sensor"), kind="code", link=sensor_url),
        Column("location", label=LOCATION, kind="code", value=at("location"),
               sort=("location__code",)),
        Column("low", label=Text("下限 °C", "Not below, °C"), kind="number"),
        Column("high", label=Text("上限 °C", "Not above, °C"), kind="number"),
        Column("gap_minutes", label=Text("最长间隔(分)", "Longest gap, min"), kind="number"),
        Column("last_value", label=Text("最近 °C", "Last, °C"), kind="number"),
        Column("last_at", label=Text("最近读数", "Last reading"), kind="moment"),
    ),
    search=("code", "location__code"),
    search_hint=Text("编号、库位", "Sensor or location"),
    order=("code",),
    actions=(
        Action(EXCURSIONS_TITLE, lambda _r: reverse("stock:excursions"), "alert-triangle"),
        Action(Text("新增传感器", "Add a sensor"), lambda _r: reverse("stock:add-sensor"), "plus"),
        Action(Text("上传读数", "Load readings"), lambda _r: reverse("stock:load-readings"),
               "upload", True),
    ),
    empty=Empty(
        Text("没有传感器", "No sensors"),
        Text("给库位配温度计,读数用 CSV 或 API 上传。",
             "Give a place a thermometer; its readings come as CSV or over the API."),
        icon="gauge",
        action=Text("新增传感器", "Add a sensor"),
        url=lambda: reverse("stock:add-sensor"),
    ),
)  # fmt: skip

EXCURSION_LIST = ListScreen(
    name="excursions",
    title=EXCURSIONS_TITLE,
    subtitle=Text("超限或无数据的时段;由另一人判定。",
                  "Times out of range or without data; another person judges them."),
    rows=lambda _user: selectors.excursions(),
    permission="storage.read",
    export_permission="storage.export",
    columns=(
        Column("number", label=Text("编号", "Number"), kind="code", link=excursion_url),
        Column("kind", label=KIND, kind="state", choices=EXCURSION_KINDS,
               tones={"high": "bad", "low": "bad", "no_data": "warn"}),
        Column("status", label=STATE, kind="state", choices=EXCURSION, tones=EXCURSION_TONES),
        Column("sensor__code", label=Text("传感器", "Sensor"), kind="code", link=sensor_url),
        Column("started_at", label=Text("开始", "From"), kind="moment"),
        Column("ended_at", label=Text("结束", "To"), kind="moment"),
        Column("minutes", label=Text("分钟", "Minutes outside"), kind="number"),
        Column("deviation", label=Text("超出 °C", "Beyond the limit, °C"), kind="number"),
        Column("decision", label=Text("判定", "Decision"), choices=DECISIONS),
        Column("judged_by_name", label=Text("判定人", "Judged by")),
    ),
    search=("number", "sensor__code"),
    search_hint=Text("编号、传感器", "Number or sensor"),
    filters=(
        Filter("status", choices=EXCURSION, label=STATE),
        Filter("kind", choices=EXCURSION_KINDS, label=KIND),
    ),
    order=("-started_at",),
    empty=Empty(Text("没有超限", "No excursions"),
                Text("上传读数后自动找出。", "They are found when readings are loaded."),
                icon="circle-check"),
)  # fmt: skip


# -- one sensor ------------------------------------------------------------------------------------


def find_sensor(_user: Any, pk: UUID) -> Sensor:
    """The sensor with its log of the last days that it has."""
    record: Any = selectors.sensor(pk)
    record.until = record.last_at
    if record.until is not None:
        record.since = record.until - dt.timedelta(days=selectors.SHOWN_DAYS)
        record.points = selectors.series(pk, record.since, record.until)
        record.days = selectors.days(pk, record.since, record.until)
        record.means = selectors.kinetic_mean(pk, record.since, record.until)
    return record  # type: ignore[no-any-return]


def drawn(record: Any) -> dict[str, Any] | None:
    """The chart of its log."""
    if record.until is None:
        return None
    low, high = (None if one is None else float(one) for one in (record.low, record.high))
    step_s = selectors.SHOWN_DAYS * 86_400 / selectors.POINTS
    made = chart(
        record.points, low=low, high=high, gap_s=record.gap_minutes * 60 + step_s,
        zone=timezone.get_current_timezone(),
    )  # fmt: skip
    return {"chart": made, "days_shown": selectors.SHOWN_DAYS}


def _mean(name: str) -> Any:
    def value(record: Any) -> Any:
        if record.until is None or record.means[name] is None:
            return None
        return round(Decimal(str(record.means[name])), 2)

    return value


SENSOR = DetailScreen(
    template="stock/sensor.html",
    permission="storage.read",
    find=find_sensor,
    title=lambda one: one.code,
    subtitle=lambda one: str(one.location),
    breadcrumbs=lambda _one: crumbs((SENSORS_TITLE, "stock:sensors")),
    actions=lambda _one: [
        Action(Text("上传读数", "Load readings"), reverse("stock:load-readings"), "upload", True)
    ],
    panels=(
        Custom("stock/temperature.html", drawn),
        Fields(
            SENSORS_TITLE,
            (
                Value("location", label=LOCATION, value=at("location")),
                Value("low", label=Text("下限 °C", "Not below, °C"), kind="number"),
                Value("high", label=Text("上限 °C", "Not above, °C"), kind="number"),
                Value("gap_minutes", label=Text("最长间隔(分)", "Longest gap, min"),
                      kind="number"),
                Value("lowest", label=Text("最低 °C", "Lowest, °C"), kind="number",
                      value=_mean("low")),
                Value("mean", label=Text("平均 °C", "Mean, °C"), kind="number",
                      value=_mean("mean")),
                Value("kinetic", label=Text("平均动力学温度 °C", "Mean kinetic temperature, °C"),
                      kind="number", value=_mean("kinetic"),
                      help=Text("Tk = (ΔH/R) ÷ −ln(平均(e^(−ΔH/RT))),ΔH/R = 10 000 K;"
                                "来源:Haynes 1971,USP 1079。按等间隔读数计算。",
                                "Tk = (ΔH/R) ÷ −ln(mean(e^(−ΔH/RT))), ΔH/R = 10 000 K; source: "
                                "Haynes 1971, USP 1079. For readings in equal steps.")),
                Value("highest", label=Text("最高 °C", "Highest, °C"), kind="number",
                      value=_mean("high")),
            ),
            hide_empty=True,
        ),
        Related(
            Text("每 24 小时", "Each 24 hours"),
            lambda one: one.days if one.until else [],
            (
                Column("at", label=Text("自", "From"), kind="moment"),
                Column("low", label=Text("最低 °C", "Lowest, °C"), kind="number"),
                Column("mean", label=Text("平均 °C", "Mean, °C"), kind="number",
                       value=lambda row: round(row["mean"], 2)),
                Column("high", label=Text("最高 °C", "Highest, °C"), kind="number"),
                Column("n", label=Text("读数", "Readings"), kind="number"),
            ),
            empty=Text("还没有读数。", "No readings yet."),
        ),
        Related(
            EXCURSIONS_TITLE,
            lambda one: selectors.excursions().filter(sensor=one.pk).order_by("-started_at"),
            EXCURSION_LIST.columns,
            empty=Text("没有超限。", "None."),
        ),
    ),
)  # fmt: skip


# -- one excursion ---------------------------------------------------------------------------------


def find_excursion(user: Any, pk: UUID) -> Excursion:
    """The excursion, and whether the person who looks loaded its readings."""
    record: Any = selectors.excursion(pk)
    record.is_own = record.loaded_by_id is not None and record.loaded_by_id == getattr(
        user, "person_id", None
    )
    return record  # type: ignore[no-any-return]


def judge_steps(record: Any) -> list[Step]:
    """To judge it, by another person."""
    if record.status != "open":
        return []
    why: list[Words] = []
    if record.is_own:
        why.append(Text("您上传了读数,须由他人判定。",
                        "You loaded the readings; somebody else judges."))  # fmt: skip
    address = reverse("stock:judge-excursion", args=[record.pk])
    return [Step(Text("判定", "Judge"), address, "check", primary=True, why_not=why)]


EXCURSION_PAGE = DetailScreen(
    permission="storage.read",
    find=find_excursion,
    title=lambda one: one.number,
    subtitle=lambda one: f"{one.sensor.code} · {one.sensor.location}",
    pills=lambda one: [
        (EXCURSION_KINDS[one.kind], "bad"),
        (EXCURSION.states[one.status], EXCURSION_TONES[one.status]),
    ],
    breadcrumbs=lambda _one: crumbs((EXCURSIONS_TITLE, "stock:excursions")),
    panels=(
        Fields(
            EXCURSIONS_TITLE,
            (
                Value("sensor__code", label=Text("传感器", "Sensor"), kind="code",
                      link=sensor_url),
                Value("started_at", label=Text("开始", "From"), kind="moment"),
                Value("ended_at", label=Text("结束", "To"), kind="moment"),
                Value("minutes", label=Text("分钟", "Minutes outside"), kind="number"),
                Value("worst", label=Text("最极端 °C", "Furthest, °C"), kind="number"),
                Value("deviation", label=Text("超出 °C", "Beyond the limit, °C"), kind="number"),
                Value("held", label=Text("自动冻结", "Holds it placed"), kind="number",
                      value=lambda one: len(one.blocks)),
                Value("loaded_by_name", label=Text("上传人", "Loaded by")),
                Value("decision", label=Text("判定", "Decision"), choices=DECISIONS),
                Value("reason", label=Text("依据", "What it rests on")),
                Value("judged_by_name", label=Text("判定人", "Judged by")),
                Value("judged_at", label=Text("判定时间", "Judged"), kind="moment"),
            ),
            hide_empty=True,
        ),
        Related(
            Text("当时存放的货物", "What lay there"),
            lambda one: one.goods,
            (
                Column("product_code", label=Text("产品编码", "Product code"), kind="code"),
                Column("name", label=Text("产品", "Product")),
                Column("lot_no", label=Text("批号", "Lot"), kind="code"),
                Column("serial_no", label=Text("序列号", "Serial number"), kind="code"),
                Column("at_start", label=Text("开始时数量", "There at its beginning"),
                       kind="number", value=lambda row: Decimal(row["at_start"] or 0)),
                Column("came", label=Text("期间移入", "Came meanwhile"), kind="number",
                       value=lambda row: Decimal(row["came"] or 0)),
            ),
            empty=Text("当时那里没有货物。", "Nothing lay there."),
        ),
        NextSteps(judge_steps),
    ),
)  # fmt: skip


# -- forms -----------------------------------------------------------------------------------------


def _place_field() -> forms.Field:
    places = stock.place_codes(limit=PLACES_OFFERED)
    return forms.CharField(
        label=say(LOCATION), max_length=80, widget=Offered(places, "places-checked"),
        help_text=say(Text("仓库/库位", "WAREHOUSE/LOCATION")),
    )  # fmt: skip


def _degrees(zh: str, en: str) -> forms.Field:
    return forms.DecimalField(
        label=say(Text(zh, en)), required=False, max_digits=5, decimal_places=2, min_value=-100,
        max_value=100,
    )  # fmt: skip


def _text(zh: str, en: str, *, chars: int = 100) -> forms.Field:
    return forms.CharField(label=say(Text(zh, en)), max_length=chars, required=False)


def check_form() -> type[forms.Form]:
    """What somebody saw."""
    made: dict[str, forms.Field] = {
        "place": _place_field(),
        "product_code": _text("产品编码", "Product code"),
        "lot_no": _text("批号", "Lot", chars=60),
        "temperature": _degrees("温度 °C", "Temperature, °C"),
        "humidity": _degrees("湿度 %", "Humidity, %"),
        "finding": forms.ChoiceField(label=say(FINDING), choices=choice_pairs(FINDINGS)),
        "action": _text("处理措施", "What was done", chars=400),
        "is_held": forms.BooleanField(
            label=say(Text("立即冻结", "Hold it at once")), required=False
        ),
        "key": key_field(),
    }
    return type("CheckForm", (forms.Form,), made)


def _check(*, user: Any, record: Any, version: Any, **given: Any) -> Any:
    return services.record_check(actor=user, at=now(), **given)


RECORD_CHECK = FormScreen(
    permission="storage.create",
    title=lambda _record: say(Text("记录检查", "Record a check")),
    form=check_form,
    save=_check,
    done=lambda _made: reverse("stock:storage-due"),
    saved=Text("已记录。", "Recorded."),
    submit=Text("记录", "Record"),
    cancel=lambda _record: reverse("stock:storage-checks"),
    breadcrumbs=lambda _record: crumbs((CHECKS_TITLE, "stock:storage-checks")),
)


def sensor_form() -> type[forms.Form]:
    """A thermometer."""
    made: dict[str, forms.Field] = {
        "code": forms.CharField(label=say(Text("编号", "Sensor")), max_length=40),
        "place": _place_field(),
        "low": _degrees("下限 °C(空:按温区)", "Not below, °C (empty: as the zone says)"),
        "high": _degrees("上限 °C(空:按温区)", "Not above, °C (empty: as the zone says)"),
        "gap_minutes": forms.IntegerField(
            label=say(Text("最长间隔(分)", "Longest gap, min")), min_value=1, max_value=1440,
            initial=60, help_text=say(Text("超过即为“无数据”。", "Beyond it there is “no data”.")),
        ),
    }  # fmt: skip
    return type("SensorForm", (forms.Form,), made)


def _add_sensor(*, user: Any, record: Any, version: Any, **given: Any) -> Sensor:
    return services.add_sensor(actor=user, **given)


ADD_SENSOR = FormScreen(
    permission="storage.approve",
    title=lambda _record: say(Text("新增传感器", "Add a sensor")),
    form=sensor_form,
    save=_add_sensor,
    done=sensor_url,
    saved=Text("已新增。", "Added."),
    submit=Text("新增", "Add"),
    cancel=lambda _record: reverse("stock:sensors"),
    breadcrumbs=lambda _record: crumbs((SENSORS_TITLE, "stock:sensors")),
)


class _Log(forms.FileField):
    """A CSV file of at most 5 MiB."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Refuses a file that is too large before it is read."""
        found = super().clean(data, initial)
        if found.size > FILE_MAX_BYTES:
            raise forms.ValidationError(say(Text("文件超过 5 MiB。", "The file exceeds 5 MiB.")))
        return found


def load_form() -> type[forms.Form]:
    """A file of readings."""
    hint = Text("UTF-8 CSV,列:sensor,at,temperature,humidity;一次最多 10 万行。",
                "CSV in UTF-8 with the columns sensor,at,temperature,humidity; at most 100,000 "
                "rows.")  # fmt: skip
    made = {"file": _Log(label=say(Text("读数文件", "File of readings")), help_text=say(hint))}
    return type("LoadForm", (forms.Form,), made)


def _load(*, user: Any, record: Any, version: Any, file: Any) -> dict[str, int]:
    return services.record_readings(actor=user, rows=rows_of_csv(file.read()), at=now())


LOAD = FormScreen(
    permission="storage.create",
    title=lambda _record: say(Text("上传读数", "Load readings")),
    form=load_form,
    save=_load,
    done=lambda made: reverse("stock:excursions" if made["excursions"] else "stock:sensors"),
    saved=Text("读数已保存,超限已找出。", "Kept; excursions were looked for."),
    submit=Text("上传", "Load"),
    cancel=lambda _record: reverse("stock:sensors"),
    breadcrumbs=lambda _record: crumbs((SENSORS_TITLE, "stock:sensors")),
)


def judge_form() -> type[forms.Form]:
    """What it means for the goods."""
    made: dict[str, forms.Field] = {
        "decision": forms.ChoiceField(
            label=say(Text("判定", "Decision")), choices=choice_pairs(DECISIONS),
            help_text=say(Text("放行即解除它所冻结的;其余保持冻结。",
                               "To release ends the holds it placed; otherwise they stay.")),
        ),
        "reason": reason_field(say(Text("依据", "What it rests on"))),
    }  # fmt: skip
    return type("JudgeForm", (forms.Form,), made)


def _judge(*, user: Any, record: Excursion, version: Any, decision: str, reason: str) -> Excursion:
    return services.judge_excursion(
        actor=user, excursion=record.pk, decision=decision, reason=reason, at=now()
    )


JUDGE = FormScreen(
    permission="storage.approve",
    find=lambda _user, pk: selectors.excursion(pk),
    title=lambda one: f"{one.number} · {say(Text('判定', 'Judge'))}",
    form=judge_form,
    values=lambda _one: {},
    save=_judge,
    done=excursion_url,
    saved=Text("已判定。", "Judged."),
    submit=Text("判定", "Judge"),
    cancel=excursion_url,
    breadcrumbs=lambda one: [
        *crumbs((EXCURSIONS_TITLE, "stock:excursions")), (one.number, excursion_url(one)),
    ],
)  # fmt: skip
