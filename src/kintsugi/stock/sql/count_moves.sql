-- Lines of a posting, those of others too.
select stock_count_moves(%s)
