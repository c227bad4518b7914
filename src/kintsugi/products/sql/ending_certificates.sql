-- The same for certificates (see parties/sql/ending_licences.sql).
select c.id, c.holder_id, c.kind, c.number, c.valid_to, s.status
from products_certificate c
cross join lateral (
    select licence_status(c.valid_from, c.valid_to, c.revoked_on, %(on)s::date) as status
) s
where not c.is_void and c.valid_to between %(on)s::date - 90 and %(on)s::date + 90
  and s.status in ('near_90', 'near_60', 'near_30', 'expired')
  and not exists (
      select from core_command k
      where k.scope = 'certificate-ending' and k.key = c.id || ':' || c.valid_to || ':' || s.status
  )
order by c.valid_to, c.id
limit %(limit)s
