-- Average cost by product, for those of the lines that leave the house.
select product_id, unit_cost from stock_outgoing_costs(%s::uuid[], %s::uuid[], %s::uuid[])
