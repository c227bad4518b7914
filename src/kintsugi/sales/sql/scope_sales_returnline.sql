-- Whoever sees a return sees its lines (the return's own policy holds in here).
return_of_id in (select r.id from sales_return r)
