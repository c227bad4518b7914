-- Serial units that are not where their last move led: no row is right.
select r.product_code, u.serial_no, a.code as ledger, l.code as "position",
       last.target_quality as ledger_quality, u.quality
from stock_unit u
join lateral (
    select m.target_id, m.target_quality from stock_move m
    where m.unit_id = u.id order by m.seq desc limit 1
) last on true
join products_product r on r.id = u.product_id
join stock_location a on a.id = last.target_id
join stock_location l on l.id = u.location_id
where (last.target_id, last.target_quality) is distinct from (u.location_id, u.quality)
order by r.product_code, u.serial_no
limit %(limit)s
