-- Mean kinetic temperature over readings in equal steps: Tk = (H/R) / -ln(mean(exp(-H/(R T)))), with H =
-- 83.144 kJ/mol and R = 8.3144 J/(mol K), so that H/R is 10 000 K (Haynes 1971, as in USP 1079).
select count(*) as n, min(r.temperature) as low, max(r.temperature) as high, avg(r.temperature) as mean,
       10000 / -ln(avg(exp(-10000 / (r.temperature::float8 + 273.15)))) - 273.15 as kinetic
from stock_reading r
where r.sensor_id = %(sensor)s and r.at >= %(since)s and r.at <= %(until)s
