//! Sorting in place: heapsort, because the standard one takes several kilobytes of flash, and whatever a
//! module holds must not make it quadratic.

use core::cell::Cell;
use core::cmp::Ordering;

/// What items of a module are sorted by: one string of bytes, or two.
pub(crate) type Key<'a> = (&'a [u8], &'a [u8]);

/// An order of items, given as their offsets in the module.
pub(crate) struct Order<'a> {
    pub module: &'a [u8],
    /// The key of the item at an offset.
    pub key: fn(&'a [u8], u32) -> Key<'a>,
}

impl Order<'_> {
    /// Compares the keys of two items.
    #[inline(never)]
    pub fn compare(&self, a: u32, b: u32) -> Ordering {
        (self.key)(self.module, a).cmp(&(self.key)(self.module, b))
    }

    /// Sorts items. Of those with the same key, the one that lies first comes first.
    pub fn sort(&self, items: &mut [u32]) {
        let items = Cell::from_mut(items).as_slice_of_cells();
        let less = |a, b| self.compare(a, b).then(a.cmp(&b)).is_lt();
        let (mut end, mut first) = (items.len(), items.len() / 2);
        while end > 1 {
            // First the heap is made, from its last item that has others below it; then it gives up its largest ones.
            let mut place = first.saturating_sub(1);
            if first == 0 {
                end -= 1;
                if let (Some(top), Some(last)) = (items.first(), items.get(end)) {
                    top.swap(last);
                }
            }
            first = place;
            // What is there goes down to where nothing below it is larger.
            let Some(heap) = items.get(..end) else { return };
            while let (Some(top), Some(mut below)) = (heap.get(place), heap.get(2 * place + 1)) {
                place = 2 * place + 1;
                if let Some(right) = heap.get(place + 1)
                    && less(below.get(), right.get())
                {
                    below = right;
                    place += 1;
                }
                if !less(top.get(), below.get()) {
                    break;
                }
                top.swap(below);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Order;
    use std::vec::Vec;

    #[test]
    fn sorts() {
        let module: Vec<u8> = (0..40u32).map(|i| (i.wrapping_mul(2_654_435_761) % 17) as u8).collect();
        let order = Order { module: &module, key: |module, at| (&module[at as usize..][..1], &[]) };
        for len in 0..40 {
            let mut items: Vec<u32> = (0..len).rev().collect();
            let mut expected: Vec<u32> = (0..len).collect();
            expected.sort_by_key(|&at| module[at as usize]);
            order.sort(&mut items);
            assert_eq!(items, expected);
        }
    }
}
