-- The orders of the customers of the scope, and those its warehouses send.
customer_id in (
    select p.id from parties_party p
    where p.region_code like any ((select array(select r || '%' from unnest(core_scope('regions')) r))::text[])
    or p.id = any ((select core_scope('customers'))::uuid[])
)
or warehouse_id in (
    select w.id from stock_warehouse w
    where w.region_code like any ((select array(select r || '%' from unnest(core_scope('regions')) r))::text[])
    or w.id = any ((select core_scope('warehouses'))::uuid[])
)
