//! Walks: entities in the store's order, a page at a time, straight from the indexes that hold that order.

use cedar_policy::{EntityTypeName, EntityUid};
use tokio_postgres::Error;

use super::read::{Parameters, Place, most, names, places_of, signed};
use crate::{
    database::server::Connection,
    facts::store::{Position, Revision},
};

pub(super) async fn all(
    connection: &Connection,
    entity_type: &EntityTypeName,
    after: Position,
    limit: usize,
    at: Revision,
) -> Result<Vec<Place>, Error> {
    let walk = "select u.key, u.type, coalesce(u.long, u.id) from uids u
        where u.type = $1 and u.key > $2 and exists (
            select 1 from versions v where v.uid = u.key and v.since <= $4 and (v.until is null or v.until > $4)
        ) order by u.key limit $3";
    places_of(connection, walk, &[&entity_type.to_string(), &signed(after), &most(limit), &signed(at)]).await
}

/// The index holds each target's sources in their order: as many as are wanted are taken of each, and merged.
pub(super) async fn referring(
    connection: &Connection,
    (entity_type, path): (&EntityTypeName, &str),
    to: &[EntityUid],
    after: Position,
    limit: usize,
    at: Revision,
) -> Result<Vec<Place>, Error> {
    let walk = "select u.key, u.type, coalesce(u.long, u.id) from (
            select distinct l.source from unnest($5::text[], $6::text[]) as asked (type, id)
            join uids t on t.type = asked.type and t.id = asked.id
            cross join lateral (
                select source from links
                where target = t.key and source > $2 and since <= $4 and (until is null or until > $4)
                  and attribute = (select key from attributes where type = $1 and path = $7)
                order by source limit $3
            ) l
            order by l.source limit $3
        ) found join uids u on u.key = found.source order by u.key";
    let (types, ids) = names(to);
    let kind = entity_type.to_string();
    let parameters: Parameters = &[&kind, &signed(after), &most(limit), &signed(at), &types, &ids, &path];
    if path.contains('\0') { Ok(Vec::new()) } else { places_of(connection, walk, parameters).await }
}

pub(super) async fn places(connection: &Connection, uids: &[EntityUid], at: Revision) -> Result<Vec<Place>, Error> {
    let places = "select u.key, u.type, coalesce(u.long, u.id)
        from (select distinct type, id from unnest($1::text[], $2::text[]) as asked (type, id)) asked
        join uids u on u.type = asked.type and u.id = asked.id
        where exists (
            select 1 from versions v where v.uid = u.key and v.since <= $3 and (v.until is null or v.until > $3)
        ) order by u.key";
    let (types, ids) = names(uids);
    places_of(connection, places, &[&types, &ids, &signed(at)]).await
}

/// A source may refer to a target by each attribute of its type, so that many times the limit surely has enough of
/// them, and a target that half a million refer to is not read to the end.
pub(super) async fn referrers(connection: &Connection, to: &[EntityUid], limit: usize) -> Result<Vec<Place>, Error> {
    let referrers = "select u.key, u.type, coalesce(u.long, u.id) from (
            select distinct l.source from unnest($1::text[], $2::text[]) as asked (type, id)
            join uids t on t.type = asked.type and t.id = asked.id
            cross join lateral (
                select source from links where target = t.key and until is null
                limit $3 * (select max(paths) from (select count(*) as paths from attributes group by type) a)
            ) l
            order by l.source limit $3
        ) found join uids u on u.key = found.source order by u.key";
    let (types, ids) = names(to);
    // Beyond this no answer is of use, and the product above stays a number.
    let limit = most(limit).min(1 << 32);
    places_of(connection, referrers, &[&types, &ids, &limit]).await
}
