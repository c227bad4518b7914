-- Goods that are due to be looked at: of the rules that concern them the shortest interval counts, from
-- the last check of that lot at that place (or of the place as a whole). What was never looked at is due.
with held as (
    select b.location_id, b.product_id, b.lot_id, sum(b.on_hand) as qty
    from stock_balance b
    join stock_location l on l.id = b.location_id and l.kind in ('bin', 'van')
    where b.on_hand > 0
    group by b.location_id, b.product_id, b.lot_id
), ruled as (
    select h.*, r.product_code, r.name, t.lot_no, t.expiry_date, w.rule, w.days
    from held h
    join products_product r on r.id = h.product_id
    left join stock_lot t on t.id = h.lot_id
    cross join lateral (
        select u.rule, u.days
        from unnest(%(rules)s::text[], %(days)s::int[]) as u (rule, days)
        where case u.rule
            when 'near_expiry' then t.expiry_date <= %(today)s::date + 180
            when 'cold' then r.storage_condition in ('cold', 'frozen')
            when 'implant' then r.is_implant
            else true
        end
        order by u.days limit 1
    ) w
), looked as (
    select d.*, (
        select max(c.checked_on) from stock_storagecheck c
        where c.location_id = d.location_id
          and (c.product_id is null or c.product_id = d.product_id)
          and (c.lot_id is null or c.lot_id = d.lot_id)
    ) as checked_on
    from ruled d
)
select k.*, k.checked_on + k.days as due_on, l.code as location, w.code as warehouse
from looked k
join stock_location l on l.id = k.location_id
left join stock_warehouse w on w.id = l.warehouse_id
where k.checked_on is null or k.checked_on + k.days <= %(today)s
order by k.checked_on nulls first, k.days, w.code, l.code, k.product_code, k.lot_no
limit %(limit)s
