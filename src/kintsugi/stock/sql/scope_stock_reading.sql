-- Those of sensors of the scope, whose policy holds in here.
sensor_id in (select s.id from stock_sensor s)
