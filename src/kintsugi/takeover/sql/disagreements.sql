-- Stated and posted quantities of a takeover side by side, only where they differ: by product,
-- place, lot and serial. Empty when every row came over as it was stated.
with stated as (
    select l.product_id, upper(regexp_replace(l.warehouse || '/' || l.bin, '\s', '', 'g')) as place,
           coalesce(l.lot_no, '') as lot_no,
           coalesce(upper(regexp_replace(l.serial_no, '\s', '', 'g')), '') as serial_no,
           sum(l.quantity) as qty
    from takeover_statedlevel l where l.takeover_id = %(takeover)s
    group by 1, 2, 3, 4
),
posted as (
    select m.product_id, w.code || '/' || g.code as place, coalesce(t.lot_no, '') as lot_no,
           coalesce(u.serial_no, '') as serial_no, sum(m.qty) as qty
    from stock_posting p
    join stock_move m on m.posting_id = p.id
    join stock_location g on g.id = m.target_id
    join stock_warehouse w on w.id = g.warehouse_id
    left join stock_lot t on t.id = m.lot_id
    left join stock_unit u on u.id = m.unit_id
    where p.kind = 'opening' and p.document_no = %(number)s
    group by 1, 2, 3, 4
)
select r.product_code, coalesce(s.place, p.place) as place, coalesce(s.lot_no, p.lot_no) as lot_no,
       coalesce(s.serial_no, p.serial_no) as serial_no, s.qty as stated, p.qty as posted
from stated s
full join posted p on p.product_id = s.product_id and p.place = s.place
    and p.lot_no = s.lot_no and p.serial_no = s.serial_no
join products_product r on r.id = coalesce(s.product_id, p.product_id)
where s.qty is distinct from p.qty
order by 1, 2, 3, 4
limit %(limit)s
