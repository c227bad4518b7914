-- Deliveries that left on or before the day they were wanted, of all that left.
select count(*) filter (where shipped_on <= wanted_on) as part, count(*) as whole
from sales_delivery
where not is_void and shipped_on is not null
    and shipped_on > (%(at)s)::date - %(days)s and shipped_on <= (%(at)s)::date
