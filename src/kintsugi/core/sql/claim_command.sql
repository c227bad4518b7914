-- Take an idempotency key; touches no row when it is taken already.
insert into core_command (scope, key, fingerprint, at) values (%s, %s, %s, now())
on conflict (scope, key) do nothing
