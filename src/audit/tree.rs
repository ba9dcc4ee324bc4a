//! The Merkle tree over the lines of a span: by it one line is proved to be in the log without showing the others.
//!
//! Its shape is that of Certificate Transparency (RFC 9162, section 2.1): a tree of n leaves has a left half of the
//! largest power of two below n. A leaf is the hash of a line, which begins with `{`; a node hashes the byte 1 and its two
//! halves. So no node can be passed off as a line.

use sha2::{Digest as _, Sha256};

use super::line::Hash;

/// Before the halves of a node.
const NODE: [u8; 1] = [1];

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update(NODE);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// A tree that grows by a leaf at a time, kept as the roots of its full halves.
#[derive(Debug, Clone, Default)]
pub struct Growing {
    leaves: u64,
    /// Roots of full trees, each with how many times it was doubled, largest first.
    full: Vec<(u32, Hash)>,
}

impl Growing {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut new = (0, leaf);
        while let Some((height, left)) = self.full.pop_if(|(height, _)| *height == new.0) {
            new = (height + 1, node(&left, &new.1));
        }
        self.full.push(new);
        self.leaves += 1;
    }

    /// How many leaves it has.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Its root; of no leaves the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut roots = self.full.iter().rev().map(|(_, root)| *root);
        let Some(last) = roots.next() else { return Sha256::digest([]).into() };
        roots.fold(last, |right, left| node(&left, &right))
    }
}

/// The hashes that lead from a leaf to the root, nearest first; none where there is no such leaf.
pub fn path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut part, mut index) = (leaves, index);
    while part.len() > 1 {
        let (left, right) = part.split_at(part.len().next_power_of_two() / 2);
        if index < left.len() {
            path.push(root(right));
            part = left;
        } else {
            path.push(root(left));
            index -= left.len();
            part = right;
        }
    }
    path.reverse();
    Some(path)
}

fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Growing::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root()
}

/// The root that a leaf's path leads to in a tree of `size` leaves; none where the path has not that leaf's length.
pub fn climb(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    // From the leaf upwards: `last` is the last leaf's place on each level, and a node without a right half goes up alone.
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        while at == last && at % 2 == 0 && last > 0 {
            (at, last) = (at / 2, last / 2);
        }
        if last == 0 {
            return None;
        }
        hash = if at % 2 == 1 { node(sibling, &hash) } else { node(&hash, sibling) };
        (at, last) = (at / 2, last / 2);
    }
    while at == last && at % 2 == 0 && last > 0 {
        (at, last) = (at / 2, last / 2);
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::{Growing, Hash, climb, node, path};

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|number| Sha256::digest([number]).into()).collect()
    }

    /// The definition, word by word.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node(&defined(left), &defined(right))
            }
        }
    }

    #[test]
    fn a_growing_tree_has_the_root_that_is_defined() {
        for count in 0..70 {
            let leaves = leaves(count);
            let mut tree = Growing::default();
            leaves.iter().for_each(|leaf| tree.push(*leaf));
            assert_eq!(tree.root(), defined(&leaves), "{count} leaves");
            assert_eq!(tree.leaves(), u64::from(count));
        }
    }

    #[test]
    fn every_path_leads_from_its_leaf_to_the_root_and_no_other_does() {
        for count in 1..40_u8 {
            let leaves = leaves(count);
            let (root, size) = (defined(&leaves), u64::from(count));
            for index in 0..usize::from(count) {
                let path = path(&leaves, index).unwrap();
                assert_eq!(climb(leaves[index], index as u64, size, &path), Some(root), "{index} of {count}");
                assert_ne!(climb(leaves[index], index as u64 + 1, size, &path), Some(root), "{index} of {count}");
                let other: Hash = Sha256::digest([200]).into();
                assert_ne!(climb(other, index as u64, size, &path), Some(root));
                for wrong in 0..path.len() {
                    let mut path = path.clone();
                    path[wrong][0] ^= 1;
                    assert_ne!(climb(leaves[index], index as u64, size, &path), Some(root));
                    path.remove(wrong);
                    assert_ne!(climb(leaves[index], index as u64, size, &path), Some(root));
                }
                let longer = [&path[..], &[root]].concat();
                assert_eq!(climb(leaves[index], index as u64, size, &longer), None);
            }
            assert_eq!(path(&leaves, usize::from(count)), None);
        }
    }
}
