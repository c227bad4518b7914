-- Licences that end within 90 days, or ended in the last 90, and about which nothing was said yet at
-- this distance from this end. A renewed licence has another end and is told of anew.
select q.id, q.party_id, q.kind, q.number, q.valid_to, s.status
from parties_qualification q
cross join lateral (
    select licence_status(q.valid_from, q.valid_to, q.revoked_on, %(on)s::date) as status
) s
where not q.is_void and q.valid_to between %(on)s::date - 90 and %(on)s::date + 90
  and s.status in ('near_90', 'near_60', 'near_30', 'expired')
  and not exists (
      select from core_command c
      where c.scope = 'licence-ending' and c.key = q.id || ':' || q.valid_to || ':' || s.status
  )
order by q.valid_to, q.id
limit %(limit)s
