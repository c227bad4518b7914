-- Those of the warehouses that somebody is limited to.
warehouse_id in (
    select w.id from stock_warehouse w
    where w.region_code like any ((select array(select r || '%' from unnest(core_scope('regions')) r))::text[])
    or w.id = any ((select core_scope('warehouses'))::uuid[])
)
