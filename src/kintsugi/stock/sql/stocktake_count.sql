-- Counts of lines as one person found them, beside what the ledger says at this moment.
insert into stock_stocktakecount (id, line_id, round, qty, book, difference, counted_by_id, counted_by_name, counted_at)
select gen_random_uuid(), l.id, l.counts + 1, w.qty, k.book, w.qty - k.book, %(person)s, %(name)s, %(at)s
from unnest(%(lines)s::uuid[], %(qtys)s::numeric[]) as w (line, qty)
join stock_stocktakeline l on l.id = w.line
cross join lateral (
    select case
        when l.unit_id is not null then
            (select (u.location_id = l.location_id)::int::numeric from stock_unit u where u.id = l.unit_id)
        else coalesce((
            select b.on_hand from stock_balance b
            where b.product_id = l.product_id and b.lot_id is not distinct from l.lot_id
              and b.location_id = l.location_id and b.quality = l.quality
        ), 0) - (
            select count(*) from stock_unit u  -- units have lines of their own
            where u.product_id = l.product_id and u.lot_id is not distinct from l.lot_id
              and u.location_id = l.location_id and u.quality = l.quality
        )
    end as book
) k
order by l.id
