CREATE TABLE meta (
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("key")
);
CREATE TABLE table_version (
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    at DOUBLE NOT NULL,
    PRIMARY KEY (name, version)
);
CREATE TABLE prediction (
    id INTEGER NOT NULL,
    task TEXT NOT NULL,
    model TEXT NOT NULL,
    name TEXT NOT NULL,
    start BIGINT NOT NULL,
    first_row BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX prediction_by_model ON prediction (task, model, first_row);
CREATE TABLE label_event (
    seq INTEGER NOT NULL,
    op TEXT NOT NULL,
    example TEXT NOT NULL,
    "row" BIGINT NOT NULL,
    task TEXT NOT NULL,
    value TEXT,
    actor TEXT NOT NULL,
    source TEXT NOT NULL,
    at DOUBLE NOT NULL,
    why TEXT NOT NULL,
    policy TEXT NOT NULL,
    probability DOUBLE NOT NULL,
    PRIMARY KEY (seq),
    UNIQUE (op)
);
CREATE INDEX label_event_by_row ON label_event (task, "row", seq);
CREATE INDEX label_event_by_example ON label_event (example, seq);
CREATE TABLE current_label (
    task TEXT NOT NULL,
    "row" BIGINT NOT NULL,
    example TEXT NOT NULL,
    value TEXT NOT NULL,
    source TEXT NOT NULL,
    probability DOUBLE NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (task, "row")
);
CREATE TABLE queue_item (
    id INTEGER NOT NULL,
    task TEXT NOT NULL,
    "row" BIGINT NOT NULL,
    example TEXT NOT NULL,
    part TEXT NOT NULL,
    cell TEXT NOT NULL,
    policy TEXT NOT NULL,
    why TEXT NOT NULL,
    probability DOUBLE NOT NULL,
    rank DOUBLE NOT NULL,
    cycle BIGINT NOT NULL,
    state TEXT NOT NULL,
    at DOUBLE NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX queue_item_by_row ON queue_item (task, "row");
CREATE INDEX queue_item_by_rank ON queue_item (task, state, rank, id);
CREATE TABLE lease (
    item BIGINT NOT NULL,
    actor TEXT NOT NULL,
    until DOUBLE NOT NULL,
    PRIMARY KEY (item)
);
CREATE TABLE model (
    id TEXT NOT NULL,
    number BIGINT NOT NULL,
    parent TEXT,
    data TEXT NOT NULL,
    label_seq BIGINT NOT NULL,
    project TEXT NOT NULL,
    seed BIGINT NOT NULL,
    code TEXT NOT NULL,
    state TEXT NOT NULL,
    card TEXT NOT NULL,
    at DOUBLE NOT NULL,
    accepted BIGINT,
    PRIMARY KEY (id),
    UNIQUE (number),
    UNIQUE (accepted)
);
CREATE TABLE cell (
    model TEXT NOT NULL,
    task TEXT NOT NULL,
    slice TEXT NOT NULL,
    label TEXT NOT NULL,
    metric TEXT NOT NULL,
    target DOUBLE NOT NULL,
    critical BOOLEAN NOT NULL,
    n BIGINT NOT NULL,
    n_eff DOUBLE NOT NULL,
    value DOUBLE,
    low DOUBLE NOT NULL,
    high DOUBLE NOT NULL,
    state TEXT NOT NULL,
    change TEXT,
    need BIGINT,
    labels BIGINT NOT NULL,
    forecast DOUBLE,
    forecast_low DOUBLE,
    forecast_high DOUBLE,
    PRIMARY KEY (model, task, slice, label, metric)
);
CREATE TABLE look (
    id INTEGER NOT NULL,
    candidate TEXT NOT NULL,
    baseline TEXT,
    alpha DOUBLE NOT NULL,
    verdict TEXT NOT NULL,
    detail TEXT NOT NULL,
    at DOUBLE NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX look_by_candidate ON look (candidate);
CREATE TABLE override (
    id INTEGER NOT NULL,
    what TEXT NOT NULL,
    value TEXT NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    until DOUBLE,
    at DOUBLE NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE cycle (
    id INTEGER NOT NULL,
    started DOUBLE NOT NULL,
    ended DOUBLE,
    state TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE step (
    cycle BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    ended DOUBLE NOT NULL,
    PRIMARY KEY (cycle, seq)
);
INSERT INTO meta VALUES ('version', '1');
INSERT INTO label_event (seq, op, example, "row", task, value, actor, source, at, why, policy, probability)
    VALUES (1, 'op1', '00000000000000000000000000001eef', 1, 't', '"a"', 'ann', 'human', 1.0, '', '', 1.0);
INSERT INTO current_label VALUES ('t', 1, '00000000000000000000000000001eef', '"a"', 'human', 1.0, 1);
