-- Who may add to the sealed log: the sealer its checkpoints and hashes, the witness its
-- cosignatures, jobs the answers of verifications; what protects the record is accepted by the
-- owner of the tables only. Nobody has the right to change or delete a row of it.
do $$
declare
    writer text;
begin
    foreach writer in array array['kintsugi_runtime', 'kintsugi_system'] loop
        continue when not exists (select 1 from pg_roles where rolname = writer);
        execute format(
            'revoke insert, update, delete, truncate on audit_epoch, audit_seal_key, audit_guard,'
            ' audit_checkpoint, audit_leaf_run, audit_node, audit_cosignature, audit_time_stamp,'
            ' audit_verification from %I', writer
        );
    end loop;
    if exists (select 1 from pg_roles where rolname = 'kintsugi_system') then
        grant insert on audit_verification to kintsugi_system;
    end if;
    if exists (select 1 from pg_roles where rolname = 'kintsugi_sealer') then
        grant usage on schema public to kintsugi_sealer;
        grant select on all tables in schema public to kintsugi_sealer;
        revoke all on identity_user, django_session from kintsugi_sealer;
        grant insert on audit_epoch, audit_seal_key, audit_checkpoint, audit_leaf_run, audit_node,
            audit_time_stamp to kintsugi_sealer;
        grant usage on audit_seal_key_id_seq, audit_leaf_run_id_seq, audit_node_id_seq
            to kintsugi_sealer;
    end if;
    if exists (select 1 from pg_roles where rolname = 'kintsugi_witness') then
        grant usage on schema public to kintsugi_witness;
        grant select on audit_change, audit_transaction, audit_epoch, audit_seal_key, audit_guard,
            audit_checkpoint, audit_leaf_run, audit_node, audit_cosignature, audit_time_stamp,
            django_migrations to kintsugi_witness;
        grant insert on audit_seal_key, audit_cosignature to kintsugi_witness;
        grant usage on audit_seal_key_id_seq, audit_cosignature_id_seq to kintsugi_witness;
    end if;
end $$;
