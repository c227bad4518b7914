-- Who may trade what, on a day: the one place where it is said. Screens, checks before a document is
-- written, and the triggers of orders and shipments ask these functions.
--
-- They see all rows, whoever asks (security definer): a rule holds whatever the person may read. They
-- answer for a party by its id; whether somebody may read about that party is asked before.

-- Which licence is needed, as data: any one of ``kinds``. ``customer_type`` is empty for suppliers.
-- Basis and what of it was read: docs/explanation/licences.md.
create or replace function trade_licence_rules()
returns table (role text, customer_type text, device_class text, kinds text[])
language sql immutable parallel safe as $$
    values
        ('customer', 'hospital', 'I', '{medical_institution_permit}'::text[]),
        ('customer', 'hospital', 'II', '{medical_institution_permit}'),
        ('customer', 'hospital', 'III', '{medical_institution_permit}'),
        ('customer', 'clinic', 'I', '{medical_institution_permit}'),
        ('customer', 'clinic', 'II', '{medical_institution_permit}'),
        ('customer', 'clinic', 'III', '{medical_institution_permit}'),
        ('customer', 'dealer', 'I', '{business_licence}'),
        ('customer', 'dealer', 'II', '{operating_filing,operating_permit}'),
        ('customer', 'dealer', 'III', '{operating_permit}'),
        -- Individuals need none; class III is not sold to them, so it has no line.
        ('customer', 'individual', 'I', '{}'),
        ('customer', 'individual', 'II', '{}'),
        ('supplier', '', 'I', '{business_licence,production_filing,production_permit}'),
        ('supplier', '', 'II', '{operating_filing,operating_permit,production_permit}'),
        ('supplier', '', 'III', '{operating_permit,production_permit}')
$$;

-- Kinds whose scope names categories and classes. The others are for any device: a hospital's permit
-- lists departments, a business licence lists trades.
create or replace function trade_scoped_kinds() returns text[]
language sql immutable parallel safe as $$
    select '{operating_permit,operating_filing,production_permit,production_filing}'::text[]
$$;

-- What a first review asks for beside the licence of each class: any one of ``kinds``.
create or replace function first_review_rules()
returns table (role text, customer_type text, paper text, kinds text[])
language sql immutable parallel safe as $$
    values
        ('supplier', '', 'business_licence', '{business_licence}'::text[]),
        ('supplier', '', 'quality_agreement', '{quality_agreement}'),
        ('supplier', '', 'sales_person_proxy', '{sales_person_proxy}'),
        ('customer', 'hospital', 'medical_institution_permit', '{medical_institution_permit}'),
        ('customer', 'clinic', 'medical_institution_permit', '{medical_institution_permit}'),
        ('customer', 'dealer', 'business_licence', '{business_licence}')
$$;

-- Spare parts, tools and services without a class are no devices: no certificate is asked for.
create or replace function trade_is_no_device(product products_product) returns boolean
language sql immutable parallel safe as $$
    select coalesce(product.item_kind in ('spare', 'tool', 'service'), false)
       and product.device_class is null
$$;

-- The licences of a party with their state on a day; ``ok``: usable, or put up with by an unlock.
create or replace function trade_licences(for_party uuid, on_day date)
returns table (
    id uuid, kind text, number text, categories text[], classes text[], territory text[],
    valid_from date, valid_to date, revoked_on date, status text, ok boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select q.id, q.kind, q.number, q.categories, q.classes, q.territory, q.valid_from, q.valid_to,
        q.revoked_on, s.status,
        licence_is_usable(s.status)
            or (s.status = 'expired' and licence_is_unlocked(q.id, q.valid_to, on_day))
    from parties_qualification q
    cross join lateral (
        select licence_status(q.valid_from, q.valid_to, q.revoked_on, on_day) as status
    ) s
    where q.party_id = for_party and not q.is_void
$$;

-- What a first review of a party asks for, and what there is of it on a day: the licence that lasts
-- longest of those that will do, else the one that came nearest.
create or replace function first_review_papers(
    for_party uuid, as_role text, for_classes text[], on_day date
)
returns table (
    paper text, kinds text[], licence uuid, kind text, number text, valid_to date, status text,
    ok boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    with who as (
        select case when as_role = 'customer' then coalesce(p.customer_type, '') else '' end as customer_type
        from parties_party p where p.id = for_party
    ),
    wanted as (
        select r.paper, r.kinds, null::text as device_class
        from first_review_rules() r join who on r.customer_type = who.customer_type
        where r.role = as_role
        union all
        select 'class-' || c, coalesce(r.kinds, '{}'), c
        from unnest(for_classes) c cross join who
        left join trade_licence_rules() r
            on r.role = as_role and r.customer_type = who.customer_type and r.device_class = c
        where r.kinds is distinct from '{}'::text[]
    )
    select w.paper, w.kinds, q.id, q.kind, q.number, q.valid_to, q.status, coalesce(q.ok, false)
    from wanted w
    left join lateral (
        select l.* from trade_licences(for_party, on_day) l
        where l.kind = any (w.kinds)
          and (w.device_class is null or l.kind <> all (trade_scoped_kinds())
               or w.device_class = any (l.classes))
        order by l.ok desc, l.valid_to desc nulls first, l.number
        limit 1
    ) q on true
$$;

-- The same for a product: fields that must be known, and a certificate that is or was in force.
create or replace function first_review_product_papers(for_product uuid, on_day date)
returns table (
    paper text, kinds text[], licence uuid, kind text, number text, valid_to date, status text,
    ok boolean
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    with item as (
        select p.*, trade_is_no_device(p) as no_device from products_product p where p.id = for_product
    )
    select f.paper, '{}'::text[], null::uuid, null, null, null::date, null, f.known
    from item p
    cross join lateral (values
        ('device_class', p.device_class is not null),
        ('category_code', p.category_code is not null),
        ('mah', p.mah_id is not null),
        ('manufacturer', p.manufacturer_id is not null),
        ('storage_condition', p.storage_condition is not null)
    ) f (paper, known)
    where not p.no_device
    union all
    select 'certificate', '{}', c.id, c.kind, c.number, c.valid_to, c.status, coalesce(c.ok, false)
    from item p
    left join lateral (
        select c.id, c.kind, c.number, c.valid_to, s.status, licence_is_usable(s.status) as ok
        from products_certificateproduct l
        join products_certificate c on c.id = l.certificate_id and not c.is_void
        cross join lateral (
            select licence_status(c.valid_from, c.valid_to, c.revoked_on, on_day) as status
        ) s
        where l.product_id = p.id and not l.is_void
        order by ok desc, c.valid_to desc nulls first, c.number
        limit 1
    ) c on true
    where not p.no_device
$$;

-- Every check of every product, passed or not. ``for_region``: where the goods are meant for, which an
-- authorisation that is limited to regions must cover; not said, only one for the whole country does.
create or replace function trade_findings(
    for_party uuid, for_products uuid[], as_role text, on_day date, for_region text default null
)
returns table (product uuid, finding text, passed boolean, reason text, facts jsonb)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    with who as (
        select p.id, p.name, p.is_void,
            case when as_role = 'customer' then coalesce(p.customer_type, '') else '' end as customer_type
        from parties_party p where p.id = for_party
    ),
    item as (
        select a.id, p.id is not null as is_known, p.product_code, p.is_void, p.device_class,
            p.category_code, p.manufacturer_id, p.mah_id, p.distribution_status,
            p.id is not null and trade_is_no_device(p) as no_device
        from (select distinct unnest(for_products) as id) a
        left join products_product p on p.id = a.id
    ),
    review as (
        select r.number, r.classes
        from products_firstreview r
        where r.party_id = for_party and r.role = as_role and r.status = 'effective'
          and r.effective_from <= on_day and not r.is_void
    ),
    locking as (
        select c.paper, c.kinds, c.kind, c.number, c.valid_to, c.status
        from review r, first_review_papers(for_party, as_role, r.classes, on_day) c
        where not c.ok
        order by c.paper limit 1
    ),
    licence as (select * from trade_licences(for_party, on_day)),
    rule as (
        select r.device_class, r.kinds from trade_licence_rules() r join who using (customer_type)
        where r.role = as_role
    ),
    held as (
        select distinct on (r.device_class) r.device_class, r.kinds, l.kind, l.number, l.valid_from,
            l.valid_to, l.status, coalesce(l.ok, false) as ok
        from rule r left join licence l on l.kind = any (r.kinds)
        order by r.device_class, l.ok desc nulls last, l.valid_to desc nulls first, l.number
    ),
    lacking as (
        select i.id, array_remove(array[
            case when i.device_class is null then 'device_class' end,
            case when i.category_code is null then 'category_code' end,
            case when as_role = 'customer' and not exists (select from rule) then 'customer_type' end
        ], null) as fields
        from item i where i.is_known and not i.no_device
    ),
    -- Devices about which enough is known to judge them.
    device as (
        select i.* from item i join lacking l on l.id = i.id where l.fields = '{}'
    ),
    granted as (
        select distinct on (a.product_id) a.product_id, l.number, l.valid_to, l.status, l.ok, t.is_there,
            l.territory
        from licence l
        join products_authorisedproduct a on a.qualification_id = l.id and not a.is_void
        cross join lateral (
            select exists (
                select from unnest(l.territory) t
                where t = 'CN' or for_region like regexp_replace(t, '(00)+$', '') || '%'
            ) as is_there
        ) t
        where l.kind = 'authorisation' and a.product_id = any (for_products)
        order by a.product_id, l.ok and t.is_there desc, l.ok desc, l.valid_to desc
    ),
    certified as (
        select distinct on (l.product_id) l.product_id, c.number, c.valid_from, c.valid_to, s.status
        from products_certificateproduct l
        join products_certificate c on c.id = l.certificate_id and not c.is_void
        cross join lateral (
            select licence_status(c.valid_from, c.valid_to, c.revoked_on, on_day) as status
        ) s
        where l.product_id = any (for_products) and not l.is_void
        order by l.product_id, licence_is_usable(s.status) desc, s.status = 'expired' desc,
            c.valid_to desc nulls first
    ),
    found as (
        select i.id, 'party' as finding, w.id is not null and not w.is_void as passed,
            case when w.id is null then 'party-unknown' when w.is_void then 'party-void'
                else 'party-stands' end as reason,
            jsonb_build_object('party', w.name) as facts
        from item i left join who w on true
        union all
        select i.id, 'first-review',
            r.number is not null and l.paper is null
                and (i.device_class is null or i.device_class = any (r.classes)),
            case when r.number is null then 'review-missing'
                when l.paper is not null then 'review-locked'
                when i.device_class <> all (r.classes) then 'review-class'
                else 'review-stands' end,
            jsonb_build_object('review', r.number, 'role', as_role, 'device_class', i.device_class,
                'paper', l.paper, 'kinds', l.kinds, 'kind', l.kind, 'number', l.number,
                'valid_to', l.valid_to, 'status', l.status)
        from item i left join review r on true left join locking l on true
        union all
        select i.id, 'product-review', i.no_device or r.number is not null,
            case when i.no_device then 'not-a-device' when r.number is null then 'product-not-reviewed'
                else 'product-reviewed' end,
            jsonb_build_object('review', r.number, 'product_code', i.product_code)
        from item i
        left join lateral (
            select r.number from products_firstreview r
            where r.product_id = i.id and r.status = 'effective' and r.effective_from <= on_day
              and not r.is_void
        ) r on true
        union all
        select i.id, 'product-status',
            i.is_known and not i.is_void
                and not (as_role = 'supplier' and coalesce(i.distribution_status, '') = 'not_in_distribution'),
            case when not i.is_known then 'product-unknown' when i.is_void then 'product-void'
                when i.distribution_status = 'not_in_distribution' and as_role = 'supplier' then 'product-stopped'
                when i.distribution_status = 'not_in_distribution' then 'product-remains'
                else 'product-traded' end,
            jsonb_build_object('product_code', i.product_code)
        from item i
        union all
        select l.id, 'data', l.fields = '{}',
            case when l.fields = '{}' then 'data-complete' else 'fields-missing' end,
            jsonb_build_object('fields', l.fields, 'product_code', i.product_code)
        from lacking l join item i on i.id = l.id
        union all
        select d.id, 'licence', h.device_class is not null and (h.ok or h.kinds = '{}'),
            case when h.device_class is null then 'class-not-sold'
                when h.kinds = '{}' then 'licence-not-needed'
                when h.ok and h.status = 'expired' then 'licence-unlocked'
                when h.ok then 'licence-held'
                when h.status is null then 'licence-missing'
                else 'licence-' || h.status end,
            jsonb_build_object('device_class', d.device_class, 'kinds', h.kinds, 'kind', h.kind,
                'number', h.number, 'valid_from', h.valid_from, 'valid_to', h.valid_to)
        from device d left join held h on h.device_class = d.device_class
        union all
        select d.id, 'scope', s.covers, case when not s.covers then 'scope-lacks' else 'scope-covers' end,
            jsonb_build_object('device_class', d.device_class, 'category', d.category_code,
                'number', h.number, 'kind', h.kind)
        from device d
        join held h on h.device_class = d.device_class and h.ok
        cross join lateral (
            select exists (
                select from licence l
                where l.ok and l.kind = any (h.kinds)
                  and (l.kind <> all (trade_scoped_kinds())
                       or licence_covers(l.categories, l.classes, d.category_code, d.device_class))
            ) as covers
        ) s
        union all
        select d.id, 'authorisation',
            o.is_own or coalesce(g.ok and g.is_there, false),
            case when o.is_own then 'own-product' when g.product_id is null then 'authorisation-missing'
                when not g.ok then 'authorisation-ended' when not g.is_there then 'authorisation-elsewhere'
                else 'authorisation-held' end,
            jsonb_build_object('number', g.number, 'valid_to', g.valid_to, 'territory', g.territory,
                'region', for_region, 'product_code', d.product_code, 'status', g.status)
        from device d
        cross join lateral (
            select coalesce(for_party in (d.manufacturer_id, d.mah_id), false) as is_own
        ) o
        left join granted g on g.product_id = d.id
        where as_role = 'supplier'
        union all
        select d.id, 'certificate',
            coalesce(licence_is_usable(c.status) or c.status = 'expired', false),
            case when c.product_id is null then 'certificate-missing'
                when c.status = 'expired' then 'certificate-ended'
                when c.status in ('revoked', 'not_yet') then 'certificate-' || c.status
                else 'certificate-held' end,
            jsonb_build_object('number', c.number, 'valid_from', c.valid_from, 'valid_to', c.valid_to,
                'product_code', d.product_code)
        from device d left join certified c on c.product_id = d.id
    )
    select f.id, f.finding, f.passed, f.reason, jsonb_strip_nulls(f.facts) from found f
$$;

-- What stands against a trade: no row, it may be done. For triggers.
create or replace function trade_faults(
    party uuid, products uuid[], role text, on_day date, region text default null
)
returns table (product uuid, finding text, reason text, facts jsonb)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select f.product, f.finding, f.reason, f.facts
    from trade_findings(party, products, role, on_day, region) f
    where not f.passed
$$;

-- What was made, line by line: inside the validity of a certificate of its product, and not expired. A
-- certificate that ended does not matter to what was made before; one that was withdrawn does.
create or replace function certificate_findings(
    for_products uuid[], mfg_dates date[], expiry_dates date[], on_day date
)
returns table (line integer, product uuid, finding text, passed boolean, reason text, facts jsonb)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    with lot as (
        select t.line::integer as line, t.product, t.mfg_date, t.expiry_date, p.product_code,
            p.expiry_in_udi, p.id is not null and trade_is_no_device(p) as no_device
        from unnest(for_products, mfg_dates, expiry_dates)
            with ordinality t (product, mfg_date, expiry_date, line)
        left join products_product p on p.id = t.product
    ),
    best as (
        select l.line, c.number, c.valid_from, c.valid_to, c.is_revoked, c.was_in_force
        from lot l
        left join lateral (
            select c.number, c.valid_from, c.valid_to, s.is_revoked, s.was_in_force
            from products_certificateproduct cp
            join products_certificate c on c.id = cp.certificate_id and not c.is_void
            cross join lateral (
                select coalesce(c.revoked_on <= on_day, false) as is_revoked,
                    coalesce(l.mfg_date between c.valid_from and coalesce(c.valid_to, 'infinity'),
                        false) as was_in_force
            ) s
            where cp.product_id = l.product and not cp.is_void
            order by s.was_in_force and not s.is_revoked desc, s.was_in_force desc,
                c.valid_to desc nulls first, c.number
            limit 1
        ) c on true
    )
    select l.line, l.product, 'lot-certificate',
        l.no_device or coalesce(b.was_in_force and not b.is_revoked, false),
        case when l.no_device then 'not-a-device' when b.number is null then 'certificate-missing'
            when l.mfg_date is null then 'mfg-date-missing'
            when not b.was_in_force then 'lot-outside'
            when b.is_revoked then 'certificate-revoked' else 'lot-inside' end,
        jsonb_strip_nulls(jsonb_build_object('number', b.number, 'valid_from', b.valid_from,
            'valid_to', b.valid_to, 'mfg_date', l.mfg_date, 'product_code', l.product_code))
    from lot l join best b on b.line = l.line
    union all
    select l.line, l.product, 'expiry',
        case when l.expiry_date is null then not coalesce(l.expiry_in_udi, false)
            else on_day <= l.expiry_date end,
        case when l.expiry_date is null and l.expiry_in_udi then 'expiry-missing'
            when l.expiry_date is null then 'no-expiry'
            when on_day <= l.expiry_date then 'in-date' else 'expired' end,
        jsonb_strip_nulls(jsonb_build_object('expiry_date', l.expiry_date,
            'product_code', l.product_code))
    from lot l
$$;

create or replace function certificate_faults(
    products uuid[], mfg_dates date[], expiry_dates date[], on_day date
)
returns table (line integer, product uuid, finding text, reason text, facts jsonb)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select f.line, f.product, f.finding, f.reason, f.facts
    from certificate_findings(products, mfg_dates, expiry_dates, on_day) f
    where not f.passed
$$;

-- What the end of a licence locks, or has locked by this day: the roles in which the first review of
-- its party then lacks it, and ``authorisation`` where products then have no other one.
create or replace function licence_locks(licence uuid, on_day date) returns text[]
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    with q as (
        select q.id, q.party_id, q.kind, greatest(on_day, coalesce(q.valid_to + 1, on_day)) as then_day
        from parties_qualification q where q.id = licence
    )
    select coalesce(array_agg(l.what order by l.what), '{}')
    from (
        select distinct r.role::text as what
        from q
        join products_firstreview r
            on r.party_id = q.party_id and r.status = 'effective' and not r.is_void
        cross join lateral first_review_papers(q.party_id, r.role, r.classes, q.then_day) c
        where not c.ok and q.kind = any (c.kinds)
        union all
        select 'authorisation' from q
        where q.kind = 'authorisation' and exists (
            select from products_authorisedproduct a
            where a.qualification_id = q.id and not a.is_void and not exists (
                select from products_authorisedproduct b
                join trade_licences(q.party_id, q.then_day) o on o.id = b.qualification_id and o.ok
                where b.product_id = a.product_id and b.qualification_id <> q.id and not b.is_void
            )
        )
    ) l
$$;

-- Where subjects stand on a day: parties in a role, or products. Ends: the first day on which what
-- the review asks for no longer is there; no day where it has no end.
create or replace function first_review_standings(as_role text, subjects uuid[], on_day date)
returns table (subject uuid, review uuid, standing text, ends_on date)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select s.id, r.id,
        case
            when r.status = 'effective' and r.effective_from <= on_day then case
                when not p.ok then 'expired' when p.ends_on - on_day <= 90 then 'near_expiry'
                else 'approved' end
            when r.status in ('draft', 'in_review', 'in_approval', 'effective') then 'pending'
            when r.status = 'rejected' then 'rejected'
            when r.status = 'ended' then 'stopped'
            else 'none'
        end,
        case when r.status = 'effective' then p.ends_on end
    from (select distinct unnest(subjects) as id) s
    left join lateral (
        select r.id, r.status, r.classes, r.effective_from from products_firstreview r
        where s.id = case when as_role = 'product' then r.product_id else r.party_id end
          and r.role = as_role and not r.is_void and r.status not in ('withdrawn', 'replaced')
        order by r.status = 'effective' desc, r.requested_at desc
        limit 1
    ) r on true
    left join lateral (
        select coalesce(bool_and(c.ok), true) as ok, min(c.valid_to) as ends_on
        from (
            select * from first_review_papers(s.id, as_role, r.classes, on_day)
            where as_role <> 'product' and r.status = 'effective'
            union all
            select * from first_review_product_papers(s.id, on_day)
            where as_role = 'product' and r.status = 'effective'
        ) c
    ) p on true
$$;

-- A first review begins as a draft about one thing; from its quality review on, what it is about does
-- not change; it comes into force only while everything it asks for is there. Codes: KT113, KT114.
create or replace function first_review_check() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    open_paper record;
begin
    if tg_op = 'INSERT' then
        if new.status <> 'draft' then
            raise exception 'A first review begins as a draft' using errcode = 'KT114',
                detail = jsonb_build_object('number', new.number)::text;
        end if;
        return new;
    end if;
    if new.role <> old.role
       or (new.party_id is distinct from old.party_id and not exists (
           -- A merge takes it along, and back.
           select from parties_party p where (p.id, p.merged_into_id)
               in ((old.party_id, new.party_id), (new.party_id, old.party_id))))
       or (new.product_id is distinct from old.product_id and not exists (
           select from products_product p where (p.id, p.merged_into_id)
               in ((old.product_id, new.product_id), (new.product_id, old.product_id))))
       or (new.requested_by_id, new.number) is distinct from (old.requested_by_id, old.number)
       or (old.status not in ('draft', 'rejected') and new.classes is distinct from old.classes) then
        raise exception 'What a first review is about does not change' using errcode = 'KT114',
            detail = jsonb_build_object('number', old.number)::text;
    end if;
    if new.status = 'effective' and old.status <> 'effective' then
        select c.paper, c.kinds, c.number, c.status into open_paper
        from (
            select * from first_review_papers(new.party_id, new.role, new.classes, new.effective_from)
            where new.role <> 'product'
            union all
            select * from first_review_product_papers(new.product_id, new.effective_from)
            where new.role = 'product'
        ) c
        where not c.ok order by c.paper limit 1;
        -- Not "open_paper is not null", which asks that every column be there.
        if found or (new.role <> 'product' and new.classes = '{}') then
            raise exception 'The first review lacks %', open_paper.paper using errcode = 'KT113',
                detail = jsonb_build_object('number', new.number, 'paper', open_paper.paper,
                    'licence', open_paper.number, 'status', open_paper.status)::text;
        end if;
    end if;
    return new;
end $$;
create or replace trigger first_review_check before insert or update on products_firstreview
    for each row execute function first_review_check();

-- How many base units a package holds, the whole nest down: a case of 5 boxes of 10 packs is 50. The
-- base unit is what carries the primary identifier, which is what stock counts. Null where a quantity
-- on the way is unknown, where packages hold each other in a ring, and for a unit of use inside a
-- pack of several, which is less than one. One row for each known identifier.
create or replace function product_base_units(identifiers text[])
returns table (device_identifier text, issuer text, product_id uuid, base_units numeric)
language sql stable set search_path = pg_catalog, public, pg_temp as $$
    with recursive nest as (
        select u.id as root, u.id, u.contains_id, u.contains_identifier, u.quantity,
            1::numeric as units, 0 as depth
        from products_udiidentifier u
        where u.device_identifier = any (identifiers) and not u.is_void
        union all
        select n.root, i.id, i.contains_id, i.contains_identifier, i.quantity,
            n.units * n.quantity, n.depth + 1
        from nest n join products_udiidentifier i on i.id = n.contains_id
        where n.depth < 12
    ),
    -- The innermost: what holds nothing, by its link and by what its source said of it.
    innermost as (
        select n.root,
            case when coalesce(u.kind, '') <> 'unit_of_use' or p.units_per_package = 1 then n.units end as units
        from nest n
        join products_udiidentifier u on u.id = n.id
        join products_product p on p.id = u.product_id
        where n.contains_id is null and n.contains_identifier is null
    )
    select u.device_identifier, u.issuer, u.product_id, i.units
    from products_udiidentifier u
    left join innermost i on i.root = u.id
    where u.device_identifier = any (identifiers) and not u.is_void
$$;
