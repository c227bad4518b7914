-- Cells that a source told, by field and bucket: how many, how many stand the same, and sums of
-- their hashes and numbers on both sides.
select v.field, ('x' || substr(md5(s._gid::text), 1, 4))::bit(16)::int % {buckets} as bucket,
    count(*) as told,
    count(*) filter (where v.said = v.stands) as same,
    sum(('x' || substr(md5(s._gid::text || v.field || v.said), 1, 15))::bit(60)::bigint) as left_sum,
    sum(('x' || substr(md5(s._gid::text || v.field || coalesce(v.stands, '')), 1, 15))::bit(60)::bigint) as right_sum,
    sum(case when v.field = any({numeric}) then v.said::numeric end) as said_sum,
    sum(case when v.field = any({numeric}) then v.stands::numeric end) as stands_sum
from {s} s left join {t} t on t.id = s._gid cross join lateral {cells}
where v.said is not null
group by 1, 2
