-- The payments of the customers of the scope.
customer_id in (
    select p.id from parties_party p
    where p.region_code like any ((select array(select r || '%' from unnest(core_scope('regions')) r))::text[])
    or p.id = any ((select core_scope('customers'))::uuid[])
)
