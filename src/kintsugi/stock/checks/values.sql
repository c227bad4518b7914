-- Products whose kept value or quantity is not the sum of their moves: no row is right. A hundredth
-- may be lost to rounding.
with folded as (
    select m.product_id,
           sum(case when stock_is_ours(g.kind) then m.qty else -m.qty end) as qty,
           sum(case when stock_is_ours(g.kind) then m.qty else -m.qty end * coalesce(m.unit_cost, 0)) as value
    from stock_move m
    join stock_location s on s.id = m.source_id
    join stock_location g on g.id = m.target_id
    where stock_is_ours(s.kind) <> stock_is_ours(g.kind)
    group by m.product_id
)
select r.product_code, coalesce(f.qty, 0) as ledger_qty, coalesce(c.qty, 0) as kept_qty,
       round(coalesce(f.value, 0), 2) as ledger_value, round(coalesce(c.value, 0), 2) as kept_value
from folded f
full join stock_cost c on c.product_id = f.product_id
join products_product r on r.id = coalesce(f.product_id, c.product_id)
where coalesce(f.qty, 0) <> coalesce(c.qty, 0)
   or abs(coalesce(f.value, 0) - coalesce(c.value, 0)) > 0.01
order by r.product_code
limit %(limit)s
