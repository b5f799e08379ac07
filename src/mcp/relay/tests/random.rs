//! Numbers at random that come again with the same seed.

/// A small generator of random numbers: a run can be had again by its seed (xorshift, Marsaglia 2003).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    pub fn pick<T: Clone>(&mut self, of: impl Iterator<Item = T>) -> Option<T> {
        let all: Vec<T> = of.collect();
        if all.is_empty() { None } else { Some(all[self.below(all.len())].clone()) }
    }
}
