-- Duties of a person at an instant: role, kind and values of the row limit. Arguments: person, at, at.
select role, scope_kind, scope_values
from identity_duty
where person_id = %s and valid_from <= %s and (valid_to is null or valid_to > %s)
order by role
