-- By contract version (none: without a contract): what of an invoice belongs to it, its plan, and the
-- days that the plan counts from.
select v.id as version, sum(l.gross) as gross, v.signed_on, v.retention_share, v.warranty_start,
       v.warranty_months, max(d.shipped_on) as shipped_on, max(c.signed_on) as delivered_on,
       coalesce((
           select jsonb_agg(jsonb_build_object('name', n.name, 'share', n.share, 'rule', n.due_rule,
                  'days', n.due_days, 'due_on', n.due_on) order by n.line_no)
           from sales_paymentnode n where n.version_of_id = v.id and not n.is_void
       ), '[]') as nodes
from billing_invoiceline l
join sales_orderline o on o.id = l.order_line_id
join sales_order s on s.id = o.order_id
join sales_receiptline r on r.id = l.receipt_line_id
join sales_receipt c on c.id = r.receipt_id
join sales_delivery d on d.id = c.delivery_id
left join sales_contractversion v on v.id = s.contract_version_id
where l.invoice_id = %s
group by v.id
order by v.signed_on nulls last, v.id
