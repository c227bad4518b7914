-- Of the order lines on an invoice: how much was invoiced, less what credit notes took back.
select l.order_line_id, sum(case when l.original_id is null then l.qty else -l.qty end) as qty
from billing_invoiceline l join billing_invoice v on v.id = l.invoice_id
where l.order_line_id in (select n.order_line_id from billing_invoiceline n where n.invoice_id = %s)
  and v.status in ('issued', 'part_paid', 'paid', 'reversed')
group by l.order_line_id order by l.order_line_id
