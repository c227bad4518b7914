-- Whether a run wrote before the crosswalk began to keep its past.
select 1 from onboarding_chunk c
where c.run_id = %(run)s and c.at < (
    select min(m.applied) from django_migrations m
    where m.app = 'audit' and m.name = '0024_crosswalk_history'
)
limit 1
