-- Balances that are not the sum of their moves: no row is right.
with folded as (
    select e.product_id, e.lot_id, e.location_id, e.quality, sum(e.qty) as qty
    from (
        select m.product_id, m.lot_id, m.target_id as location_id, m.target_quality as quality, m.qty
        from stock_move m
        union all
        select m.product_id, m.lot_id, m.source_id, m.source_quality, -m.qty from stock_move m
    ) e
    join stock_location l on l.id = e.location_id and stock_is_counted(l.kind)
    group by e.product_id, e.lot_id, e.location_id, e.quality
)
select r.product_code, t.lot_no, coalesce(w.code || '/', '') || l.code as location,
       coalesce(f.quality, b.quality) as quality, coalesce(f.qty, 0) as ledger,
       coalesce(b.on_hand, 0) as balance
from folded f
full join stock_balance b on b.product_id = f.product_id and b.location_id = f.location_id
    and b.quality = f.quality and b.lot_id is not distinct from f.lot_id
join products_product r on r.id = coalesce(f.product_id, b.product_id)
join stock_location l on l.id = coalesce(f.location_id, b.location_id)
left join stock_warehouse w on w.id = l.warehouse_id
left join stock_lot t on t.id = coalesce(f.lot_id, b.lot_id)
where coalesce(f.qty, 0) <> coalesce(b.on_hand, 0)
order by r.product_code, location
limit %(limit)s
