-- Everything that a bare text may name: product code or catalogue number, lot, serial number, place.
-- At most %(most)s of each kind for one text.
with wanted as (
    select *
    from unnest(
        %(texts)s::text[], %(codes)s::text[], %(lots)s::text[], %(serials)s::text[],
        %(warehouses)s::text[], %(places)s::text[]
    ) as w (said, code, lot_no, serial_no, warehouse, place)
),
found as (
    select w.said, 'product' as kind, p.id
    from wanted w join products_product p on p.product_code in (w.said, w.code) and not p.is_void
    union
    select w.said, 'product', p.id
    from wanted w join products_product p on p.catalog_number = w.said and not p.is_void
    union
    select w.said, 'lot', l.id
    from wanted w join stock_lot l on l.lot_no = w.lot_no and not l.is_void
    union
    select w.said, 'unit', u.id
    from wanted w join stock_unit u on u.serial_no = w.serial_no and not u.is_void
    union
    select w.said, 'location', l.id
    from wanted w
    join stock_location l on l.code = w.place and not l.is_void
    left join stock_warehouse h on h.id = l.warehouse_id
    where w.warehouse = '' or h.code = w.warehouse
),
counted as (
    select f.*, row_number() over (partition by f.said, f.kind order by f.id) as n from found f
)
select c.said, c.kind, c.id from counted c where c.n <= %(most)s order by c.said, c.kind, c.n
