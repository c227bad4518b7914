-- What device identifiers stand on: product, identifier, and how many base units (primary packages)
-- one of it holds. Packages are unfolded through what they contain; base_units is null where the
-- nest is unknown, goes round in a ring, or is a part of a base unit (is_part).
with recursive hits as (
    select i.device_identifier as di, i.id, i.product_id
    from products_udiidentifier i
    where i.device_identifier = any (%(dis)s::text[]) and not i.is_void
),
nest (start_id, inner_id, units, depth) as (
    select h.id, h.id, 1::numeric, 0 from hits h
    union all
    select n.start_id, i.contains_id, n.units * i.quantity, n.depth + 1
    from nest n
    join products_udiidentifier i on i.id = n.inner_id
    where i.contains_id is not null and i.kind is distinct from 'primary' and n.depth < 10
),
innermost as (
    select distinct on (n.start_id) n.start_id, n.units, n.inner_id
    from nest n
    order by n.start_id, n.depth desc
),
counted as (
    select m.start_id, m.units, i.kind,
        coalesce(p.units_per_package, 1) as per_base,
        i.kind is distinct from 'primary'
            and (i.kind = 'package' or i.contains_id is not null or i.contains_identifier is not null)
            as is_open
    from innermost m
    join products_udiidentifier i on i.id = m.inner_id
    join products_product p on p.id = i.product_id
),
judged as (
    select c.start_id,
        case when c.kind in ('unit_of_use', 'direct_marking') then c.units / c.per_base else c.units end
            as base_units,
        c.is_open
    from counted c
)
select h.di, h.id as identifier_id, h.product_id,
    case when not j.is_open and j.base_units = trunc(j.base_units) then trunc(j.base_units) end
        as base_units,
    coalesce(not j.is_open and j.base_units <> trunc(j.base_units), false) as is_part
from hits h
join judged j on j.start_id = h.id
union all
select p.primary_di, null, p.id, 1, false
from products_product p
where p.primary_di = any (%(dis)s::text[]) and not p.is_void
    and not exists (select from hits h where h.di = p.primary_di and h.product_id = p.id)
order by 1, 3
