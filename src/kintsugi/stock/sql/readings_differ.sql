-- Readings on their way in that say something else than what is kept for that sensor and time.
select i.row_no, i.sensor, i.at, i.temperature, r.temperature as kept
from reading_incoming i
join stock_sensor s on s.code = i.sensor
join stock_reading r on r.sensor_id = s.id and r.at = i.at::timestamptz
where r.temperature <> i.temperature::numeric
order by i.row_no::int
limit %(limit)s
