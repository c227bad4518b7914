-- Take an idempotency key; touches no row when it is taken already.
insert into core_command (scope, key, fingerprint, result, at) values (%s, %s, %s, %s::jsonb, now())
on conflict (scope, key) do nothing
