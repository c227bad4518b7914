-- Days since the source that was read longest ago was last read.
select max(extract(epoch from %(at)s - newest.observed_at) / 86400) as part,
       count(newest.observed_at) filter (where newest.observed_at is not null) as whole,
       count(*) as sources
from projects_projectsource s
left join lateral (
    select max(r.observed_at) as observed_at from onboarding_run r
    where r.source_id = s.source_id and r.reverts_id is null and r.status = 'verified'
) newest on true
where s.project_id = %(project)s and not s.is_void
