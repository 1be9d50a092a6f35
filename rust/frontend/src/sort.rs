//! Sorting in place: heapsort, because the standard one takes several kilobytes of flash, and whatever a
//! module holds must not make it quadratic.

/// Sorts so that `less(a, b)` holds for no `b` before `a`.
pub(crate) fn sort(items: &mut [u32], less: &mut dyn FnMut(u32, u32) -> bool) {
    for root in (0..items.len() / 2).rev() {
        sift_down(items, root, less);
    }
    for end in (1..items.len()).rev() {
        if let Some((last, rest)) = items.get_mut(..=end).and_then(<[u32]>::split_last_mut) {
            if let Some(top) = rest.first_mut() {
                core::mem::swap(top, last);
            }
            sift_down(rest, 0, less);
        }
    }
}

fn sift_down(items: &mut [u32], mut root: usize, less: &mut dyn FnMut(u32, u32) -> bool) {
    loop {
        let mut child = 2 * root + 1;
        let Some(&left) = items.get(child) else { return };
        let mut largest = left;
        if let Some(&right) = items.get(child + 1)
            && less(left, right)
        {
            child += 1;
            largest = right;
        }
        let Some(&top) = items.get(root).filter(|&&top| less(top, largest)) else { return };
        for (place, value) in [(root, largest), (child, top)] {
            if let Some(item) = items.get_mut(place) {
                *item = value;
            }
        }
        root = child;
    }
}

#[cfg(test)]
mod tests {
    use super::sort;
    use std::vec::Vec;

    #[test]
    fn sorts() {
        for len in 0..40u32 {
            let mut items: Vec<u32> = (0..len).map(|i| i.wrapping_mul(2_654_435_761) % 17).collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items, &mut |a, b| a < b);
            assert_eq!(items, expected);
        }
    }
}
