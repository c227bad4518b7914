-- What a run does right now.
insert into onboarding_progress (run_id, phase_zh, phase_en, done, total, since, at)
values (%(run)s, %(phase_zh)s, %(phase_en)s, %(done)s, %(total)s, %(at)s, %(at)s)
on conflict (run_id) do update set
    phase_zh = excluded.phase_zh, phase_en = excluded.phase_en, done = excluded.done,
    total = excluded.total, at = excluded.at,
    since = case when onboarding_progress.phase_en = excluded.phase_en
                 then onboarding_progress.since else excluded.since end
