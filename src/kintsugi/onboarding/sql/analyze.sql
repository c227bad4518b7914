-- Refresh the planner's statistics of one table.
select core_analyze(%s::regclass)
