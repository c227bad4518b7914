"""Truths about the ledger, worked out by SQL of the tests' own: nothing here calls the product."""

from typing import Any

from django.db import connection

#: What the moves add up to, place by place, against what the balances say.
FOLD = """
with folded as (
    select product_id, lot_id, location_id, quality, sum(qty) as qty from (
        select product_id, lot_id, target_id as location_id, target_quality as quality, qty
        from stock_move
        union all
        select product_id, lot_id, source_id, source_quality, -qty from stock_move
    ) both_sides
    join stock_location l on l.id = location_id and l.kind not in ('supplier', 'loss', 'opening')
    group by product_id, lot_id, location_id, quality
)
select coalesce(f.location_id, b.location_id), coalesce(f.qty, 0), coalesce(b.on_hand, 0)
from folded f
full join stock_balance b on b.product_id = f.product_id and b.location_id = f.location_id
    and b.quality = f.quality and b.lot_id is not distinct from f.lot_id
where coalesce(f.qty, 0) <> coalesce(b.on_hand, 0)
"""
#: A unit's last move leads to where its row says it is.
POSITIONS = """
select u.serial_no from stock_unit u
left join lateral (
    select m.target_id, m.target_quality from stock_move m
    where m.unit_id = u.id order by m.seq desc limit 1
) last on true
where last.target_id is not null
  and (last.target_id, last.target_quality) is distinct from (u.location_id, u.quality)
"""
#: Serial units at a place are as many as its balance says.
COUNTS = """
select b.location_id, b.on_hand, count(u.id)
from stock_balance b
join products_product p on p.id = b.product_id and p.tracking = 'serial'
left join stock_unit u on u.product_id = b.product_id and u.location_id = b.location_id
    and u.quality = b.quality and u.lot_id is not distinct from b.lot_id
where b.is_ours
group by b.id having b.on_hand <> count(u.id)
"""
#: Nothing of ours below nothing, nothing reserved that is not there, every reservation counted.
LIMITS = """
select b.id from stock_balance b
where b.is_ours and b.on_hand < 0 or b.reserved > b.on_hand and b.reserved > 0
   or b.quality = 'qualified' and b.reserved <> (
       select coalesce(sum(v.qty), 0) from stock_reservation v
       where v.status = 'active' and v.product_id = b.product_id and v.location_id = b.location_id
         and v.lot_id is not distinct from b.lot_id)
"""
#: A unit never leaves a place that its move before did not bring it to.
CHAINS = """
select unit_id from (
    select m.unit_id, m.source_id, m.source_quality,
           lag(m.target_id) over w as came_to, lag(m.target_quality) over w as came_as
    from stock_move m where m.unit_id is not null
    window w as (partition by m.unit_id order by m.seq)
) chain
where came_to is not null and (came_to, came_as) is distinct from (source_id, source_quality)
"""
#: The value of a product is what came in less what went out, each at its own cost.
VALUES = """
select c.product_id, c.qty, c.value, s.qty, s.value
from stock_cost c
join (
    select m.product_id,
           sum(case when t.kind in ('bin', 'van', 'consignment', 'in_transit', 'vendor_repair')
               then m.qty else -m.qty end) as qty,
           sum(case when t.kind in ('bin', 'van', 'consignment', 'in_transit', 'vendor_repair')
               then m.qty else -m.qty end * coalesce(m.unit_cost, 0)) as value
    from stock_move m
    join stock_location f on f.id = m.source_id
    join stock_location t on t.id = m.target_id
    where (f.kind in ('bin', 'van', 'consignment', 'in_transit', 'vendor_repair'))
        <> (t.kind in ('bin', 'van', 'consignment', 'in_transit', 'vendor_repair'))
    group by m.product_id
) s on s.product_id = c.product_id
where c.qty <> s.qty or abs(c.value - s.value) > 0.01
"""


def violations() -> dict[str, list[Any]]:
    """Rows that break a truth, by its name; empty when all hold."""
    found = {}
    with connection.cursor() as cursor:
        for name, statement in (
            ("balance is the fold of the ledger", FOLD),
            ("a unit is where its last move led", POSITIONS),
            ("units are as many as the balance", COUNTS),
            ("nothing below nothing", LIMITS),
            ("a unit's moves are a chain", CHAINS),
            ("value is the fold of the ledger", VALUES),
        ):
            cursor.execute(statement)
            rows = cursor.fetchall()
            if rows:
                found[name] = rows[:5]
    return found
