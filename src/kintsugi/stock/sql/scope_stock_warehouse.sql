-- The warehouses that somebody is limited to, by name or by region.
region_code like any ((select array(select r || '%' from unnest(core_scope('regions')) r))::text[])
or id = any ((select core_scope('warehouses'))::uuid[])
