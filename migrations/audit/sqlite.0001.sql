-- The decision log, as one machine keeps it. Lines are only ever added; what retention drops is noted first.

-- Stored lines. The key is the writer, shifted by 40 bits, and the line's place in that writer's chain.
create table records (
    key      integer primary key,
    id       blob not null,
    subject  integer,
    resource integer,
    line     text not null
) strict;

-- Names sort by time: this finds one record, and the newest ones.
create unique index records_by_id on records (id);

-- Of each full span, the subjects and the resources of its records: sorted, four bytes each. An index over all records
-- would have every commit write as many pages as it has records.
create table terms (
    writer    integer not null,
    first     integer not null,
    last      integer not null,
    subjects  blob not null,
    resources blob not null,
    primary key (writer, first)
) strict;

-- Signed statements about spans of lines. That of the growing span is replaced until the span is full.
create table checkpoints (
    writer   integer not null,
    first    integer not null,
    last     integer not null,
    text     text not null,
    primary key (writer, first)
) strict, without rowid;

-- How far lines were dropped, since they were kept long enough.
create table dropped (
    writer  integer primary key,
    through integer not null
) strict;

create trigger records_stay before update on records begin select raise(abort, 'the decision log is append-only'); end;
create trigger records_last before delete on records
when not exists (select 1 from dropped where writer = old.key >> 40 and through >= (old.key & 1099511627775))
begin select raise(abort, 'the decision log is append-only'); end;
