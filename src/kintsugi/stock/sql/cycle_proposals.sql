-- Products of a warehouse that are due to be counted, by their class (A: the first four fifths of the value
-- that lies there, B: the next 15 in a hundred, C: the rest) and the day they were counted last. What was never
-- counted is due.
with held as (
    select b.product_id, sum(b.on_hand) as qty,
           sum(b.on_hand) * coalesce(max(c.value / nullif(c.qty, 0)), 0) as value
    from stock_balance b
    join stock_location l on l.id = b.location_id and l.warehouse_id = %(warehouse)s
    left join stock_cost c on c.product_id = b.product_id
    where b.is_ours and b.on_hand > 0
    group by b.product_id
), ranked as (
    select h.*, case
        when before < 0.80 * total then 'A'
        when before < 0.95 * total then 'B'
        else 'C'
    end as abc
    from (
        select h.*, sum(h.value) over () as total,
               coalesce(sum(h.value) over (order by h.value desc, h.product_id
                                  rows between unbounded preceding and 1 preceding), 0) as before
        from held h
    ) h
), counted as (
    select n.product_id, max(c.counted_at)::date as counted_on
    from stock_stocktakecount c
    join stock_stocktakeline n on n.id = c.line_id
    join stock_stocktake s on s.id = n.stocktake_id and s.status = 'posted'
    where s.warehouse_id = %(warehouse)s
    group by n.product_id
)
select p.id as product_id, p.product_code, p.name, r.abc, r.qty, round(r.value, 2) as value,
       n.counted_on, n.counted_on + d.days as due_on
from ranked r
join products_product p on p.id = r.product_id
left join counted n on n.product_id = r.product_id
cross join lateral (
    select case r.abc when 'A' then %(days_a)s when 'B' then %(days_b)s else %(days_c)s end::int as days
) d
where n.counted_on is null or n.counted_on + d.days <= %(today)s
order by r.value desc, p.product_code
limit %(limit)s
