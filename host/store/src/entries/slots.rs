//! Where the newest entry of each row id lies: pages of 1,024 slots, because ids come in blocks of that size.

use std::collections::HashMap;

const PAGE_BITS: u32 = 10;
const PAGE: usize = 1 << PAGE_BITS;

/// The slot number that means "none".
pub(crate) const NONE: u32 = u32::MAX;

/// A map from row id to slot number: 4 bytes an id where ids are dense, one page of 4 KiB where they are not.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    pages: HashMap<u64, Page>,
}

#[derive(Debug)]
struct Page {
    slots: Box<[u32]>,
    used: usize,
}

impl Slots {
    pub(crate) fn get(&self, id: u64) -> Option<u32> {
        let slot = self.pages.get(&(id >> PAGE_BITS))?.slots.get(place(id))?;
        (*slot != NONE).then_some(*slot)
    }

    pub(crate) fn set(&mut self, id: u64, slot: u32) {
        let page = self
            .pages
            .entry(id >> PAGE_BITS)
            .or_insert_with(|| Page { slots: vec![NONE; PAGE].into_boxed_slice(), used: 0 });
        if let Some(old) = page.slots.get_mut(place(id)) {
            page.used += usize::from(*old == NONE);
            *old = slot;
        }
    }

    pub(crate) fn remove(&mut self, id: u64) {
        let number = id >> PAGE_BITS;
        let Some(page) = self.pages.get_mut(&number) else {
            return;
        };
        if let Some(old) = page.slots.get_mut(place(id)) {
            page.used -= usize::from(*old != NONE);
            *old = NONE;
        }
        if page.used == 0 {
            self.pages.remove(&number);
        }
    }

    /// Heap bytes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.pages.len() * PAGE * size_of::<u32>() + self.pages.capacity() * size_of::<(u64, Page)>()
    }
}

fn place(id: u64) -> usize {
    id as usize & (PAGE - 1)
}
