-- Link each package identifier to the identifier it contains, within one issuer first, and unlink
-- what no longer says so.
with target as (
    select u.id, (
        select i.id from products_udiidentifier i
        where i.device_identifier = u.contains_identifier and i.id <> u.id and not i.is_void
        order by (i.issuer = u.issuer) desc, i.id
        limit 1
    ) as contains_id
    from products_udiidentifier u
    where (u.contains_identifier is not null or u.contains_id is not null) and not u.is_void
)
update products_udiidentifier u
set contains_id = t.contains_id, version = u.version + 1, updated_at = now()
from target t
where t.id = u.id and u.contains_id is distinct from t.contains_id
