-- What a customer owes: open invoices, less what is on account (payments and credit notes not used).
select coalesce((
           select sum(v.gross - v.settled) from billing_invoice v
           where v.customer_id = %(customer)s and v.kind <> 'credit'
             and v.status in ('issued', 'part_paid', 'reversed')
       ), 0)
     - coalesce((
           select sum(v.gross - v.settled) from billing_invoice v
           where v.customer_id = %(customer)s and v.kind = 'credit' and v.status in ('issued', 'part_paid')
       ), 0)
     - coalesce((
           select sum(case p.direction when 'in' then p.amount - p.settled else p.settled - p.amount end)
           from billing_payment p where p.customer_id = %(customer)s
       ), 0) as open_amount
