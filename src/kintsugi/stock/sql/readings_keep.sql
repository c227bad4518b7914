-- Readings on their way in, each sensor and time once; what is kept already stays.
insert into stock_reading (id, sensor_id, at, temperature, humidity)
select gen_random_uuid(), s.id, i.at::timestamptz, i.temperature::numeric, i.humidity::numeric
from reading_incoming i
join stock_sensor s on s.code = i.sensor
on conflict (sensor_id, at) do nothing
