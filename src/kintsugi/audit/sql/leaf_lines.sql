-- Finished changes as lines of canonical JSON, one a change, in the order they are sealed: the
-- leaves of the tree, byte for byte. Format 1; a column that is added later joins only with a new
-- format. The context token is read through to_jsonb: databases before it have no such column.
with transactions as materialized (
    select
        t.id, t.xid,
        jsonb_build_object(
            'xid', t.xid,
            'at', (extract(epoch from t.at) * 1000000)::bigint,
            'actor', t.actor, 'actor_id', t.actor_id, 'command', t.command, 'reason', t.reason,
            'request_id', t.request_id, 'run_id', t.run_id, 'facts', t.facts,
            'token', to_jsonb(t) -> 'token'
        )::text as line
    from audit_transaction t
    where t.xid >= %(from_xid)s and t.xid <= %(to_xid)s
)
select
    '{"v": 1, "id": ' || c.id || ', "table": ' || to_json(c.table_name::text)
    || ', "row": "' || c.row_id || '", "op": ' || to_json(c.op::text)
    || ', "before": ' || coalesce(c.before::text, 'null')
    || ', "after": ' || coalesce(c.after::text, 'null')
    || ', "transaction": ' || t.line || '}'
from transactions t
join audit_change c on c.transaction_id = t.id
where (t.xid, c.id) > (%(from_xid)s, %(from_change)s)
    and (t.xid, c.id) <= (%(to_xid)s, %(to_change)s)
    and c.id > %(after_change)s and c.id <= %(upto_change)s
order by t.xid, c.id
limit %(most)s
