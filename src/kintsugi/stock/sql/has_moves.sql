-- Whether a posting has lines, whoever asks: for the policy of postings, in which a limited person
-- would not see the lines of others.
create or replace function stock_has_moves(posting uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select exists (select 1 from stock_move m where m.posting_id = posting)
$$;

-- How many lines it has, for a reversal, which turns all of them round or none.
create or replace function stock_count_moves(posting uuid) returns bigint
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select count(*) from stock_move m where m.posting_id = posting
$$;
