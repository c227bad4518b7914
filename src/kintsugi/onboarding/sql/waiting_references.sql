-- References of a source's records that pointed to nothing, or to several rows, when they came.
select i.place as _key, i.field
from onboarding_issue i
where i.source_id = %s and i.entity = %s and i.rule >= 'reference.' and i.rule < 'reference/'
    and i.status <> 'gone' and i.place = any(%s)
