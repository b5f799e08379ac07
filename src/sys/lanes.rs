//! Bytes that a processor compares at once.

#[cfg(target_arch = "x86_64")]
pub use self::sse2::{Found, Lane, WIDTH};
#[cfg(not(target_arch = "x86_64"))]
pub use self::word::{Found, Lane, WIDTH};

/// By what every processor of this architecture has (Intel's "Software Developer's Manual", volume 1, chapter 11).
#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };
    use std::ops::BitOr;

    pub const WIDTH: usize = 16;

    #[derive(Clone, Copy)]
    pub struct Lane(__m128i);

    /// Which bytes are what was searched for.
    #[derive(Clone, Copy)]
    pub struct Found(__m128i);

    impl Lane {
        #[inline]
        pub fn of(bytes: &[u8; WIDTH]) -> Self {
            // SAFETY: as many bytes are read as there are, and none has to be aligned.
            Self(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
        }

        /// The same with these bits set in each byte.
        #[inline]
        pub fn with(self, bits: u8) -> Self {
            // SAFETY: the instruction is there.
            Self(unsafe { _mm_or_si128(self.0, all(bits)) })
        }

        #[inline]
        pub fn equal(self, byte: u8) -> Found {
            // SAFETY: the instruction is there.
            Found(unsafe { _mm_cmpeq_epi8(self.0, all(byte)) })
        }

        /// The bytes that are as large as this one or smaller, for one without its highest bit.
        #[inline]
        pub fn up_to(self, byte: u8) -> Found {
            // SAFETY: the instruction is there.
            let smaller = Self(unsafe { _mm_min_epu8(self.0, all(byte)) });
            // SAFETY: the instruction is there.
            Found(unsafe { _mm_cmpeq_epi8(smaller.0, self.0) })
        }
    }

    impl Found {
        #[inline]
        pub fn is_nothing(self) -> bool {
            self.bits() == 0
        }

        /// A bit for each byte, the first one the lowest.
        #[inline]
        pub fn bits(self) -> u64 {
            // SAFETY: the instruction is there.
            u64::from(unsafe { _mm_movemask_epi8(self.0) }.cast_unsigned())
        }
    }

    impl BitOr for Found {
        type Output = Self;

        #[inline]
        fn bitor(self, other: Self) -> Self {
            // SAFETY: the instruction is there.
            Self(unsafe { _mm_or_si128(self.0, other.0) })
        }
    }

    #[inline]
    fn all(byte: u8) -> __m128i {
        // SAFETY: the instruction is there.
        unsafe { _mm_set1_epi8(byte.cast_signed()) }
    }
}

/// By the tests of Anderson's "Bit Twiddling Hacks" ("Determine if a word has a byte …").
#[cfg(any(test, not(target_arch = "x86_64")))]
mod word {
    use std::ops::BitOr;

    pub const WIDTH: usize = 8;

    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 128;

    #[derive(Clone, Copy)]
    pub struct Lane(u64);

    /// Which bytes are what was searched for, by their highest bits.
    #[derive(Clone, Copy)]
    pub struct Found(u64);

    impl Lane {
        #[inline]
        #[expect(clippy::trivially_copy_pass_by_ref, reason = "other lanes are longer")]
        pub fn of(bytes: &[u8; WIDTH]) -> Self {
            Self(u64::from_le_bytes(*bytes))
        }

        #[inline]
        pub fn with(self, bits: u8) -> Self {
            Self(self.0 | all(bits))
        }

        #[inline]
        pub fn equal(self, byte: u8) -> Found {
            let different = self.0 ^ all(byte);
            Found(!(((different & !HIGH) + !HIGH) | different) & HIGH)
        }

        #[inline]
        pub fn up_to(self, byte: u8) -> Found {
            Found(!((self.0 & !HIGH) + all(127 - byte)) & !self.0 & HIGH)
        }
    }

    impl Found {
        #[inline]
        pub fn is_nothing(self) -> bool {
            self.0 == 0
        }

        #[inline]
        pub fn bits(self) -> u64 {
            self.0.wrapping_mul(0x0002_0408_1020_4081) >> 56
        }
    }

    impl BitOr for Found {
        type Output = Self;

        #[inline]
        fn bitor(self, other: Self) -> Self {
            Self(self.0 | other.0)
        }
    }

    #[inline]
    fn all(byte: u8) -> u64 {
        ONES * u64::from(byte)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    macro_rules! finds_what_is_there {
        ($lanes:ident, $bytes:expr) => {
            let bytes: [u8; super::$lanes::WIDTH] = $bytes[..super::$lanes::WIDTH].try_into().unwrap();
            let bits = |is_it: &dyn Fn(u8) -> bool| {
                (0..bytes.len()).fold(0, |bits, at| bits | (u64::from(is_it(bytes[at])) << at))
            };
            let lane = super::$lanes::Lane::of(&bytes);
            for byte in *b"\n\"\\{}\0\x7f\xff" {
                prop_assert_eq!(lane.equal(byte).bits(), bits(&|it| it == byte));
                prop_assert_eq!(lane.with(0x20).equal(byte).bits(), bits(&|it| it | 0x20 == byte));
            }
            for byte in [0, 0x1f, 0x7f] {
                let found = lane.up_to(byte) | lane.equal(b'x');
                prop_assert_eq!(found.bits(), bits(&|it| it <= byte || it == b'x'));
                prop_assert_eq!(found.is_nothing(), found.bits() == 0);
            }
        };
    }

    proptest! {
        #[test]
        fn each_kind_of_lane_finds_what_is_there(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0..0x24u8, 0x5b..0x5eu8, 0x78..0x82u8], 16)) {
            finds_what_is_there!(word, bytes);
            #[cfg(target_arch = "x86_64")]
            {
                finds_what_is_there!(sse2, bytes);
            }
        }
    }
}
