-- A sensor's log in equal pieces of time, each with its lowest, mean and highest reading.
select min(r.at) as at, min(r.temperature) as low, avg(r.temperature) as mean, max(r.temperature) as high, count(*) as n
from stock_reading r
where r.sensor_id = %(sensor)s and r.at >= %(since)s and r.at <= %(until)s
group by floor(extract(epoch from r.at - %(since)s) / greatest(1, %(step)s))
order by 1
limit 400
