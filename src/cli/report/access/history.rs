//! Since when facts are as they are: which commit of the store wrote the version that is in force.

use std::collections::{BTreeMap, HashMap};

use crate::{
    analysis::report::{
        access::{Resource, Since},
        moment,
    },
    facts::{
        Unavailable,
        store::{Past, Revision, Store, record},
    },
};

/// Dates every fact of the rights.
pub(super) fn date(store: &dyn Store, at: Revision, resources: &mut [Resource]) -> Result<(), Unavailable> {
    let mut facts: Vec<_> = resources
        .iter_mut()
        .flat_map(|resource| &mut resource.actions)
        .flat_map(|action| &mut action.holders)
        .flat_map(|holder| &mut holder.rests_on)
        .collect();
    let mut names: Vec<(String, String)> =
        facts.iter().map(|fact| (fact.party.entity_type.clone(), fact.party.id.clone())).collect();
    names.sort();
    names.dedup();
    let uids = names.iter().map(|(name, id)| record::uid(name, id)).collect::<Result<Vec<_>, _>>()?;
    let mut written = HashMap::new();
    for stored in store.read(&uids, at)? {
        let uid = stored.entity.uid();
        written.insert((uid.type_name().to_string(), uid.id().unescaped().to_owned()), stored.since);
    }
    let commits = commits(store, at, &written.values().copied().collect())?;
    for fact in &mut facts {
        let revision = written.get(&(fact.party.entity_type.clone(), fact.party.id.clone()));
        fact.since = revision.and_then(|revision| commits.get(revision)).cloned();
    }
    Ok(())
}

/// Who made these commits, and when.
fn commits(
    store: &dyn Store,
    through: Revision,
    wanted: &std::collections::BTreeSet<Revision>,
) -> Result<BTreeMap<Revision, Since>, Unavailable> {
    let mut found = BTreeMap::new();
    store.history(through, &mut |past| {
        if let Past::Commit { revision, commit } = past
            && wanted.contains(&revision)
        {
            found.insert(revision, Since { revision, at: moment(commit.at), who: commit.who });
        }
        Ok(())
    })?;
    Ok(found)
}
