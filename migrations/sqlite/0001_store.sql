-- Facts, as the store of one machine keeps them. Nothing is ever overwritten: a version lives from the revision that
-- wrote it until the one that replaced it, so that any earlier state can be read by its number.

-- Names of entities, compared byte by byte. The key is an entity's place in the order of walks.
create table uids (
    key  integer primary key,
    type text not null collate binary,
    id   text not null collate binary,
    unique (type, id)
) strict;

-- All entities of a type, in the order of walks: an index on a column holds the key behind it.
create index uids_by_type on uids (type);

-- Digests of the schemas that versions were checked against.
create table schemas (
    key    integer primary key,
    digest text not null unique
) strict;

create table versions (
    uid    integer not null references uids,
    since  integer not null,
    until  integer,
    schema integer not null references schemas,
    text   text not null,
    primary key (uid, since)
) strict, without rowid;

-- Which attribute of which type refers; an empty path stands for parents.
create table attributes (
    key  integer primary key,
    type text not null collate binary,
    path text not null collate binary,
    unique (type, path)
) strict;

-- Parents and references, from who refers and, by the index, from what is referred to.
create table links (
    source    integer not null,
    attribute integer not null,
    target    integer not null,
    since     integer not null,
    until     integer,
    primary key (source, attribute, target, since)
) strict, without rowid;

create index links_to on links (target, attribute, source, since, until);

-- The change log: what was changed at which revision, by whom, when and why. What was changed and has no version
-- at that revision was deleted.
create table revisions (
    revision integer primary key,
    at       integer not null,
    who      text not null,
    why      text not null
) strict;

create table changes (
    revision integer not null references revisions,
    uid      integer not null references uids,
    primary key (revision, uid)
) strict, without rowid;

create trigger revisions_stay before update on revisions begin select raise(abort, 'the change log is append-only'); end;
create trigger revisions_last before delete on revisions begin select raise(abort, 'the change log is append-only'); end;
create trigger changes_stay before update on changes begin select raise(abort, 'the change log is append-only'); end;
create trigger changes_last before delete on changes begin select raise(abort, 'the change log is append-only'); end;

-- Answers by the caller's key: who asks again gets the same answer, and nothing is applied twice.
create table answers (
    caller   text not null collate binary,
    key      text not null collate binary,
    digest   blob not null,
    status   integer not null,
    answer   text not null,
    revision integer not null,
    primary key (caller, key)
) strict, without rowid;

-- Tokens of calling services, by their digest; the secrets are nowhere.
create table tokens (
    id           text primary key collate binary,
    digest       blob not null unique,
    service      text not null collate binary,
    roles        text not null,
    created_at   integer not null,
    expires_at   integer,
    last_used_at integer,
    revoked_at   integer
) strict;
