-- Units in the warehouses and with the customers of the scope, and those that were never here: a new
-- unit begins outside.
location_id in (select o.id from stock_location o where o.kind in ('supplier', 'loss', 'opening'))
or location_id in (
    select l.id from stock_location l
    where l.warehouse_id in (
        select w.id from stock_warehouse w
        where w.region_code like any ((select array(select r || '%' from unnest(core_scope('regions')) r))::text[])
        or w.id = any ((select core_scope('warehouses'))::uuid[])
    )
    or l.party_id in (
        select p.id from parties_party p
        where p.region_code like any ((select array(select r || '%' from unnest(core_scope('regions')) r))::text[])
        or p.id = any ((select core_scope('customers'))::uuid[])
    )
)
