-- What has answered: the files of every bundle that was in force, and when each came into force, so that a question can
-- be asked as of an earlier time.

-- A bundle's files as one JSON object, text by path; at most once each.
create table bundles (
    digest text collate "C" primary key,
    files  text not null
);

-- A bundle came into force; the key tells the order where clocks do not.
create table activations (
    key    bigint generated always as identity primary key,
    at     bigint not null,
    bundle text collate "C" not null
);

create function remain() returns trigger language plpgsql as $$
begin
    raise exception '% are append-only', tg_argv[0];
end $$;

create trigger bundles_stay before update or delete or truncate on bundles
    for each statement execute function remain('kept bundles');
create trigger activations_stay before update or delete or truncate on activations
    for each statement execute function remain('activations');

-- From a time to the revision that was the newest then, without reading why each was made.
create index revisions_by_time on revisions (at, revision);
