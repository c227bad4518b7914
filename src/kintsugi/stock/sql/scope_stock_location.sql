-- The places of these warehouses and customers. Suppliers and the world outside are everybody's to
-- name; what lies there is not (scope_stock_balance, scope_stock_unit).
(warehouse_id is null and party_id is null)
or kind = 'supplier'
or warehouse_id in (
    select w.id from stock_warehouse w
    where w.region_code like any ((select array(select r || '%' from unnest(core_scope('regions')) r))::text[])
    or w.id = any ((select core_scope('warehouses'))::uuid[])
)
or party_id in (
    select p.id from parties_party p
    where p.region_code like any ((select array(select r || '%' from unnest(core_scope('regions')) r))::text[])
    or p.id = any ((select core_scope('customers'))::uuid[])
)
