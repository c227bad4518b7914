-- Times out of range, and times without data, of sensors since an instant. A reading counts until the
-- next one, but no longer than the longest gap. Readings that follow each other on the same wrong side
-- are one excursion.
with log as (
    select r.sensor_id, r.at, r.temperature, s.low, s.high, s.gap_minutes * interval '1 minute' as gap,
           lag(r.at) over w as before, lead(r.at) over w as after,
           case when r.temperature > s.high then 'high' when r.temperature < s.low then 'low' else '' end as side
    from stock_reading r
    join stock_sensor s on s.id = r.sensor_id
    where r.sensor_id = any (%(sensors)s::uuid[]) and r.at >= %(since)s
    window w as (partition by r.sensor_id order by r.at)
), stepped as (
    select l.*, sum(case when l.side is distinct from l.side_before or l.at - l.before > l.gap then 1 else 0 end)
           over (partition by l.sensor_id order by l.at) as island
    from (select g.*, lag(g.side) over (partition by g.sensor_id order by g.at) as side_before from log g) l
)
select sensor_id, side as kind, min(at) as started_at,
       max(at) + least(max(gap), coalesce(max(after), max(at)) - max(at)) as ended_at,
       ceil(sum(extract(epoch from least(coalesce(after, at) - at, gap))) / 60)::int as minutes,
       case side when 'high' then max(temperature) else min(temperature) end as worst,
       case side when 'high' then max(temperature) - max(high) else min(low) - min(temperature) end as deviation
from stepped
where side <> ''
group by sensor_id, island, side
union all
select sensor_id, 'no_data', before, at, ceil(extract(epoch from at - before) / 60)::int, null, null
from log
where at - before > gap
order by 1, 3
