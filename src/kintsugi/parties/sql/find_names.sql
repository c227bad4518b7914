-- Parties by the key of their name; several of one name are told apart by a person.
select
    name_key,
    case when count(distinct coalesce(merged_into_id, id)) = 1
        then min(coalesce(merged_into_id, id)::text) end as id,
    case when count(distinct coalesce(merged_into_id, id)) > 1 then 'reference.ambiguous' end as rule
from parties_party
where name_key = any(%s) and (not is_void or merged_into_id is not null)
group by name_key
