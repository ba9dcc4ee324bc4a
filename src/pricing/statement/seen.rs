//! What was seen before, in sixteen bytes an entry.
//!
//! Five million lines are looked for by their posting's id. A hash map of the standard library would hold the whole id
//! and double at once; here 72 bits of the digest are kept, 8 of them as the number of one of 256 tables, and each
//! table grows by itself. That two different ids of five million agree in 72 bits happens once in 10⁹ files.

/// A key: part of a SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// What is compared.
    pub word: u64,
    /// Which table.
    pub table: u8,
}

impl Key {
    /// That of a digest; the bytes are those of the id.
    #[inline]
    pub fn of(digest: &[u8; 32]) -> Self {
        let mut word = [0; 8];
        word.copy_from_slice(&digest[..8]);
        Self { word: u64::from_be_bytes(word), table: digest[8] }
    }
}

/// What is kept of a key: a number that is not 0, and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slot {
    word: u64,
    /// Such as the row; 0 where the slot is free.
    pub number: u32,
    /// Such as a check of the amounts.
    pub value: u32,
}

/// Slots by key.
#[derive(Debug)]
pub struct Seen {
    tables: Vec<Table>,
}

#[derive(Debug, Default)]
struct Table {
    slots: Vec<Slot>,
    filled: usize,
}

/// Slots of a table at first.
const SMALL: usize = 16;

impl Default for Seen {
    fn default() -> Self {
        Self { tables: (0..=u8::MAX).map(|_| Table::default()).collect() }
    }
}

impl Seen {
    /// With room for so many keys, so that the tables need not grow on the way.
    pub fn expecting(keys: u64) -> Self {
        let length = usize::try_from(keys / 256 * 3 / 2).unwrap_or(0);
        let table = || Table { slots: vec![Slot::default(); length], filled: 0 };
        Self { tables: (0..=u8::MAX).map(|_| table()).collect() }
    }

    /// The slot of a key; a free one is given `number` and `value` and nothing is returned.
    #[inline]
    pub fn insert(&mut self, key: Key, number: u32, value: u32) -> Option<&mut Slot> {
        let table = &mut self.tables[usize::from(key.table)];
        if table.filled * 4 >= table.slots.len() * 3 {
            table.grow();
        }
        let at = table.place(key.word);
        let slot = &mut table.slots[at];
        if slot.number == 0 {
            *slot = Slot { word: key.word, number, value };
            table.filled += 1;
            return None;
        }
        Some(slot)
    }

    /// Forgets all, and keeps the room.
    pub fn clear(&mut self) {
        for table in &mut self.tables {
            table.slots.fill(Slot::default());
            table.filled = 0;
        }
    }

    /// The slot of a key.
    pub fn get(&self, key: Key) -> Option<&Slot> {
        let table = &self.tables[usize::from(key.table)];
        if table.slots.is_empty() {
            return None;
        }
        Some(&table.slots[table.place(key.word)]).filter(|slot| slot.number != 0)
    }

    /// Looks at the slots of some keys at once, so that they are in the cache when they are needed: memory answers many
    /// questions in the time of one.
    #[inline]
    pub fn fetch(&self, keys: impl Iterator<Item = Key>) -> u32 {
        keys.fold(0, |all, key| {
            let table = &self.tables[usize::from(key.table)];
            let at = start(key.word, table.slots.len());
            all ^ table.slots.get(at).map_or(0, |slot| slot.number)
        })
    }
}

/// Where a search begins: the word as a fraction of the table's length, so that a table may have any length.
#[inline]
fn start(word: u64, length: usize) -> usize {
    ((u128::from(word) * length as u128) >> 64) as usize
}

impl Table {
    /// The slot that has the word, or the free one where it belongs. There is a free one.
    #[inline]
    fn place(&self, word: u64) -> usize {
        let mut at = start(word, self.slots.len());
        loop {
            let slot = &self.slots[at];
            if slot.number == 0 || slot.word == word {
                return at;
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }

    /// Half as much again: doubling would leave a table half empty at its worst.
    fn grow(&mut self) {
        let length = (self.slots.len() + self.slots.len() / 2).max(SMALL);
        let before = std::mem::replace(&mut self.slots, vec![Slot::default(); length]);
        for slot in before.into_iter().filter(|slot| slot.number != 0) {
            let at = self.place(slot.word);
            self.slots[at] = slot;
        }
    }
}
