-- Facts, as the store of several replicas keeps them: the tables of the embedded store, in PostgreSQL's words. Nothing
-- is ever overwritten: a version lives from the revision that wrote it until the one that replaced it, so that any
-- earlier state can be read by its number.
--
-- Keys lead from table to table without foreign keys. There is one writer, and it takes every key from a row it has
-- just read or made; checking each again would lock a row of `uids` for every version and link of an import.

-- Names of entities, compared byte by byte. The key is an entity's place in the order of walks. An index takes no more
-- than 2,704 bytes, an id may be longer: then `id` is U+0001, which no id may hold, and its SHA-256, and `long` is the id.
create table uids (
    key  bigint generated always as identity primary key,
    type text collate "C" not null,
    id   text collate "C" not null,
    long text collate "C",
    unique (type, id)
);

-- All entities of a type, in the order of walks.
create index uids_by_type on uids (type, key);

-- Digests of the schemas that versions were checked against.
create table schemas (
    key    bigint generated always as identity primary key,
    digest text collate "C" not null unique
);

create table versions (
    uid    bigint not null,
    since  bigint not null,
    until  bigint,
    schema bigint not null,
    text   text not null,
    primary key (uid, since)
);

-- At most one version is in force, and it is found without its predecessors.
create unique index versions_in_force on versions (uid) where until is null;

-- Which attribute of which type refers; an empty path stands for parents.
create table attributes (
    key  bigint generated always as identity primary key,
    type text collate "C" not null,
    path text collate "C" not null,
    unique (type, path)
);

-- Parents and references, from who refers and, by the index, from what is referred to.
create table links (
    source    bigint not null,
    attribute bigint not null,
    target    bigint not null,
    since     bigint not null,
    until     bigint,
    primary key (source, attribute, target, since)
);

create index links_to on links (target, attribute, source, since, until);

-- The change log: what was changed at which revision, by whom, when and why. What was changed and has no version
-- at that revision was deleted.
create table revisions (
    revision bigint primary key,
    at       bigint not null,
    who      text not null,
    why      text not null
);

create table changes (
    revision bigint not null,
    uid      bigint not null,
    primary key (revision, uid)
);

create function stay() returns trigger language plpgsql as $$
begin
    raise exception 'the change log is append-only';
end $$;

create trigger revisions_stay before update or delete or truncate on revisions for each statement execute function stay();
create trigger changes_stay before update or delete or truncate on changes for each statement execute function stay();

-- Answers by the caller's key: who asks again gets the same answer, and nothing is applied twice.
create table answers (
    caller   text collate "C" not null,
    key      text collate "C" not null,
    digest   bytea not null,
    status   integer not null,
    answer   text not null,
    revision bigint not null,
    primary key (caller, key)
);

create index answers_in_order on answers (revision, caller, key);

-- Tokens of calling services, by their digest; the secrets are nowhere.
create table tokens (
    id           text collate "C" primary key,
    digest       bytea not null unique,
    service      text collate "C" not null,
    roles        text not null,
    created_at   bigint not null,
    expires_at   bigint,
    last_used_at bigint,
    revoked_at   bigint
);
