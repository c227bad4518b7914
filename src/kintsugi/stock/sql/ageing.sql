-- How long what is here has been here: the latest receipts of a product and lot are taken to be what is
-- left (first in, first out), each with the day it came in.
with held as (
    select b.product_id, b.lot_id, sum(b.on_hand) as qty
    from stock_balance b where b.is_ours and b.on_hand > 0
    group by b.product_id, b.lot_id
), came as (
    select m.product_id, m.lot_id, p.business_date as day, sum(m.qty) as qty
    from stock_move m
    join stock_posting p on p.id = m.posting_id
    join stock_location s on s.id = m.source_id
    join stock_location g on g.id = m.target_id
    where stock_is_ours(g.kind) and not stock_is_ours(s.kind)
    group by m.product_id, m.lot_id, p.business_date
), layers as (
    select c.product_id, h.qty as held, c.day, c.qty,
           coalesce(sum(c.qty) over (partition by c.product_id, c.lot_id order by c.day desc
                    rows between unbounded preceding and 1 preceding), 0) as later
    from came c
    join held h on h.product_id = c.product_id and h.lot_id is not distinct from c.lot_id
), aged as (
    select product_id, %(day)s::date - day as days, least(qty, held - later) as qty
    from layers where held > later
)
select r.id as product_id, r.product_code, r.name,
       coalesce(sum(a.qty) filter (where a.days <= 30), 0) as to_30,
       coalesce(sum(a.qty) filter (where a.days between 31 and 90), 0) as to_90,
       coalesce(sum(a.qty) filter (where a.days between 91 and 180), 0) as to_180,
       coalesce(sum(a.qty) filter (where a.days between 181 and 365), 0) as to_365,
       coalesce(sum(a.qty) filter (where a.days > 365), 0) as older,
       round(sum(a.qty) * max(k.value / nullif(k.qty, 0)), 2) as value
from aged a
join products_product r on r.id = a.product_id
left join stock_cost k on k.product_id = a.product_id
group by r.id, r.product_code, r.name
order by older desc, to_365 desc, value desc nulls last, r.product_code
limit %(limit)s
