-- Each system with what it states, what waits and what came over.
select l.system, count(*) as levels, count(l.takeover_id) as taken,
       count(*) filter (where l.takeover_id is null and l.quantity = 0) as empty,
       max(l.counted_on) as counted_on,
       (select count(*) from takeover_statedmovement m where m.system = l.system and not m.is_void) as movements
from takeover_statedlevel l
where not l.is_void
group by l.system
order by l.system
limit %(limit)s
