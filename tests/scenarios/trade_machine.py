"""Random sequences of the commands of stock and sales, with crashes, against a plain model.

The market of ``tests/sales/dispatch.py`` is opened once; every run starts from it in a savepoint,
often with an order that has come some way already, since few random sequences come far. A
step is one command with arguments that may be right or wrong. It may be broken off after some
statement (as when the power goes), and it may be sent twice. After every step:

- the balances are the sum of the moves, recounted here in plain SQL;
- every unit is where its last move put it;
- of each product there is in all what came in and was not written off or sent back to its maker;
- nothing of ours is below zero, and no more is reserved than there is;
- what orders and deliveries count is what the ledger did;
- nothing that was on hold was shipped.
"""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

from django.db import connection, transaction
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.sales import services as sales
from kintsugi.sales.models import Delivery, DeliveryItem, Order, Return
from kintsugi.sales.selectors import deliveries as reads
from kintsugi.sales.services import Arrived, Asked, Back, Decision, Scan, Signature, Transport
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as goods
from kintsugi.stock.models import Block, Unit
from tests.sales.dispatch import COLD
from tests.sales.market import AT
from tests.scenarios import trade_counting
from tests.scenarios.trade_counting import Act, one_of

FOLD = """
with fold as (
    select product_id, lot_id, location_id, quality, sum(qty) as qty from (
        select product_id, lot_id, target_id as location_id, target_quality as quality, qty
        from stock_move
        union all
        select product_id, lot_id, source_id, source_quality, -qty from stock_move
    ) m group by 1, 2, 3, 4
)
select 'balance', coalesce(f.product_id, b.product_id)::text, f.qty, b.on_hand
from fold f
full join stock_balance b on b.product_id = f.product_id and b.lot_id is not distinct from f.lot_id
    and b.location_id = f.location_id and b.quality = f.quality
join stock_location l on l.id = coalesce(f.location_id, b.location_id)
where l.kind not in ('supplier', 'loss', 'opening')
  and coalesce(f.qty, 0) <> coalesce(b.on_hand, 0)
union all
select 'below', b.product_id::text, b.on_hand, b.reserved from stock_balance b
where b.is_ours and b.on_hand < 0 or b.reserved < 0 or b.reserved > 0 and b.reserved > b.on_hand
union all
select 'unit', u.serial_no, null, null from stock_unit u
join lateral (
    select m.target_id, m.target_quality from stock_move m where m.unit_id = u.id
    order by m.seq desc limit 1
) m on true
where (m.target_id, m.target_quality) is distinct from (u.location_id, u.quality)
"""
THERE = """
select b.product_id, sum(b.on_hand) from stock_balance b
join stock_location l on l.id = b.location_id
where l.kind not in ('supplier', 'loss', 'opening') group by 1
"""
PICTURE = """
select md5(string_agg(t, '|' order by t)) from (
    select 'b' || b::text as t from stock_balance b
    union all select 'u' || u.id || u.location_id || u.quality from stock_unit u
    union all select 'r' || r.id || r.status from stock_reservation r
    union all select 'm' || count(*) from stock_move
    union all select 'o' || o.id || o.status || o.version from sales_order o
    union all select 'l' || l.id || l.reserved || l.picked || l.shipped || l.signed || l.returned
        from sales_orderline l
    union all select 'd' || d.id || d.status || d.version from sales_delivery d
    union all select 'i' || i.id || i.picked || i.shipped || i.is_void from sales_deliveryitem i
    union all select 'x' || x.id || x.status || x.version from sales_return x
    union all select 's' || s.id || s.status || s.version from stock_stocktake s
    union all select 'c' || c.id || c.state || c.counts || coalesce(c.counted, 0) || c.reason
        from stock_stocktakeline c
    union all select 'a' || a.id || a.status || a.version from stock_adjustment a
) s
"""
JUNK = ("", "nothing", "(01)00000000000000", "SN-99", "\x1d\x1d", "支架")
RESTS = ("", "signed", "refused", "lost", "damaged")
DECISIONS = ("restock", "refund", "reject", "scrap", "repair", "exchange", "to_maker")

#: How far an order has come, or a stocktake, when a run begins.
BEGINNINGS = ("nothing", "counted", "reserved", "assigned", "picked", "checked", "shipped",
              "signed", "back")  # fmt: skip


class PowerCut(Exception):
    """The process is gone in the middle of a command."""


class TradeMachine(RuleBasedStateMachine):
    """One run; ``market`` is the opened market, set by the test."""

    market: ClassVar[Any]
    commands_done: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.savepoint()
        shop = self.market.shop
        self.came: Counter[Any] = Counter(
            {shop.monitor.pk: 5, shop.gloves.pk: 100, shop.stent.pk: 30, shop.vaccine.pk: 8}
        )
        self.lost: Counter[Any] = Counter()  # written off, or sent back to the maker
        self.held: set[Any] = set()
        self.gone: set[Any] = set()  # those of them that had left before

    def teardown(self) -> None:
        """Everything of this run is forgotten."""
        transaction.savepoint_rollback(self.point)

    @initialize(far=st.sampled_from(BEGINNINGS), cold=st.booleans(), lent=st.booleans())
    def begin(self, far: str, cold: bool, lent: bool) -> None:
        """An order of goods of every kind, or of cold ones, sold or on consignment, has come so
        far."""
        market, shop = self.market, self.market.shop
        if far == "counted":
            trade_counting.counted(self, Decimal(-1 if cold else 3))
        if far in ("nothing", "counted"):
            return
        lines = (
            [market.line(shop.vaccine, 4, "50")]
            if cold
            else [market.line(shop.monitor, 2, "9000"), market.line(shop.stent, 12, "800"),
                  market.line(shop.gloves, 30, "1")]
        )  # fmt: skip
        order = market.reserved(*lines, **({"kind": "consignment"} if lent else {}))
        if far == "reserved":
            return
        made = market.delivery(order)
        transport = COLD if cold else Transport()
        if far == "picked":
            market.picked(made)
        elif far == "checked":
            market.checked(made)
        elif far != "assigned":
            market.shipped(made, transport)
        if far in ("signed", "back") and not lent:
            market.sign(made, rest="signed", arrival_temp=Decimal("5.0"))
            if far == "back":
                item = made.items.order_by("pk").first()
                back = sales.request_return(
                    actor=market.seller, delivery=made.pk, kind="exchange", reason="quality",
                    lines=[Asked(item.pk, item.signed)], key=_key(), at=AT,
                )  # fmt: skip
                sales.approve_return(actor=market.quality, return_of=back.pk, key=_key(), at=AT)
        settle()
        self.all_is_well()

    # -- one step --------------------------------------------------------------------------------

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """A command that may be cut off first, and may be sent twice."""
        name = data.draw(st.sampled_from(sorted(COMMANDS)), label="command")
        act = COMMANDS[name](self, data.draw)
        if not act:
            return
        cut = data.draw(st.one_of(st.none(), st.integers(1, 40)), label="cut off after")
        if cut is not None:
            before = self.picture()
            if self.cut_off(act, cut):
                event(f"{name}: cut off")
                assert self.picture() == before, "a command that was cut off left something"
        done = self.run(name, act)
        if done:
            getattr(act, "effect", lambda: None)()
            TradeMachine.commands_done += 1
        if done and data.draw(st.booleans(), label="sent twice"):
            before = self.picture()
            self.run(name, act)
            assert self.picture() == before, f"{name} sent twice took effect twice"
        self.all_is_well()

    def run(self, name: str, act: Callable[[], Any]) -> bool:
        """Whether the command was taken; a refusal leaves nothing behind."""
        try:
            with transaction.atomic():
                act()
                settle()
        except KintsugiError as refused:
            event(f"{name}: {refused.code}")
            return False
        event(f"{name}: done")
        return True

    def cut_off(self, act: Callable[[], Any], after: int) -> bool:
        """Whether the command was still at work after so many statements."""
        left = after

        def wrapper(execute: Any, *given: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise PowerCut
            return execute(*given)

        try:
            with transaction.atomic(), connection.execute_wrapper(wrapper):
                act()
                raise PowerCut  # it was quicker: gone before it could say that it is done
        except PowerCut:
            return True
        except KintsugiError:
            return False

    # -- what must hold --------------------------------------------------------------------------

    def all_is_well(self) -> None:
        """The rules of the module's docstring."""
        assert rows(FOLD) == []
        assert dict(rows(THERE)) == {k: v - self.lost[k] for k, v in self.came.items()}
        assert reads.ledger_differences(list(Delivery.objects.values_list("pk", flat=True))) == []
        away = Unit.objects.filter(location__kind__in=("in_transit", "customer"))
        assert not (self.held - self.gone) & set(away.values_list("pk", flat=True))

    @staticmethod
    def picture() -> Any:
        """A digest of everything that a command may change."""
        return rows(PICTURE)


def settle() -> None:
    """What is looked at when a transaction commits, now."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


def rows(statement: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


# -- the commands: each draws its arguments and gives what to do, or None for nothing -----------


def _key() -> str:
    return uuid7().hex


def receive(m: TradeMachine, draw: Any) -> Any:
    """More gloves or stents from the supplier."""
    shop, qty, key = m.market.shop, draw(st.integers(1, 9)), _key()
    product, lot = draw(st.sampled_from([(shop.gloves, None), (shop.stent, m.market.late)]))

    return Act(
        lambda: shop.receive(product, qty, lot=lot, key=key),
        lambda: m.came.update({product.pk: qty}),
    )


def transfer(m: TradeMachine, draw: Any) -> Any:
    """Gloves from one shelf to another, sometimes more than there are."""
    shop, qty, key = m.market.shop, draw(st.integers(1, 120)), _key()
    source, target = draw(st.permutations([shop.shelf, shop.shelf2, shop.far]))[:2]
    return lambda: shop.move("transfer", shop.gloves, qty, source, target, key=key)


def order(m: TradeMachine, draw: Any) -> Any:
    """An order, approved, with all it can have kept for it."""
    shop, market = m.market.shop, m.market
    wanted = draw(
        st.lists(
            st.tuples(
                st.sampled_from([shop.monitor, shop.gloves, shop.stent, shop.vaccine]),
                st.integers(1, 12),
            ),
            min_size=1, max_size=3, unique_by=lambda one: one[0].pk,
        )
    )  # fmt: skip
    keys = [_key() for _ in range(4)]
    more = draw(st.sampled_from([{}, {"kind": "consignment"}]))

    def act() -> None:
        made = market.order(*(market.line(p, q) for p, q in wanted), key=keys[0], **more)
        for name, actor, key in (
            ("submit_order", market.seller, keys[1]), ("approve_order", market.quality, keys[2]),
        ):  # fmt: skip
            getattr(sales, name)(actor=actor, order=made.pk, key=key, at=AT)
        sales.reserve_order(actor=market.seller, order=made.pk, key=keys[3], at=AT)

    return act


def _of_order(name: str, who: str, **more: Any) -> Any:
    def command(m: TradeMachine, draw: Any) -> Any:
        found, key = one_of(draw, Order.objects), _key()
        actor = getattr(m.market, who)
        return found and (
            lambda: getattr(sales, name)(actor=actor, order=found, key=key, at=AT, **more)
        )

    return command


def deliver(m: TradeMachine, draw: Any) -> Any:
    """A delivery of an order, assigned to the picker."""
    found, keys, market = one_of(draw, Order.objects), (_key(), _key()), m.market

    def act() -> None:
        made = sales.create_delivery(
            actor=market.keeper, orders=[found], warehouse=market.shop.main.pk, key=keys[0], at=AT
        )
        sales.assign_delivery(
            actor=market.keeper, delivery=made.pk, picker=market.picker.person_id, key=keys[1],
            at=AT,
        )  # fmt: skip

    return found and act


def _labels(m: TradeMachine) -> list[str]:
    shop = m.market.shop
    serials = list(Unit.objects.order_by("serial_no").values_list("serial_no", flat=True))
    return [*serials, "EARLY", "LATE", "COLD1", shop.gloves.product_code, *JUNK]


def _scan(name: str, who: str) -> Any:
    def command(m: TradeMachine, draw: Any) -> Any:
        found, key = one_of(draw, Delivery.objects), _key()
        raw = draw(st.sampled_from(_labels(m)))
        qty = draw(st.one_of(st.none(), st.integers(1, 12).map(Decimal)))
        actor = getattr(m.market, who)
        return found and (
            lambda: getattr(sales, name)(
                actor=actor, delivery=found, scans=[Scan(raw, qty)], key=key, at=AT
            )
        )

    return command


def _whole(name: str, who: str) -> Any:
    """Everything scanned that is kept (pick) or picked (check), in one command."""

    def command(m: TradeMachine, draw: Any) -> Any:
        found, key = one_of(draw, Delivery.objects), _key()
        if found is None:
            return None
        if name == "pick_scan":
            kept = [line.kept_for for line in Delivery.objects.get(pk=found).lines.all()]
            things = [(o.unit, o.lot, o.product, o.qty)
                      for o in stock.kept_goods(kept, warehouse=m.market.shop.main.pk)]  # fmt: skip
        else:
            items = DeliveryItem.objects.filter(delivery=found, is_void=False)
            things = [
                (o.unit, o.lot, o.product, o.picked)
                for o in items.select_related("unit", "lot", "product").order_by("pk")
            ]
        scans = [
            Scan(
                unit.serial_no if unit else lot.lot_no if lot else product.product_code,
                None if unit else qty,
            )
            for unit, lot, product, qty in things
        ]
        actor = getattr(m.market, who)
        return scans and (
            lambda: getattr(sales, name)(actor=actor, delivery=found, scans=scans, key=key, at=AT)
        )

    return command


def _of_delivery(name: str, who: str, **more: Any) -> Any:
    def command(m: TradeMachine, draw: Any) -> Any:
        found, key = one_of(draw, Delivery.objects), _key()
        actor = getattr(m.market, who)
        return found and (
            lambda: getattr(sales, name)(actor=actor, delivery=found, key=key, at=AT, **more)
        )

    return command


def ship(m: TradeMachine, draw: Any) -> Any:
    """Cold or not."""
    found, key = one_of(draw, Delivery.objects), _key()
    transport = draw(st.sampled_from([Transport(), COLD]))
    return found and (
        lambda: sales.ship_delivery(
            actor=m.market.picker, delivery=found, transport=transport, key=key, at=AT
        )
    )


def sign(m: TradeMachine, draw: Any) -> Any:
    """What is on the way arrived, was refused, was lost."""
    found, key, rest = one_of(draw, Delivery.objects), _key(), draw(st.sampled_from(RESTS))
    signature = Signature("护士长吴", AT, arrival_temp=Decimal("5.0"))
    return found and (
        lambda: sales.sign_delivery(
            actor=m.market.driver, delivery=found, signature=signature, key=key, at=AT, lines=(),
            rest=rest,
        )
    )  # fmt: skip


def _of_lent(name: str, outcomes: tuple[str, ...]) -> Any:
    """Some of what lies with a customer, or is on its way, was used or comes back."""

    def command(m: TradeMachine, draw: Any) -> Any:
        item, key = one_of(draw, DeliveryItem.objects.filter(is_void=False)), _key()
        if item is None:
            return None
        qty, outcome = Decimal(draw(st.integers(1, 6))), draw(st.sampled_from(outcomes))
        of = DeliveryItem.objects.get(pk=item)
        signature = Signature("护士长吴", AT, arrival_temp=Decimal("5.0"))

        def act() -> None:
            getattr(sales, name)(
                actor=m.market.driver, delivery=of.delivery_id, signature=signature, key=key,
                at=AT, lines=[Arrived(item, outcome, qty, "看过")],
            )  # fmt: skip

        def effect() -> None:
            if outcome == "lost":
                m.lost[of.product_id] += qty

        return Act(act, effect)

    return command


def reduce_order(m: TradeMachine, draw: Any) -> Any:
    """Less of one line is wanted."""
    found, key = one_of(draw, Order.objects), _key()
    quantities = {draw(st.integers(1, 3)): Decimal(draw(st.integers(1, 12)))}
    return found and (
        lambda: sales.reduce_order(
            actor=m.market.seller, order=found, quantities=quantities, reason="少要", key=key,
            at=AT,
        )
    )  # fmt: skip


def ask_back(m: TradeMachine, draw: Any) -> Any:
    """The seller asks for something of a delivery to come back."""
    item, key = one_of(draw, DeliveryItem.objects.filter(is_void=False)), _key()
    if item is None:
        return None
    delivery = DeliveryItem.objects.get(pk=item).delivery_id
    qty = Decimal(draw(st.integers(1, 6)))
    kind = draw(st.sampled_from(["refund", "exchange", "repair", "scrap"]))
    return lambda: sales.request_return(
        actor=m.market.seller, delivery=delivery, kind=kind, reason="quality",
        lines=[Asked(item, qty)], key=key, at=AT,
    )  # fmt: skip


def _of_return(name: str, who: str, **more: Any) -> Any:
    def command(m: TradeMachine, draw: Any) -> Any:
        found, key = one_of(draw, Return.objects), _key()
        actor = getattr(m.market, who)
        return found and (
            lambda: getattr(sales, name)(actor=actor, return_of=found, key=key, at=AT, **more)
        )

    return command


def take_in(m: TradeMachine, draw: Any) -> Any:
    """The keeper receives what comes back, or something else."""
    found, key = one_of(draw, Return.objects), _key()
    raw = draw(st.sampled_from(_labels(m)))
    qty = Decimal(draw(st.integers(1, 6)))
    return found and (
        lambda: sales.receive_return(
            actor=m.market.keeper, return_of=found, scans=[Back(raw, qty)], key=key, at=AT
        )
    )


def inspect(m: TradeMachine, draw: Any) -> Any:
    """Quality decides about all lines of a return alike."""
    found, key = one_of(draw, Return.objects), _key()
    if found is None:
        return None
    shop = m.market.shop
    what, place = draw(st.sampled_from(DECISIONS)), draw(st.sampled_from([None, shop.shelf2.pk]))
    lines = list(Return.objects.get(pk=found).lines.order_by("pk").values_list("pk", flat=True))

    def act() -> None:
        sales.inspect_return(
            actor=m.market.quality, return_of=found, key=key, at=AT,
            decisions=[Decision(line, what, "看过", place) for line in lines],
        )  # fmt: skip

    def effect() -> None:
        if what == "to_maker":  # where it is no longer ours
            for line in Return.objects.get(pk=found).lines.select_related("item"):
                m.lost[line.item.product_id] += line.received

    return Act(act, effect)


def hold(m: TradeMachine, draw: Any) -> Any:
    """A lot or a unit is put on hold."""
    shop, market = m.market.shop, m.market
    units = list(Unit.objects.order_by("pk"))
    what = draw(st.sampled_from([None, *(u.pk for u in units)]))
    thing = {"product": shop.stent.pk, "lot": market.early.pk}
    if what is not None:
        thing = {"product": shop.monitor.pk, "unit": what}

    def act() -> None:
        if not Block.objects.filter(
            lot=thing.get("lot"), unit=thing.get("unit"), released_at=None
        ).exists():
            goods.place_block(actor=market.quality, kind="hold", reason="查", at=AT, **thing)

    def effect() -> None:
        if what is not None:
            m.held.add(what)
            if Unit.objects.get(pk=what).location.kind in ("in_transit", "customer"):
                m.gone.add(what)

    return Act(act, effect)


def release(m: TradeMachine, draw: Any) -> Any:
    """Another person lifts a hold."""
    found = one_of(draw, Block.objects.filter(released_at=None))
    if found is None:
        return None

    def act() -> None:
        if Block.objects.get(pk=found).released_at is None:
            goods.release_block(actor=m.market.finance, block=found, reason="无事", at=AT)

    def effect() -> None:
        unit = Block.objects.get(pk=found).unit_id
        m.held.discard(unit)
        m.gone.discard(unit)

    return Act(act, effect)


COMMANDS: dict[str, Callable[[TradeMachine, Any], Any]] = {
    "receive": receive,
    "transfer": transfer,
    "order": order,
    "order again": order,
    "reserve": _of_order("reserve_order", "seller"),
    "release order": _of_order("release_order", "seller", reason="改期"),
    "cancel order": _of_order("cancel_order", "seller", reason="不要了"),
    "hold order": _of_order("hold_order", "finance", kind="credit", reason="欠款"),
    "resume order": _of_order("resume_order", "finance", reason="已付"),
    "close order": _of_order("close_order", "seller"),
    "reduce order": reduce_order,
    "deliver": deliver,
    "deliver again": deliver,
    "pick": _scan("pick_scan", "picker"),
    "pick all": _whole("pick_scan", "picker"),
    "pick all again": _whole("pick_scan", "picker"),
    "put back": _scan("put_back_scan", "picker"),
    "finish picking": _of_delivery("finish_picking", "picker", short_reason="缺货"),
    "reopen picking": _of_delivery("reopen_picking", "picker", reason="再看"),
    "start check": _of_delivery("start_check", "checker"),
    "start check by the picker": _of_delivery("start_check", "picker"),
    "check": _scan("check_scan", "checker"),
    "check all": _whole("check_scan", "checker"),
    "pass check": _of_delivery("pass_check", "checker"),
    "fail check": _of_delivery("fail_check", "checker", reason="不符"),
    "ship": ship,
    "cancel delivery": _of_delivery("cancel_delivery", "keeper", reason="不发"),
    "hand over": _of_delivery("hand_over", "picker"),
    "reverse shipment": _of_delivery("reverse_shipment", "driver", reason="发错"),
    "sign": sign,
    "sign for some": _of_lent("sign_delivery", ("signed", "damaged", "refused", "lost")),
    "report use": _of_lent("report_use", ("signed", "lost")),
    "take back": _of_lent("take_back", ("refused", "damaged", "signed")),
    "ask back": ask_back,
    "approve return": _of_return("approve_return", "quality"),
    "approve own return": _of_return("approve_return", "seller"),
    "take in": take_in,
    "inspect": inspect,
    "exchange": _of_return("exchange", "keeper"),
    "close return": _of_return("close_return", "quality", credit_amount=Decimal(1)),
    "hold": hold,
    "release": release,
    **trade_counting.COMMANDS,
}
