-- The party each wanted record is: by key, by credit code, or by a name that tells it alone. What was
-- merged away is the party that was kept, so that the duplicate does not come back with the next file.
-- A void party of the same key comes last: one that a rollback took back stands again then.
with hits as (
    select w._n, case when p.is_void and p.merged_into_id is null then 4 else 1 end as rank, coalesce(p.merged_into_id, p.id) as id
    from wanted_parties_party w join parties_party p on p.party_key = w.party_key
    union
    select w._n, 2, coalesce(p.merged_into_id, p.id)
    from wanted_parties_party w join parties_party p on p.uscc = w.uscc
    where not p.is_void or p.merged_into_id is not null
    union
    select w._n, 3, coalesce(p.merged_into_id, p.id)
    from wanted_parties_party w
    join parties_party p on p.name_key = w.name_key and (p.uscc is null or w.uscc is null)
    where (not p.is_void or p.merged_into_id is not null)
    -- Several credit codes for one name are several parties: the name tells none of them.
    and (select count(distinct o.uscc) from wanted_parties_party o where o.name_key = w.name_key) <= 1
),
best as (select _n, min(rank) as rank from hits group by _n)
select h._n, min(h.id::text) as id
from hits h join best b on b._n = h._n and b.rank = h.rank
group by h._n
having count(distinct h.id) = 1
