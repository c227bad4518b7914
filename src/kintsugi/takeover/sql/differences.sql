-- What does not agree within a system's own levels and movements, with what it says twice.
with chain as (
    select m.item_ref, m.movement_ref, m.moved_on, m.quantity_after, m.added, m.removed, m.ordinal,
           lag(m.quantity_after) over w as before,
           row_number() over (partition by m.item_ref order by m.ordinal desc, m.movement_ref desc) as from_last
    from takeover_statedmovement m
    where m.system = %(system)s and not m.is_void and m.quantity_after is not null
    window w as (partition by m.item_ref order by m.ordinal, m.movement_ref)
)
select 'level-and-last-movement' as code, l.item_ref, c.movement_ref, p.product_code,
       l.quantity as stated, c.quantity_after as other
from takeover_statedlevel l
join chain c on c.item_ref = l.item_ref and c.from_last = 1
left join products_product p on p.id = l.product_id
where l.system = %(system)s and not l.is_void and l.quantity <> c.quantity_after
union all
select 'chain-breaks', c.item_ref, c.movement_ref, null, c.quantity_after,
       c.before - coalesce(c.removed, 0) + coalesce(c.added, 0)
from chain c
where c.before is not null and (c.removed is not null or c.added is not null)
  and c.quantity_after <> c.before - coalesce(c.removed, 0) + coalesce(c.added, 0)
union all
select 'movement-without-item', m.item_ref, m.movement_ref, null, m.quantity_after, null
from takeover_statedmovement m
where m.system = %(system)s and not m.is_void and not exists (
    select 1 from takeover_statedlevel l where l.system = m.system and l.item_ref = m.item_ref
)
union all
select 'no-movement-with-quantity', l.item_ref, null, p.product_code, l.quantity, null
from takeover_statedlevel l
left join products_product p on p.id = l.product_id
where l.system = %(system)s and not l.is_void
  and not exists (select 1 from chain c where c.item_ref = l.item_ref)
  and exists (select 1 from chain)
order by 1, 2, 3
limit %(limit)s
