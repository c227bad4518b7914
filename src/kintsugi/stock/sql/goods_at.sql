-- What lay at a place between two instants: what was there at the first, and what came until the last.
select m.product_id, m.lot_id, m.unit_id, r.product_code, r.name, r.storage_condition, t.lot_no, u.serial_no,
       sum(m.qty * m.side) filter (where m.posted_at <= %(start)s) as at_start,
       coalesce(sum(m.qty) filter (where m.side = 1 and m.posted_at > %(start)s), 0) as came
from (
    select i.product_id, i.lot_id, i.unit_id, i.qty, 1 as side, p.posted_at
    from stock_move i join stock_posting p on p.id = i.posting_id
    where i.target_id = %(location)s and i.source_id <> i.target_id and p.posted_at <= %(end)s
    union all
    select o.product_id, o.lot_id, o.unit_id, o.qty, -1, p.posted_at
    from stock_move o join stock_posting p on p.id = o.posting_id
    where o.source_id = %(location)s and o.source_id <> o.target_id and p.posted_at <= %(end)s
) m
join products_product r on r.id = m.product_id
left join stock_lot t on t.id = m.lot_id
left join stock_unit u on u.id = m.unit_id
group by m.product_id, m.lot_id, m.unit_id, r.product_code, r.name, r.storage_condition, t.lot_no, u.serial_no
having coalesce(sum(m.qty * m.side) filter (where m.posted_at <= %(start)s), 0) > 0
    or coalesce(sum(m.qty) filter (where m.side = 1 and m.posted_at > %(start)s), 0) > 0
order by r.product_code, t.lot_no, u.serial_no
limit %(limit)s
