-- The transaction's row keeps the token that came with its context. Replaces the function of
-- install.sql; whether a token is sound is for the verifier to say: the database has no key.
create or replace function audit_transaction_id() returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    known text := current_setting('kintsugi.transaction', true);
    context jsonb;
    made bigint;
begin
    -- The setting is local to the transaction; the xid guards against a session-wide value.
    if known is not null and split_part(known, ':', 1) = pg_current_xact_id()::text then
        return split_part(known, ':', 2)::bigint;
    end if;
    if coalesce(current_setting('kintsugi.context', true), '') = '' then
        raise exception 'A business row was written without a transaction context'
            using errcode = 'KT001',
                  hint = 'Write through a service inside audit.services.recorded(...).';
    end if;
    context := current_setting('kintsugi.context', true)::jsonb;
    if coalesce(context ->> 'actor', '') = '' or coalesce(context ->> 'command', '') = '' then
        raise exception 'The transaction context names no actor or no command'
            using errcode = 'KT001',
                  hint = 'Give audit.services.recorded(...) an actor and a command.';
    end if;
    insert into audit_transaction
        (xid, at, actor_id, actor, command, reason, request_id, run_id, facts, token)
    values (
        pg_current_xact_id()::text::bigint, now(), (context ->> 'actor_id')::uuid,
        context ->> 'actor', context ->> 'command', coalesce(context ->> 'reason', ''),
        coalesce(context ->> 'request_id', ''), (context ->> 'run_id')::uuid,
        coalesce(context -> 'facts', '{}'::jsonb), context ->> 'token'
    )
    on conflict (xid) do nothing
    returning id into made;
    if made is null then  -- made before a savepoint that was rolled back together with the setting
        -- Transaction numbers start over where a dump was restored into another cluster; another
        -- transaction's row must not take the blame for this one's writes.
        select t.id into made from audit_transaction t
        where t.xid = pg_current_xact_id()::text::bigint and t.at = now();
        if made is null then
            raise exception 'Transaction number % is in the record already, of another transaction',
                pg_current_xact_id()
                using errcode = 'KT006',
                      hint = 'The database was restored into another cluster, whose numbers lag behind'
                             ' the record''s. Raise them: docs/howto/recover.md, "A dump restored '
                             'elsewhere".';
        end if;
    end if;
    perform set_config('kintsugi.transaction', pg_current_xact_id()::text || ':' || made, true);
    return made;
end $$;
