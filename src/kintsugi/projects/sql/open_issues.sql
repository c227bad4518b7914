-- Issues nobody has dealt with, of the project's sources; no value before the first finished run.
select (
    select count(*) from onboarding_issue i
    join projects_projectsource s on s.source_id = i.source_id and not s.is_void
    where s.project_id = %(project)s and i.status = 'open' and not i.is_void
        and (%(severity)s = '' or i.severity = %(severity)s)
) as part,
(
    select count(*) from onboarding_run r
    join projects_projectsource s on s.source_id = r.source_id and not s.is_void
    where s.project_id = %(project)s and r.reverts_id is null and r.status = 'verified'
) as whole
