-- What has answered: the files of every bundle that was in force, and when each came into force, so that a question can
-- be asked as of an earlier time.

-- A bundle's files as one JSON object, text by path; at most once each.
create table bundles (
    digest text primary key collate binary,
    files  text not null
) strict;

-- A bundle came into force; the key tells the order where clocks do not.
create table activations (
    key    integer primary key,
    at     integer not null,
    bundle text not null references bundles
) strict;

create trigger bundles_stay before update on bundles begin select raise(abort, 'kept bundles are append-only'); end;
create trigger bundles_last before delete on bundles begin select raise(abort, 'kept bundles are append-only'); end;
create trigger activations_stay before update on activations begin select raise(abort, 'activations are append-only'); end;
create trigger activations_last before delete on activations begin select raise(abort, 'activations are append-only'); end;

-- From a time to the revision that was the newest then, without reading why each was made.
create index revisions_by_time on revisions (at, revision);
