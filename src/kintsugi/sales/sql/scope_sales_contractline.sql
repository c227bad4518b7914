-- Whoever sees a version sees what stands in it (its own policy holds in here).
version_of_id in (select v.id from sales_contractversion v)
