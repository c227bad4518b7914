-- Records that were joined with another of their source, of those the newest finished run read.
with newest as (
    select distinct on (r.source_id) r.counts
    from onboarding_run r
    join projects_projectsource s on s.source_id = r.source_id and not s.is_void
    where s.project_id = %(project)s and r.reverts_id is null and r.parent_id is null
        and r.status = 'verified'
    order by r.source_id, r.created_at desc
)
select sum((counts ->> 'merged')::bigint) as part,
       sum((counts ->> 'read')::bigint - (counts ->> 'excluded')::bigint) as whole
from newest
