-- Refresh the planner's statistics of one table.
analyze "{table}"
