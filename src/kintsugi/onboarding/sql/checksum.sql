-- Rows and order-independent checksum of one table over its business columns.
-- Void rows are no content: what a rollback took back counts as if it had never come.
-- {references}: pairs of a reference column and the natural key it stands for.
select count(*), coalesce(to_hex((sum(('x' || substr(h, 1, 8))::bit(32)::bigint) % 4294967296)::bigint)
        || '-' || to_hex((sum(('x' || substr(h, 9, 8))::bit(32)::bigint) % 4294967296)::bigint), '0')
from (
    select md5((
        to_jsonb(t) - 'id' - 'version' - 'created_at' - 'updated_at'
        || jsonb_build_object({references})
    )::text) as h
    from {table} t
    where not t.is_void
) rows
