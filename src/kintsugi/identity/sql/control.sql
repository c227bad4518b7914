-- The rules of acts under two persons, for whoever writes and by whatever means.
-- Codes: KT004 a row that only grows; KT032 one person on both sides; KT033 the act is not in the
-- state for this; KT034 a state without its evidence; KT035 a plan changed without a new revision.

-- What people sign: a revision is the state of the plan that approval, execution and verification
-- point to, with its author and its hash.
alter table identity_actrevision
    add constraint revision_content_hash
        check (plan_sha256 = encode(sha256(convert_to(content, 'UTF8')), 'hex')),
    add constraint revision_whole unique (act_id, revision, plan_sha256, author_id);
alter table identity_act
    add constraint act_present_revision
        foreign key (id, revision, plan_sha256, author_id)
        references identity_actrevision (act_id, revision, plan_sha256, author_id)
        deferrable initially deferred,
    add constraint act_present_plan unique (id, revision, plan_sha256);

alter table identity_approval
    add constraint approval_of_this_plan
        foreign key (act_id, revision, plan_sha256, author_id)
        references identity_actrevision (act_id, revision, plan_sha256, author_id),
    add constraint approval_signature
        foreign key (signature_id, approver_id, account_id, meaning, plan_sha256, object_kind, act_id)
        references identity_signature
            (id, person_id, account_id, meaning, content_sha256, object_kind, object_id),
    add constraint approval_whole
        unique (id, act_id, revision, plan_sha256, author_id, approver_id, decision);

alter table identity_execution
    -- The act's present plan, which from now on cannot change any more.
    add constraint execution_of_present_plan
        foreign key (act_id, revision, plan_sha256)
        references identity_act (id, revision, plan_sha256),
    add constraint execution_approval
        foreign key (approval_id, act_id, revision, plan_sha256, author_id, approver_id, decision)
        references identity_approval
            (id, act_id, revision, plan_sha256, author_id, approver_id, decision),
    add constraint execution_signature
        foreign key (signature_id, executor_id, account_id, meaning, plan_sha256, object_kind, act_id)
        references identity_signature
            (id, person_id, account_id, meaning, content_sha256, object_kind, object_id),
    add constraint execution_whole
        unique (id, act_id, revision, plan_sha256, author_id, executor_id);

alter table identity_verification
    add constraint verification_of_execution
        foreign key (execution_id, act_id, revision, plan_sha256, author_id, executor_id)
        references identity_execution (id, act_id, revision, plan_sha256, author_id, executor_id),
    add constraint verification_signature
        foreign key (signature_id, verifier_id, account_id, meaning, plan_sha256, object_kind, act_id)
        references identity_signature
            (id, person_id, account_id, meaning, content_sha256, object_kind, object_id);

-- Whether a person wrote any revision of an act, then or (accounts moved between persons) now.
create or replace function identity_wrote_act(person uuid, act uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select exists (
        select 1 from identity_actrevision r
        where r.act_id = act and person in (r.author_id, identity_person_now(r.account_id))
    )
$$;

-- The act's state, its row locked until the transaction ends: of two at once, one waits.
create or replace function identity_lock_act(act uuid) returns text
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    select a.status from identity_act a where a.id = act for update
$$;

create or replace function identity_check_approval() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    state text := identity_lock_act(new.act_id);
begin
    if state is distinct from 'submitted' or not exists (
        select 1 from identity_act a where a.id = new.act_id and a.revision = new.revision
    ) then
        raise exception 'The act is %; only a submitted revision is decided on', state
            using errcode = 'KT033';
    end if;
    if identity_wrote_act(new.approver_id, new.act_id) then
        raise exception 'Who wrote the act does not decide on it'
            using errcode = 'KT032', constraint = 'approval_second_person';
    end if;
    return new;
end $$;

create or replace function identity_check_execution() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    state text := identity_lock_act(new.act_id);
    approver uuid;
begin
    select identity_person_now(p.account_id) into approver
    from identity_approval p where p.id = new.approval_id;
    if approver is not null and identity_wrote_act(approver, new.act_id) then
        raise exception 'The approver and an author of the act are one person'
            using errcode = 'KT032', constraint = 'approval_second_person';
    end if;
    if new.executor_id in (new.approver_id, approver) then
        raise exception 'Who approved the act does not execute it'
            using errcode = 'KT032', constraint = 'execution_not_by_checker';
    end if;
    -- Without a fitting approval the foreign keys refuse, and name their rule.
    if state is distinct from 'approved' and exists (
        select 1 from identity_act a
        join identity_approval p on p.act_id = a.id and p.revision = a.revision
        where a.id = new.act_id and a.revision = new.revision and a.plan_sha256 = new.plan_sha256
          and p.id = new.approval_id and p.decision = 'approved'
    ) then
        raise exception 'The act is %; only an approved act is executed', state
            using errcode = 'KT033';
    end if;
    return new;
end $$;

create or replace function identity_check_verification() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    state text := identity_lock_act(new.act_id);
begin
    if identity_wrote_act(new.verifier_id, new.act_id) or exists (
        select 1 from identity_execution e
        where e.id = new.execution_id
          and new.verifier_id in (e.executor_id, identity_person_now(e.account_id))
    ) then
        raise exception 'Who wrote or executed the act does not verify it'
            using errcode = 'KT032', constraint = 'verification_by_a_third_eye';
    end if;
    if state is distinct from 'executed' then
        raise exception 'The act is %; only an executed act is verified', state
            using errcode = 'KT033';
    end if;
    return new;
end $$;

-- An execution ends once; nothing else of it changes.
create or replace function identity_end_execution() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    ends constant text[] := array['ended_at', 'outcome', 'result', 'version', 'updated_at'];
begin
    if tg_op = 'DELETE' or old.outcome <> ''
       or to_jsonb(new) - ends is distinct from to_jsonb(old) - ends then
        raise exception '% on % is refused: an execution ends once', tg_op, tg_table_name
            using errcode = 'KT004';
    end if;
    return new;
end $$;

-- An act begins as a draft, changes its plan only as a new revision, and has for each state what
-- brings it about.
create or replace function identity_check_act() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    proven boolean;
begin
    if tg_op = 'INSERT' then
        if new.status <> 'draft' or new.revision <> 1 then
            raise exception 'An act begins as the first revision of a draft' using errcode = 'KT034';
        end if;
        return new;
    end if;
    if (new.number, new.kind, new.subject_kind, new.subject_id, new.compensates_id)
       is distinct from (old.number, old.kind, old.subject_kind, old.subject_id, old.compensates_id) then
        raise exception 'What an act is about does not change' using errcode = 'KT035';
    end if;
    if (new.plan_sha256, new.author_id, new.revision, new.reason)
       is distinct from (old.plan_sha256, old.author_id, old.revision, old.reason)
       and (new.revision <> old.revision + 1 or new.status <> 'draft') then
        raise exception 'A changed plan is a new revision, and a draft again' using errcode = 'KT035';
    end if;
    if new.status = old.status then
        return new;
    end if;
    proven := case new.status
        when 'approved' then exists (select 1 from identity_approval p
            where p.act_id = new.id and p.revision = new.revision and p.decision = 'approved')
        when 'refused' then exists (select 1 from identity_approval p
            where p.act_id = new.id and p.revision = new.revision and p.decision = 'refused')
        when 'executing' then exists (select 1 from identity_execution e where e.act_id = new.id)
        when 'executed' then exists (select 1 from identity_execution e
            where e.act_id = new.id and e.outcome = 'executed')
        when 'verified' then exists (select 1 from identity_verification v
            where v.act_id = new.id and v.outcome = 'passed')
        when 'failed' then exists (select 1 from identity_execution e
                where e.act_id = new.id and e.outcome = 'failed')
            or exists (select 1 from identity_verification v
                where v.act_id = new.id and v.outcome = 'failed')
        when 'compensated' then exists (select 1 from identity_act c
            join identity_execution e on e.act_id = c.id and e.outcome = 'executed'
            where c.compensates_id = new.id)
        else true
    end;
    if not proven then
        raise exception 'Nothing brought the act to %', new.status using errcode = 'KT034';
    end if;
    return new;
end $$;

create trigger identity_check before insert or update on identity_act
    for each row execute function identity_check_act();
create trigger identity_check before insert on identity_approval
    for each row execute function identity_check_approval();
create trigger identity_check before insert on identity_execution
    for each row execute function identity_check_execution();
create trigger identity_check before insert on identity_verification
    for each row execute function identity_check_verification();
create trigger identity_ends_once before update or delete on identity_execution
    for each row execute function identity_end_execution();
create trigger identity_insert_only before update or delete on identity_actrevision
    for each row execute function identity_insert_only();
create trigger identity_insert_only before update or delete on identity_approval
    for each row execute function identity_insert_only();
create trigger identity_insert_only before update or delete on identity_verification
    for each row execute function identity_insert_only();
create trigger identity_insert_only before delete on identity_act
    for each row execute function identity_insert_only();
