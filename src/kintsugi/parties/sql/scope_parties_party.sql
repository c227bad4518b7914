-- Whose a party is: makers, suppliers and carriers are everybody's; customers belong to a region
-- or are named one by one. Without a role nobody knows what a party is, so it is nobody's.
(cardinality(roles) > 0 and not roles @> '{customer}')
or region_code like any ((select array(select r || '%' from unnest(core_scope('regions')) r))::text[])
or id = any ((select core_scope('customers'))::uuid[])
