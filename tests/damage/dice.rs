//! A generator whose run can be repeated (`splitmix64`).

/// The dice of one run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// The dice of this run and this thrower.
    pub(crate) fn of(thrower: u64) -> Self {
        let seed = std::env::var("FIRSTHOURS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ thrower)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// A byte with one bit set.
    pub(crate) fn bit(&mut self) -> u8 {
        1 << self.below(8)
    }
}
