-- Products by product code, device identifier, catalogue number or model, in this order. What is void
-- is not found, except that a product merged away stands for the one that was kept.
with wanted (value) as (select unnest(%s::text[])),
hits as (
    select w.value, 1 as rank, coalesce(p.merged_into_id, p.id) as id
    from wanted w join products_product p on p.product_code = w.value
        and (not p.is_void or p.merged_into_id is not null)
    union
    select w.value, 2, i.product_id
    from wanted w join products_udiidentifier i on i.device_identifier = w.value
        and not i.is_void
    union
    select w.value, 2, coalesce(p.merged_into_id, p.id)
    from wanted w join products_product p on p.primary_di = w.value
        and (not p.is_void or p.merged_into_id is not null)
    union
    select w.value, 3, coalesce(p.merged_into_id, p.id)
    from wanted w join products_product p on p.catalog_number = w.value
        and (not p.is_void or p.merged_into_id is not null)
    union
    select w.value, 4, coalesce(p.merged_into_id, p.id)
    from wanted w join products_product p on p.model = w.value
        and (not p.is_void or p.merged_into_id is not null)
),
best as (select value, min(rank) as rank from hits group by value)
select
    w.value,
    case when count(distinct h.id) = 1 then min(h.id::text) end as id,
    case
        when count(distinct h.id) = 0 then 'reference.unknown'
        when count(distinct h.id) > 1 then 'reference.ambiguous'
    end as rule
from wanted w
left join best b on b.value = w.value
left join hits h on h.value = b.value and h.rank = b.rank
group by w.value
