-- What came back of a settled return to be refunded and stands on an invoice: by line of it, with what
-- credit notes have left of its quantity.
select r.number as return_no, r.reason, r.credit_amount, n.item_id as item, n.received,
       l.id as line, l.qty as line_qty, l.gross,
       l.qty - coalesce((
           select sum(c.qty) from billing_invoiceline c join billing_invoice w on w.id = c.invoice_id
           where c.original_id = l.id and w.status <> 'voided'
       ), 0) as qty
from sales_return r
join sales_returnline n on n.return_of_id = r.id and n.received > 0 and not n.is_void
join billing_roots(array(select m.item_id from sales_returnline m where m.return_of_id = r.id)) t
    on t.item_id = n.item_id
join billing_invoiceline l on l.root_item_id = t.root_id and l.invoice_id = %(invoice)s
    and l.original_id is null
where r.id = %(returned)s and r.status = 'closed'
  and (n.decision = 'refund' or r.kind = 'refund' and n.decision <> 'exchange')
order by n.item_id, (select x.item_id = n.item_id from sales_receiptline x where x.id = l.receipt_line_id) desc,
         l.line_no
