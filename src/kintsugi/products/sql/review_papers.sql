-- The checklist of a first review on a day: of a party in a role, or of a product.
select paper, kinds, licence, kind, number, valid_to, status, ok
from first_review_papers(%(party)s, %(role)s, %(classes)s, %(on)s)
where %(role)s <> 'product'
union all
select paper, kinds, licence, kind, number, valid_to, status, ok
from first_review_product_papers(%(product)s, %(on)s)
where %(role)s = 'product'
