-- What does not come over of a system's waiting levels: one row a level and fault, with the facts.
with waiting as (
    select l.id, l.item_ref, l.product_id, l.warehouse, l.bin, l.lot_no, l.mfg_date, l.expiry_date,
           l.quantity, p.product_code, p.is_void as product_is_void, stock_tracking(p) as tracking,
           upper(regexp_replace(l.serial_no, '\s', '', 'g')) as serial_no
    from takeover_statedlevel l
    left join products_product p on p.id = l.product_id
    where l.system = %(system)s and l.takeover_id is null and not l.is_void and l.quantity <> 0
),
lots as (  -- what all levels of a lot say about its dates
    select w.product_id, w.lot_no, count(distinct w.expiry_date) as expiries,
           count(distinct w.mfg_date) as made,
           string_agg(distinct w.expiry_date::text, ', ' order by w.expiry_date::text) as said
    from waiting w where w.lot_no is not null group by w.product_id, w.lot_no
),
serials as (
    select w.product_id, w.serial_no, count(*) as times
    from waiting w where w.serial_no is not null group by w.product_id, w.serial_no
)
select w.id, w.item_ref, w.product_code, f.code, f.value
from waiting w
left join lots o on o.product_id = w.product_id and o.lot_no = w.lot_no
left join serials s on s.product_id = w.product_id and s.serial_no = w.serial_no
left join stock_lot k on k.product_id = w.product_id and k.lot_no = w.lot_no
left join stock_unit u on u.product_id = w.product_id and u.serial_no = w.serial_no
left join stock_location at on at.id = u.location_id
cross join lateral (values
    ('product-unknown', w.product_id is null, ''),
    ('product-void', coalesce(w.product_is_void, false), w.product_code),
    ('no-warehouse', coalesce(w.warehouse, '') = '', ''),
    ('no-place', coalesce(w.bin, '') = '', ''),
    ('negative', w.quantity < 0, w.quantity::text),
    ('serial-quantity', w.serial_no is not null and w.quantity <> 1, w.quantity::text),
    ('serial-missing', w.serial_no is null and w.tracking in ('serial', 'lot_and_serial'), w.quantity::text),
    ('lot-missing', w.lot_no is null and w.tracking in ('lot', 'lot_and_serial'), ''),
    ('serial-twice', s.times > 1, w.serial_no),
    ('serial-known', u.id is not null and at.kind not in ('supplier', 'loss', 'opening'), w.serial_no),
    ('lot-dates-differ', o.expiries > 1 or o.made > 1
        or k.expiry_date <> w.expiry_date or k.mfg_date <> w.mfg_date,
        concat_ws(', ', o.said, k.expiry_date::text)),
    ('dates-reversed', w.expiry_date < w.mfg_date, w.mfg_date::text || ' > ' || w.expiry_date::text),
    ('code-too-long', length(w.bin) > 30 or length(w.warehouse) > 30, w.bin)
) as f (code, holds, value)
where f.holds
order by w.item_ref, w.id, f.code
