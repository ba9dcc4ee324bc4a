-- The decision log, as a database keeps it beside the facts. Lines are only ever added; what retention drops is noted first.

-- Stored lines, by chain. Whoever writes a chain that somebody else goes on with is refused by the key.
create table audit_records (
    writer   integer not null,
    sequence bigint not null,
    id       uuid not null,
    subject  bigint,
    resource bigint,
    line     text collate "C" not null,
    primary key (writer, sequence)
);

-- Names sort by time: this finds one record, and the newest ones.
create unique index audit_records_by_id on audit_records (id);
create index audit_records_by_subject on audit_records (subject, id);
create index audit_records_by_resource on audit_records (resource, id);

-- Signed statements about spans of lines. That of the growing span is replaced until the span is full.
create table audit_checkpoints (
    writer integer not null,
    first  bigint not null,
    last   bigint not null,
    text   text collate "C" not null,
    primary key (writer, first)
);

-- How far lines were dropped, since they were kept long enough.
create table audit_dropped (
    writer  integer primary key,
    through bigint not null
);

create function audit_stay() returns trigger language plpgsql as $$
begin
    raise exception 'the decision log is append-only';
end $$;

create function audit_last() returns trigger language plpgsql as $$
begin
    if exists (select 1 from audit_dropped where writer = old.writer and through >= old.sequence) then
        return old;
    end if;
    raise exception 'the decision log is append-only';
end $$;

create trigger audit_records_stay before update on audit_records for each row execute function audit_stay();
create trigger audit_records_last before delete on audit_records for each row execute function audit_last();
create trigger audit_records_whole before truncate on audit_records for each statement execute function audit_stay();

-- Keys of persons' pseudonyms. Dropping a row erases the person. Found by the SHA-256 of the person's name, since an index
-- takes no more than 2,704 bytes, and kept as bytes, since a text takes no U+0000.
create table audit_people (
    person    bytea primary key,
    type      bytea not null,
    id        bytea not null,
    key       bytea not null,
    pseudonym text collate "C" not null unique
);
