-- The average cost of products that enter or leave the house, taken under a lock in one order. What
-- comes in without a price of its own is worth the average: its move says so, and the value of stock
-- stays the sum of its moves.
create or replace function stock_average_costs(products uuid[], sources uuid[], targets uuid[])
returns table (product_id uuid, unit_cost numeric)
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    select c.product_id, round(c.value / nullif(c.qty, 0), 6)
    from stock_cost c
    where c.product_id in (
        select w.product
        from unnest(products, sources, targets) as w (product, source, target)
        join stock_location s on s.id = w.source
        join stock_location g on g.id = w.target
        where stock_is_ours(s.kind) <> stock_is_ours(g.kind)
    )
    order by c.product_id for update
$$;
drop function if exists stock_outgoing_costs(uuid[], uuid[], uuid[]);
