-- What stock was worth at the end of a day, by product and warehouse: the fold of the ledger up to
-- then. A product's average is that of the whole house; a warehouse has its quantity of it. With it
-- what went out in the year before, for the turnover.
with crossed as (
    select m.product_id, p.business_date,
           case when stock_is_ours(g.kind) then m.qty else -m.qty end as qty,
           case when stock_is_ours(g.kind) then m.qty else -m.qty end * coalesce(m.unit_cost, 0) as value
    from stock_move m
    join stock_posting p on p.id = m.posting_id and p.business_date <= %(day)s
    join stock_location s on s.id = m.source_id
    join stock_location g on g.id = m.target_id
    where stock_is_ours(s.kind) <> stock_is_ours(g.kind)
), priced as (
    select product_id, sum(qty) as qty, sum(value) as value,
           -sum(qty) filter (where qty < 0 and business_date > %(day)s::date - 365) as out_qty,
           -sum(value) filter (where qty < 0 and business_date > %(day)s::date - 365) as out_value,
           coalesce(sum(value) filter (where business_date <= %(day)s::date - 365), 0) as value_before
    from crossed group by product_id
), placed as (
    select e.product_id, l.warehouse_id, sum(e.qty) as qty
    from (
        select m.product_id, m.target_id as location_id, m.qty, m.posting_id from stock_move m
        union all
        select m.product_id, m.source_id, -m.qty, m.posting_id from stock_move m
    ) e
    join stock_posting p on p.id = e.posting_id and p.business_date <= %(day)s
    join stock_location l on l.id = e.location_id and stock_is_ours(l.kind)
    group by e.product_id, l.warehouse_id
    having sum(e.qty) <> 0
)
select r.id as product_id, r.product_code, r.name, w.code as warehouse, h.qty,
       round(c.value / nullif(c.qty, 0), 6) as unit_cost,
       round(h.qty * c.value / nullif(c.qty, 0), 2) as value,
       c.value as product_value, coalesce(c.out_qty, 0) as out_qty,
       round(coalesce(c.out_value, 0), 2) as out_value,
       round(coalesce(c.out_value, 0) / nullif((c.value + c.value_before) / 2, 0), 2) as turns
from placed h
join priced c on c.product_id = h.product_id
join products_product r on r.id = h.product_id
left join stock_warehouse w on w.id = h.warehouse_id
where %(warehouse)s::uuid is null or h.warehouse_id = %(warehouse)s
order by value desc nulls last, r.product_code, w.code
limit %(limit)s
