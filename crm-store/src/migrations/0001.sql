-- Version 1. Money is whole minor units, prices and quantities are millionths, percentages ten thousandths, instants microseconds since 1970 (UTC),
-- days are days since 0001-01-01 (that day is 1), ids are 16 bytes. `row` is the row's own number and never leaves the library.

CREATE TABLE crm_counter (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE crm_product (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    sku TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    category TEXT,
    list_price INTEGER NOT NULL,
    currency TEXT NOT NULL,
    cost INTEGER,
    cost_currency TEXT,
    variant_of BLOB REFERENCES crm_product (id),
    active INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT;
CREATE INDEX crm_product_name ON crm_product (name_key, id);
CREATE INDEX crm_product_category ON crm_product (category, id);
CREATE INDEX crm_product_variant_of ON crm_product (variant_of, id) WHERE variant_of IS NOT NULL;

CREATE TABLE crm_price_list (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    external_id TEXT UNIQUE,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    valid_from INTEGER,
    valid_until INTEGER,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    next_rule INTEGER NOT NULL,
    name_key TEXT NOT NULL,
    parts INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_price_list_name ON crm_price_list (name_key, id);

-- A rule without a category and a product is for everything. `pricing` is what it makes the price, as JSON; the list that it is priced after stands beside it too, so that
-- this one is there.
CREATE TABLE crm_price_rule (
    list INTEGER NOT NULL REFERENCES crm_price_list (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    number INTEGER NOT NULL,
    category TEXT,
    product BLOB REFERENCES crm_product (id),
    min_quantity INTEGER NOT NULL,
    valid_from INTEGER,
    valid_until INTEGER,
    pricing TEXT NOT NULL,
    base_list BLOB REFERENCES crm_price_list (id),
    PRIMARY KEY (list, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_price_rule_product ON crm_price_rule (product) WHERE product IS NOT NULL;
CREATE INDEX crm_price_rule_base_list ON crm_price_rule (base_list) WHERE base_list IS NOT NULL;

-- What is taken off is a share or an amount. One without a category and a product is for everything.
CREATE TABLE crm_promotion (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    code TEXT UNIQUE,
    name TEXT NOT NULL,
    share INTEGER,
    amount INTEGER,
    amount_currency TEXT,
    category TEXT,
    product BLOB REFERENCES crm_product (id),
    valid_from INTEGER,
    valid_until INTEGER,
    min_amount INTEGER,
    min_currency TEXT,
    use_limit INTEGER,
    customer_limit INTEGER,
    used INTEGER NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT;
CREATE INDEX crm_promotion_product ON crm_promotion (product) WHERE product IS NOT NULL;

CREATE TABLE crm_redemption (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    promotion BLOB NOT NULL REFERENCES crm_promotion (id),
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    order_id BLOB REFERENCES crm_order (id),
    -- Whether what it took off stands on the lines of the order.
    on_lines INTEGER NOT NULL CHECK (on_lines IN (0, 1)),
    day INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL
) STRICT;
CREATE INDEX crm_redemption_promotion ON crm_redemption (promotion, id);
CREATE INDEX crm_redemption_customer ON crm_redemption (customer, id);
CREATE INDEX crm_redemption_order ON crm_redemption (order_id, id) WHERE order_id IS NOT NULL;

-- A unit of the first currency is worth so many ten billionths of the second, from a day on.
CREATE TABLE crm_exchange_rate (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    from_currency TEXT NOT NULL,
    to_currency TEXT NOT NULL,
    day INTEGER NOT NULL,
    rate INTEGER NOT NULL,
    source TEXT NOT NULL
) STRICT;
CREATE INDEX crm_exchange_rate_pair ON crm_exchange_rate (from_currency, to_currency, day, id);
CREATE INDEX crm_exchange_rate_from ON crm_exchange_rate (from_currency, id);
CREATE INDEX crm_exchange_rate_to ON crm_exchange_rate (to_currency, id);
CREATE INDEX crm_exchange_rate_day ON crm_exchange_rate (day);

CREATE TABLE crm_sales_rep (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    external_id TEXT UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT,
    position TEXT,
    manager BLOB REFERENCES crm_sales_rep (id),
    region TEXT,
    commission_rate INTEGER NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT;
CREATE INDEX crm_sales_rep_name ON crm_sales_rep (name_key, id);
CREATE INDEX crm_sales_rep_manager ON crm_sales_rep (manager, id);
CREATE INDEX crm_sales_rep_region ON crm_sales_rep (region, id);

CREATE TABLE crm_agent (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    external_id TEXT UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    -- The group; the word is SQL's own.
    team TEXT,
    active INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT;
CREATE INDEX crm_agent_name ON crm_agent (name_key, id);
CREATE INDEX crm_agent_team ON crm_agent (team, id);

CREATE TABLE crm_customer (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    external_id TEXT UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    birth_date INTEGER,
    gender TEXT,
    region TEXT,
    parent BLOB REFERENCES crm_customer (id),
    owner BLOB REFERENCES crm_sales_rep (id),
    archived_at INTEGER,
    -- Which of the tables below hold something of this customer, one bit each.
    parts INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_customer_name ON crm_customer (name_key, id);
CREATE INDEX crm_customer_region ON crm_customer (region, id);
CREATE INDEX crm_customer_parent ON crm_customer (parent, id);
CREATE INDEX crm_customer_owner ON crm_customer (owner, id);
CREATE INDEX crm_customer_owner_name ON crm_customer (owner, name_key, id);
CREATE INDEX crm_customer_archived ON crm_customer (id) WHERE archived_at IS NOT NULL;
CREATE INDEX crm_customer_organisation ON crm_customer (id) WHERE kind = 'organisation';

CREATE TABLE crm_customer_email (
    customer INTEGER NOT NULL REFERENCES crm_customer (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    value TEXT NOT NULL,
    value_key TEXT NOT NULL,
    label TEXT NOT NULL,
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    opted_out INTEGER NOT NULL CHECK (opted_out IN (0, 1)),
    invalid INTEGER NOT NULL CHECK (invalid IN (0, 1)),
    PRIMARY KEY (customer, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_customer_email_key ON crm_customer_email (value_key, customer);

CREATE TABLE crm_customer_phone (
    customer INTEGER NOT NULL REFERENCES crm_customer (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    value TEXT NOT NULL,
    value_key TEXT NOT NULL,
    label TEXT NOT NULL,
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    opted_out INTEGER NOT NULL CHECK (opted_out IN (0, 1)),
    invalid INTEGER NOT NULL CHECK (invalid IN (0, 1)),
    PRIMARY KEY (customer, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_customer_phone_key ON crm_customer_phone (value_key, customer);

-- `value` is the address as JSON.
CREATE TABLE crm_customer_address (
    customer INTEGER NOT NULL REFERENCES crm_customer (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    value TEXT NOT NULL,
    label TEXT NOT NULL,
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    opted_out INTEGER NOT NULL CHECK (opted_out IN (0, 1)),
    invalid INTEGER NOT NULL CHECK (invalid IN (0, 1)),
    PRIMARY KEY (customer, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE crm_customer_tag (
    customer INTEGER NOT NULL REFERENCES crm_customer (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    tag TEXT NOT NULL,
    -- The id of the customer, so that those with a tag are read in its order.
    customer_id BLOB NOT NULL,
    PRIMARY KEY (customer, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_customer_tag_tag ON crm_customer_tag (tag, customer_id);

CREATE TABLE crm_customer_need (
    customer INTEGER NOT NULL REFERENCES crm_customer (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    product BLOB REFERENCES crm_product (id),
    PRIMARY KEY (customer, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_customer_need_product ON crm_customer_need (product) WHERE product IS NOT NULL;

CREATE TABLE crm_customer_contact (
    customer INTEGER NOT NULL REFERENCES crm_customer (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    person BLOB NOT NULL REFERENCES crm_customer (id),
    role TEXT NOT NULL,
    PRIMARY KEY (customer, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_customer_contact_person ON crm_customer_contact (person);

CREATE TABLE crm_interaction (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    external_id TEXT UNIQUE,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    opportunity BLOB REFERENCES crm_opportunity (id),
    channel TEXT NOT NULL,
    direction TEXT NOT NULL,
    subject TEXT NOT NULL,
    content TEXT,
    occurred_at INTEGER NOT NULL,
    rating INTEGER,
    parts INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_interaction_customer ON crm_interaction (customer, id);
CREATE INDEX crm_interaction_timeline ON crm_interaction (customer, occurred_at, id);
CREATE INDEX crm_interaction_opportunity ON crm_interaction (opportunity, id) WHERE opportunity IS NOT NULL;
CREATE INDEX crm_interaction_opportunity_at ON crm_interaction (opportunity, occurred_at) WHERE opportunity IS NOT NULL;
CREATE INDEX crm_interaction_channel ON crm_interaction (channel, id);

CREATE TABLE crm_interaction_participant (
    interaction INTEGER NOT NULL REFERENCES crm_interaction (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    -- Id and instant of the interaction, so that a customer's timeline is read in its order.
    interaction_id BLOB NOT NULL,
    occurred_at INTEGER NOT NULL,
    customer BLOB REFERENCES crm_customer (id),
    sales_rep BLOB REFERENCES crm_sales_rep (id),
    agent BLOB REFERENCES crm_agent (id),
    name TEXT,
    PRIMARY KEY (interaction, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_interaction_participant_timeline ON crm_interaction_participant (customer, occurred_at, interaction_id) WHERE customer IS NOT NULL;
CREATE INDEX crm_interaction_participant_sales_rep ON crm_interaction_participant (sales_rep) WHERE sales_rep IS NOT NULL;
CREATE INDEX crm_interaction_participant_agent ON crm_interaction_participant (agent) WHERE agent IS NOT NULL;

CREATE TABLE crm_sale_plan (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    name TEXT NOT NULL,
    period_from INTEGER NOT NULL,
    period_until INTEGER NOT NULL,
    target INTEGER NOT NULL,
    currency TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_rep BLOB REFERENCES crm_sales_rep (id),
    scope_product BLOB REFERENCES crm_product (id),
    scope_region TEXT,
    credit TEXT NOT NULL,
    status TEXT NOT NULL,
    active_since INTEGER,
    closed_at INTEGER,
    parts INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_sale_plan_status ON crm_sale_plan (status, id);
CREATE INDEX crm_sale_plan_rep ON crm_sale_plan (scope_rep, id) WHERE scope_rep IS NOT NULL;
CREATE INDEX crm_sale_plan_product ON crm_sale_plan (scope_product, id) WHERE scope_product IS NOT NULL;
CREATE INDEX crm_sale_plan_region ON crm_sale_plan (scope_region, id) WHERE scope_region IS NOT NULL;

CREATE TABLE crm_sale_plan_strategy (
    plan INTEGER NOT NULL REFERENCES crm_sale_plan (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    PRIMARY KEY (plan, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE crm_queue (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    strategy TEXT NOT NULL,
    waiting_order TEXT NOT NULL,
    fairness_limit INTEGER,
    fairness_seconds INTEGER,
    sticky INTEGER NOT NULL CHECK (sticky IN (0, 1)),
    stale_after_days INTEGER,
    paused INTEGER NOT NULL CHECK (paused IN (0, 1))
) STRICT;

-- `takes` and `prefers` are topics as JSON, `recent` instants.
CREATE TABLE crm_queue_member (
    queue INTEGER NOT NULL REFERENCES crm_queue (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    sales_rep BLOB REFERENCES crm_sales_rep (id),
    agent BLOB REFERENCES crm_agent (id),
    weight INTEGER NOT NULL,
    capacity INTEGER,
    monthly INTEGER,
    takes TEXT NOT NULL,
    prefers TEXT NOT NULL,
    paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
    turn INTEGER NOT NULL,
    credit INTEGER NOT NULL,
    last_at INTEGER,
    recent TEXT NOT NULL,
    PRIMARY KEY (queue, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_queue_member_sales_rep ON crm_queue_member (sales_rep) WHERE sales_rep IS NOT NULL;
CREATE INDEX crm_queue_member_agent ON crm_queue_member (agent) WHERE agent IS NOT NULL;

-- `tags` and `conversion` are JSON; what the lead became stands in columns of its own beside it, as references.
CREATE TABLE crm_lead (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    external_id TEXT UNIQUE,
    name TEXT,
    organisation TEXT,
    role TEXT,
    region TEXT,
    source TEXT,
    tags TEXT NOT NULL,
    interest TEXT,
    value INTEGER,
    currency TEXT,
    product BLOB REFERENCES crm_product (id),
    note TEXT,
    score INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    owner BLOB REFERENCES crm_sales_rep (id),
    assigned_at INTEGER,
    queue BLOB REFERENCES crm_queue (id),
    queued_at INTEGER,
    status TEXT NOT NULL,
    -- When it was disqualified or converted.
    status_at INTEGER,
    reason TEXT,
    reason_note TEXT,
    conversion TEXT,
    name_key TEXT,
    organisation_key TEXT,
    became_organisation BLOB REFERENCES crm_customer (id),
    became_person BLOB REFERENCES crm_customer (id),
    became_opportunity BLOB REFERENCES crm_opportunity (id),
    -- The queue where it waits there, the score below zero so that the likeliest comes first, and the rep whom it loads.
    waiting_in BLOB,
    unlikelihood INTEGER,
    load_of BLOB,
    parts INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_lead_name ON crm_lead (name_key, id) WHERE name_key IS NOT NULL;
CREATE INDEX crm_lead_organisation ON crm_lead (organisation_key, id) WHERE organisation_key IS NOT NULL;
CREATE INDEX crm_lead_owner ON crm_lead (owner, id);
CREATE INDEX crm_lead_queue ON crm_lead (queue, id) WHERE queue IS NOT NULL;
CREATE INDEX crm_lead_source ON crm_lead (source, id) WHERE source IS NOT NULL;
CREATE INDEX crm_lead_status ON crm_lead (status, id);
CREATE INDEX crm_lead_product ON crm_lead (product) WHERE product IS NOT NULL;
CREATE INDEX crm_lead_became_organisation ON crm_lead (became_organisation) WHERE became_organisation IS NOT NULL;
CREATE INDEX crm_lead_became_person ON crm_lead (became_person) WHERE became_person IS NOT NULL;
CREATE INDEX crm_lead_became_opportunity ON crm_lead (became_opportunity) WHERE became_opportunity IS NOT NULL;
CREATE INDEX crm_lead_oldest ON crm_lead (waiting_in, created_at, id) WHERE waiting_in IS NOT NULL;
CREATE INDEX crm_lead_longest_waiting ON crm_lead (waiting_in, queued_at, id) WHERE waiting_in IS NOT NULL;
CREATE INDEX crm_lead_likeliest ON crm_lead (waiting_in, unlikelihood, id) WHERE waiting_in IS NOT NULL;
CREATE INDEX crm_lead_load ON crm_lead (load_of, weight) WHERE load_of IS NOT NULL;

-- `contact` is JSON where it is a postal address, which has no key. The key begins with the kind.
CREATE TABLE crm_lead_point (
    lead INTEGER NOT NULL REFERENCES crm_lead (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    contact TEXT NOT NULL,
    label TEXT NOT NULL,
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    opted_out INTEGER NOT NULL CHECK (opted_out IN (0, 1)),
    invalid INTEGER NOT NULL CHECK (invalid IN (0, 1)),
    value_key TEXT,
    PRIMARY KEY (lead, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_lead_point_key ON crm_lead_point (value_key, lead) WHERE value_key IS NOT NULL;

CREATE TABLE crm_lead_touch (
    lead INTEGER NOT NULL REFERENCES crm_lead (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    at INTEGER NOT NULL,
    channel TEXT NOT NULL,
    direction TEXT NOT NULL,
    subject TEXT NOT NULL,
    content TEXT,
    PRIMARY KEY (lead, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE crm_opportunity (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT UNIQUE,
    customer BLOB REFERENCES crm_customer (id),
    product BLOB REFERENCES crm_product (id),
    rep BLOB REFERENCES crm_sales_rep (id),
    pipeline TEXT NOT NULL,
    stage TEXT NOT NULL,
    stage_order INTEGER NOT NULL,
    stage_kind TEXT NOT NULL,
    stage_probability INTEGER NOT NULL,
    stage_forecast TEXT NOT NULL,
    stage_stale_after_days INTEGER,
    -- The fields that the stage requires and the stages that may follow it, as JSON; NULL where it requires nothing, and where any may follow.
    stage_required TEXT,
    stage_next TEXT,
    value INTEGER,
    currency TEXT,
    recurring INTEGER,
    recurring_currency TEXT,
    recurring_months INTEGER,
    probability INTEGER NOT NULL,
    set_forecast TEXT,
    expected_close INTEGER,
    status TEXT NOT NULL,
    closed_at INTEGER,
    close_day INTEGER,
    lost_reason TEXT,
    lost_note TEXT,
    parts INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_opportunity_customer ON crm_opportunity (customer, id) WHERE customer IS NOT NULL;
CREATE INDEX crm_opportunity_timeline ON crm_opportunity (customer, created_at, id) WHERE customer IS NOT NULL;
CREATE INDEX crm_opportunity_product ON crm_opportunity (product, id) WHERE product IS NOT NULL;
CREATE INDEX crm_opportunity_rep ON crm_opportunity (rep, id) WHERE rep IS NOT NULL;
CREATE INDEX crm_opportunity_status ON crm_opportunity (status, id);
CREATE INDEX crm_opportunity_pipeline ON crm_opportunity (pipeline, id);
CREATE INDEX crm_opportunity_stage ON crm_opportunity (stage, id);
CREATE INDEX crm_opportunity_expected_close ON crm_opportunity (expected_close) WHERE expected_close IS NOT NULL;
CREATE INDEX crm_opportunity_close_day ON crm_opportunity (close_day) WHERE close_day IS NOT NULL;

CREATE TABLE crm_opportunity_visit (
    opportunity INTEGER NOT NULL REFERENCES crm_opportunity (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    stage TEXT NOT NULL,
    kind TEXT NOT NULL,
    entered_at INTEGER NOT NULL,
    left_at INTEGER,
    actor TEXT NOT NULL,
    PRIMARY KEY (opportunity, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE crm_quote (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    number TEXT NOT NULL UNIQUE,
    external_id TEXT UNIQUE,
    version INTEGER NOT NULL,
    previous BLOB REFERENCES crm_quote (id),
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    opportunity BLOB REFERENCES crm_opportunity (id),
    rep BLOB REFERENCES crm_sales_rep (id),
    -- Who wrote it since it was last approved, as JSON.
    authors TEXT NOT NULL,
    currency TEXT NOT NULL,
    price_list BLOB REFERENCES crm_price_list (id),
    -- As in crm_order.
    terms TEXT,
    net INTEGER NOT NULL,
    total INTEGER NOT NULL,
    valid_until INTEGER,
    -- Where it stands: which of what follows is there goes by the status.
    status TEXT NOT NULL,
    status_at INTEGER,
    day INTEGER,
    reason TEXT,
    note TEXT,
    superseded_by BLOB REFERENCES crm_quote (id),
    ordered BLOB REFERENCES crm_order (id),
    approver TEXT,
    approved_at INTEGER,
    -- What goes beyond the limit and waits for approval, or was approved, as JSON.
    beyond TEXT,
    parts INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_quote_customer ON crm_quote (customer, id);
CREATE INDEX crm_quote_timeline ON crm_quote (customer, created_at, id);
CREATE INDEX crm_quote_opportunity ON crm_quote (opportunity, id) WHERE opportunity IS NOT NULL;
CREATE INDEX crm_quote_rep ON crm_quote (rep, id) WHERE rep IS NOT NULL;
CREATE INDEX crm_quote_status ON crm_quote (status, id);
CREATE INDEX crm_quote_valid_until ON crm_quote (valid_until) WHERE valid_until IS NOT NULL;
CREATE INDEX crm_quote_previous ON crm_quote (previous) WHERE previous IS NOT NULL;
CREATE INDEX crm_quote_superseded_by ON crm_quote (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX crm_quote_price_list ON crm_quote (price_list) WHERE price_list IS NOT NULL;
CREATE INDEX crm_quote_ordered ON crm_quote (ordered) WHERE ordered IS NOT NULL;

CREATE TABLE crm_quote_line (
    quote_row INTEGER NOT NULL REFERENCES crm_quote (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    number INTEGER NOT NULL,
    product BLOB NOT NULL REFERENCES crm_product (id),
    quantity INTEGER NOT NULL,
    unit_price INTEGER NOT NULL,
    discount INTEGER NOT NULL,
    -- As in crm_order_line.
    taken_off INTEGER,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    tax TEXT,
    tax_rate INTEGER,
    source INTEGER,
    continues INTEGER,
    list_price INTEGER,
    line_group TEXT,
    PRIMARY KEY (quote_row, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_quote_line_product ON crm_quote_line (product, quote_row);

CREATE TABLE crm_opportunity_line (
    opportunity INTEGER NOT NULL REFERENCES crm_opportunity (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    product BLOB NOT NULL REFERENCES crm_product (id),
    quantity INTEGER NOT NULL,
    unit_price INTEGER NOT NULL,
    discount INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (opportunity, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_opportunity_line_product ON crm_opportunity_line (product, opportunity);

CREATE TABLE crm_opportunity_contact (
    opportunity INTEGER NOT NULL REFERENCES crm_opportunity (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    person BLOB NOT NULL REFERENCES crm_customer (id),
    role TEXT NOT NULL,
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    PRIMARY KEY (opportunity, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_opportunity_contact_person ON crm_opportunity_contact (person, opportunity);

-- The moves of the expected close to a later month.
CREATE TABLE crm_opportunity_push (
    opportunity INTEGER NOT NULL REFERENCES crm_opportunity (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    at INTEGER NOT NULL,
    day_before INTEGER NOT NULL,
    day INTEGER NOT NULL,
    PRIMARY KEY (opportunity, place)
) STRICT, WITHOUT ROWID;

-- What a rep or their manager says in the place of a computed number; both amounts are in the currency.
CREATE TABLE crm_forecast_adjustment (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    rep BLOB NOT NULL REFERENCES crm_sales_rep (id),
    author BLOB NOT NULL REFERENCES crm_sales_rep (id),
    period_from INTEGER NOT NULL,
    period_until INTEGER NOT NULL,
    roll_up TEXT NOT NULL,
    amount INTEGER NOT NULL,
    original INTEGER NOT NULL,
    currency TEXT NOT NULL,
    note TEXT
) STRICT;
CREATE INDEX crm_forecast_adjustment_rep ON crm_forecast_adjustment (rep, id);
CREATE INDEX crm_forecast_adjustment_author ON crm_forecast_adjustment (author, id);
CREATE INDEX crm_forecast_adjustment_period ON crm_forecast_adjustment (period_from, period_until, id);

-- `forecast` is the forecast as JSON, not two megabytes for a thousand reps; the bounds of its period stand before it for the sake of the index.
CREATE TABLE crm_forecast_snapshot (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    name TEXT,
    period_from INTEGER NOT NULL,
    period_until INTEGER NOT NULL,
    forecast TEXT NOT NULL
) STRICT;
CREATE INDEX crm_forecast_snapshot_period ON crm_forecast_snapshot (period_from, period_until, id);

CREATE TABLE crm_activity (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    external_id TEXT UNIQUE,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    note TEXT,
    lead BLOB REFERENCES crm_lead (id),
    customer BLOB REFERENCES crm_customer (id),
    opportunity BLOB REFERENCES crm_opportunity (id),
    person BLOB REFERENCES crm_customer (id),
    owner BLOB REFERENCES crm_sales_rep (id),
    due INTEGER NOT NULL,
    remind_at INTEGER,
    plan TEXT,
    step INTEGER,
    status TEXT NOT NULL,
    done_at INTEGER,
    done_on INTEGER,
    outcome TEXT,
    cancelled_at INTEGER,
    -- What was said when it was done or cancelled.
    remark TEXT,
    -- The due day and the reminder of what is planned.
    planned_due INTEGER,
    planned_reminder INTEGER
) STRICT;
CREATE INDEX crm_activity_lead ON crm_activity (lead, id) WHERE lead IS NOT NULL;
CREATE INDEX crm_activity_person ON crm_activity (person, id) WHERE person IS NOT NULL;
CREATE INDEX crm_activity_customer ON crm_activity (customer, id) WHERE customer IS NOT NULL;
CREATE INDEX crm_activity_timeline ON crm_activity (customer, created_at, id) WHERE customer IS NOT NULL;
CREATE INDEX crm_activity_opportunity ON crm_activity (opportunity, id) WHERE opportunity IS NOT NULL;
CREATE INDEX crm_activity_done ON crm_activity (opportunity, done_at) WHERE done_at IS NOT NULL;
CREATE INDEX crm_activity_owner ON crm_activity (owner, id) WHERE owner IS NOT NULL;
CREATE INDEX crm_activity_status ON crm_activity (status, id);
CREATE INDEX crm_activity_due ON crm_activity (due);
CREATE INDEX crm_activity_planned_due ON crm_activity (planned_due, id) WHERE planned_due IS NOT NULL;
CREATE INDEX crm_activity_owner_planned_due ON crm_activity (owner, planned_due, id) WHERE planned_due IS NOT NULL;
CREATE INDEX crm_activity_planned_reminder ON crm_activity (planned_reminder, id) WHERE planned_reminder IS NOT NULL;
CREATE INDEX crm_activity_owner_planned_reminder ON crm_activity (owner, planned_reminder, id) WHERE planned_reminder IS NOT NULL;

CREATE TABLE crm_order (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    number TEXT NOT NULL UNIQUE,
    external_id TEXT UNIQUE,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    quote BLOB REFERENCES crm_quote (id),
    rep BLOB REFERENCES crm_sales_rep (id),
    currency TEXT NOT NULL,
    price_list BLOB REFERENCES crm_price_list (id),
    -- The discount on all of it and how it is taxed, as JSON where they are not the usual ones.
    terms TEXT,
    net INTEGER NOT NULL,
    total INTEGER NOT NULL,
    status TEXT NOT NULL,
    -- When it was confirmed, or for a cancelled order when it was cancelled.
    status_at INTEGER,
    day INTEGER,
    cancelled_on INTEGER,
    cancel_reason TEXT,
    -- The rate that was pinned when it was confirmed, as JSON.
    rate TEXT,
    -- The two axes that follow from shipments and payments, kept for filters.
    fulfilment TEXT NOT NULL,
    payment TEXT NOT NULL,
    parts INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_order_customer ON crm_order (customer, id);
CREATE INDEX crm_order_quote ON crm_order (quote) WHERE quote IS NOT NULL;
CREATE INDEX crm_order_timeline ON crm_order (customer, created_at, id);
CREATE INDEX crm_order_rep ON crm_order (rep, id) WHERE rep IS NOT NULL;
CREATE INDEX crm_order_without_rep ON crm_order (id) WHERE rep IS NULL;
CREATE INDEX crm_order_price_list ON crm_order (price_list) WHERE price_list IS NOT NULL;
CREATE INDEX crm_order_status ON crm_order (status, id);
CREATE INDEX crm_order_day ON crm_order (day, id) WHERE day IS NOT NULL;
-- What is still to be done; what is done is nearly all.
CREATE INDEX crm_order_fulfilment ON crm_order (fulfilment, id) WHERE fulfilment <> 'fulfilled';
CREATE INDEX crm_order_payment_status ON crm_order (payment, id) WHERE payment <> 'paid';

CREATE TABLE crm_order_line (
    order_row INTEGER NOT NULL REFERENCES crm_order (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    number INTEGER NOT NULL,
    product BLOB NOT NULL REFERENCES crm_product (id),
    quantity INTEGER NOT NULL,
    unit_price INTEGER NOT NULL,
    discount INTEGER NOT NULL,
    -- What promotions take off after the discount; the amount is less it.
    taken_off INTEGER,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    tax TEXT,
    tax_rate INTEGER,
    -- The line of the quote that it was made from.
    source INTEGER,
    -- The line whose other units it has.
    continues INTEGER,
    -- What the price list asked for one, where one priced it, and the group of lines that it stands in.
    list_price INTEGER,
    line_group TEXT,
    PRIMARY KEY (order_row, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_order_line_product ON crm_order_line (product, order_row);

CREATE TABLE crm_order_shipment (
    order_row INTEGER NOT NULL REFERENCES crm_order (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    number INTEGER NOT NULL,
    shipped_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_at INTEGER,
    -- Line number and millionths of each line that is in it, as JSON pairs, and of each that came back.
    lines TEXT NOT NULL,
    returned TEXT,
    PRIMARY KEY (order_row, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE crm_order_payment (
    order_row INTEGER NOT NULL REFERENCES crm_order (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    order_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    at INTEGER NOT NULL,
    day INTEGER NOT NULL,
    method TEXT,
    reference TEXT,
    -- Line number and millionths of each line that money went back for, as JSON pairs.
    lines TEXT,
    PRIMARY KEY (order_row, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_order_payment_day ON crm_order_payment (day, order_id, number);

CREATE TABLE crm_order_revenue (
    order_row INTEGER NOT NULL REFERENCES crm_order (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    order_id BLOB NOT NULL,
    day INTEGER NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (order_row, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_order_revenue_day ON crm_order_revenue (day, order_id, place);

-- A whole payment with a provider, or a part of one.
CREATE TABLE crm_payment (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    order_id BLOB NOT NULL REFERENCES crm_order (id),
    kind TEXT NOT NULL,
    source BLOB REFERENCES crm_payment (id),
    -- The provider and its own reference, with a colon between.
    reference TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    -- Line number and millionths of each line that a refund is for, as JSON pairs.
    lines TEXT,
    status TEXT NOT NULL,
    status_at INTEGER,
    fail_reason TEXT,
    -- The number of the order's entry.
    entry INTEGER,
    -- What a refund of money gave back that the order did not have.
    outside INTEGER,
    provider TEXT NOT NULL,
    parts INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_payment_order ON crm_payment (order_id, id);
CREATE INDEX crm_payment_source ON crm_payment (source, id) WHERE source IS NOT NULL;
CREATE INDEX crm_payment_provider ON crm_payment (provider, id);
-- Parts are few, and so is what is not done, or has an anomaly.
CREATE INDEX crm_payment_kind ON crm_payment (kind, id) WHERE kind <> 'whole';
CREATE INDEX crm_payment_status ON crm_payment (status, id) WHERE status <> 'done';
CREATE INDEX crm_payment_anomalous ON crm_payment (id) WHERE parts <> 0;

CREATE TABLE crm_payment_anomaly (
    payment INTEGER NOT NULL REFERENCES crm_payment (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reported TEXT NOT NULL,
    found TEXT NOT NULL,
    amount INTEGER,
    currency TEXT,
    PRIMARY KEY (payment, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE crm_ticket (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    number TEXT NOT NULL UNIQUE,
    external_id TEXT UNIQUE,
    subject TEXT NOT NULL,
    customer BLOB NOT NULL REFERENCES crm_customer (id),
    priority TEXT,
    channel TEXT NOT NULL,
    -- The group; the word is SQL's own.
    team TEXT,
    assignee BLOB REFERENCES crm_agent (id),
    due_at INTEGER,
    status TEXT NOT NULL,
    solved_at INTEGER,
    solved_by BLOB REFERENCES crm_agent (id),
    closed_at INTEGER,
    resolution TEXT,
    messages INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_ticket_customer ON crm_ticket (customer, id);
CREATE INDEX crm_ticket_timeline ON crm_ticket (customer, created_at, id);
CREATE INDEX crm_ticket_assignee ON crm_ticket (assignee, id) WHERE assignee IS NOT NULL;
CREATE INDEX crm_ticket_unassigned ON crm_ticket (id) WHERE assignee IS NULL;
CREATE INDEX crm_ticket_assignee_due ON crm_ticket (assignee, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX crm_ticket_solved_by ON crm_ticket (solved_by) WHERE solved_by IS NOT NULL;
CREATE INDEX crm_ticket_team ON crm_ticket (team, id) WHERE team IS NOT NULL;
CREATE INDEX crm_ticket_status ON crm_ticket (status, id);
CREATE INDEX crm_ticket_status_due ON crm_ticket (status, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX crm_ticket_priority ON crm_ticket (priority, id) WHERE priority IS NOT NULL;
CREATE INDEX crm_ticket_due ON crm_ticket (due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE crm_ticket_message (
    ticket INTEGER NOT NULL REFERENCES crm_ticket (row) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    agent BLOB REFERENCES crm_agent (id),
    text TEXT NOT NULL,
    PRIMARY KEY (ticket, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_ticket_message_agent ON crm_ticket_message (agent) WHERE agent IS NOT NULL;

-- The header of an entry is never changed; the payload can be emptied when personal data must go.
CREATE TABLE crm_journal (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    in_answer_to INTEGER,
    key TEXT,
    family TEXT NOT NULL,
    record BLOB NOT NULL,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    payload TEXT
) STRICT;
CREATE INDEX crm_journal_record ON crm_journal (record, position);
CREATE INDEX crm_journal_key ON crm_journal (key, position) WHERE key IS NOT NULL;

-- What an operation under an idempotency key answered first, as JSON; `place` is its place among those of its transaction, from 1. `input` is the SHA-256 of what it was given.
-- Both can be emptied when personal data must go.
CREATE TABLE crm_answer (
    row INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    place INTEGER NOT NULL,
    at INTEGER NOT NULL,
    operation TEXT NOT NULL,
    input BLOB,
    answer TEXT,
    UNIQUE (key, place)
) STRICT;

-- The records that it answered with; they need not be there any more.
CREATE TABLE crm_answer_record (
    answer INTEGER NOT NULL REFERENCES crm_answer (row) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    family TEXT NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (answer, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_answer_record_record ON crm_answer_record (record, family);

CREATE TABLE crm_cursor (
    consumer TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Figures: sums over the records, moved by every write of a record in its own transaction. A row that nothing adds to is deleted.

-- `day` is the business day or the first day of the month, by `span`: 0 a day, 1 a month. `whose` says what `key` is: 0 everybody (no key), 1 a rep (or nobody: no key),
-- 2 a product, 3 a customer. Time comes first, so that what is written together stands together. `units` are millionths.
CREATE TABLE crm_figure_sales (
    span INTEGER NOT NULL,
    whose INTEGER NOT NULL,
    day INTEGER NOT NULL,
    currency TEXT NOT NULL,
    key BLOB NOT NULL,
    revenue INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    orders INTEGER NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (span, whose, day, currency, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE crm_figure_customer (
    customer BLOB NOT NULL,
    currency TEXT NOT NULL,
    revenue INTEGER NOT NULL,
    orders INTEGER NOT NULL,
    first_day INTEGER NOT NULL,
    last_day INTEGER NOT NULL,
    PRIMARY KEY (customer, currency)
) STRICT, WITHOUT ROWID;

-- The currency is empty for opportunities without a value.
CREATE TABLE crm_figure_pipeline (
    pipeline TEXT NOT NULL,
    stage TEXT NOT NULL,
    currency TEXT NOT NULL,
    open_count INTEGER NOT NULL,
    open_value INTEGER NOT NULL,
    weighted INTEGER NOT NULL,
    won_count INTEGER NOT NULL,
    won_value INTEGER NOT NULL,
    lost_count INTEGER NOT NULL,
    lost_value INTEGER NOT NULL,
    PRIMARY KEY (pipeline, stage, currency)
) STRICT, WITHOUT ROWID;

-- `day` is the day of the close or the first day of its month, by `span` as above, and -9223372036854775808 for open opportunities of which no day is expected. `rep` is empty for
-- nobody. `category`: 0 omitted, 1 pipeline, 2 best case, 3 most likely, 4 commit, 5 closed. The currency is empty for opportunities without a value.
CREATE TABLE crm_figure_forecast (
    span INTEGER NOT NULL,
    day INTEGER NOT NULL,
    rep BLOB NOT NULL,
    category INTEGER NOT NULL,
    currency TEXT NOT NULL,
    count INTEGER NOT NULL,
    value INTEGER NOT NULL,
    weighted INTEGER NOT NULL,
    PRIMARY KEY (span, day, rep, category, currency)
) STRICT, WITHOUT ROWID;

-- The priority is empty where nobody said so.
CREATE TABLE crm_figure_ticket (
    status TEXT NOT NULL,
    priority TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (status, priority)
) STRICT, WITHOUT ROWID;

-- What is searched of each record, as terms that begin with a mark (search.rs). A row has the family's code in its highest 16 bits, then the row of the record.
-- Prefixes of 2 to 7 characters are the mark and one to six letters.
CREATE VIRTUAL TABLE crm_search USING fts5 (terms, tokenize = 'ascii', prefix = '2 3 4 5 6 7', columnsize = 0);
INSERT INTO crm_search (crm_search, rank) VALUES ('secure-delete', 1);
INSERT INTO crm_search (crm_search, rank) VALUES ('usermerge', 2);
