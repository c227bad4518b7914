-- One more request of a key; a new window starts at one.
insert into identity_requestcount as known (key, "window", count) values (%s, %s, 1)
on conflict (key) do update set
    count = case when known."window" = excluded."window" then known.count + 1 else 1 end,
    "window" = excluded."window"
returning count
