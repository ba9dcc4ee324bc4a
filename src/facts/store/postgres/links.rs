//! How links are written: only those that really changed are touched.

use std::collections::HashSet;

use tokio_postgres::Error;

use super::read::{rows, signed, unsigned};
use crate::{database::server::Connection, facts::store::Revision};

/// A link in place: source, attribute, target.
pub(super) type Edge = (i64, i64, i64);

/// Brings the links of some sources to what is wanted.
pub(super) async fn relink(
    connection: &Connection,
    sources: &[i64],
    mut wanted: HashSet<Edge>,
    revision: Revision,
) -> Result<(), Error> {
    let in_force = "select source, attribute, target, since from links where source = any($1) and until is null";
    let found = if sources.is_empty() { Vec::new() } else { rows(connection, in_force, &[&sources]).await? };
    let (mut ended, mut undone) = (Vec::new(), Vec::new());
    for row in &found {
        let edge = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if !wanted.remove(&edge) {
            let list = if unsigned(row.try_get(3)?) == revision { &mut undone } else { &mut ended };
            list.push(edge);
        }
    }
    let undo =
        "delete from links l using unnest($1::bigint[], $2::bigint[], $3::bigint[]) as old (source, attribute, target)
        where l.source = old.source and l.attribute = old.attribute and l.target = old.target and l.since = $4";
    let end = "update links l set until = $4
        from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as old (source, attribute, target)
        where l.source = old.source and l.attribute = old.attribute and l.target = old.target and l.until is null";
    let open = "insert into links (source, attribute, target, since)
        select source, attribute, target, $4
        from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as new (source, attribute, target)";
    for (sql, edges) in [(undo, undone), (end, ended), (open, wanted.into_iter().collect())] {
        write_edges(connection, sql, &edges, revision).await?;
    }
    Ok(())
}

async fn write_edges(connection: &Connection, sql: &str, edges: &[Edge], revision: Revision) -> Result<(), Error> {
    if edges.is_empty() {
        return Ok(());
    }
    let sources: Vec<i64> = edges.iter().map(|edge| edge.0).collect();
    let attributes: Vec<i64> = edges.iter().map(|edge| edge.1).collect();
    let targets: Vec<i64> = edges.iter().map(|edge| edge.2).collect();
    rows(connection, sql, &[&sources, &attributes, &targets, &signed(revision)]).await.map(|_| ())
}
