//! What JSON is made of (RFC 8259), byte for byte.

/// What a string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    Key,
    Value,
}

/// Where in an escape sequence of a string we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    None,
    /// Behind the backslash.
    Begun,
    /// So many hexadecimal digits are to come.
    Digits(u8),
}

/// What is a value and no text or number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    True,
    False,
    Null,
}

/// Where in a number we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

impl Escape {
    /// Where a byte of a string leads that does not end it; none if it may not stand there.
    pub fn next(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::None, b'\\') => Some(Self::Begun),
            (Self::None, byte) => (byte >= 0x20).then_some(Self::None),
            (Self::Begun, b'u') => Some(Self::Digits(4)),
            (Self::Begun, byte) => b"\"\\/bfnrt".contains(&byte).then_some(Self::None),
            (Self::Digits(1), byte) if byte.is_ascii_hexdigit() => Some(Self::None),
            (Self::Digits(left), byte) => byte.is_ascii_hexdigit().then(|| Self::Digits(left - 1)),
        }
    }
}

impl Word {
    pub fn text(self) -> &'static [u8] {
        match self {
            Self::True => b"true",
            Self::False => b"false",
            Self::Null => b"null",
        }
    }
}

impl Number {
    /// Where a byte leads; none if it does not belong to the number.
    pub fn next(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Minus, b'0') => Some(Self::Zero),
            (Self::Minus, b'1'..=b'9') | (Self::Whole, b'0'..=b'9') => Some(Self::Whole),
            (Self::Zero | Self::Whole, b'.') => Some(Self::Point),
            (Self::Point | Self::Fraction, b'0'..=b'9') => Some(Self::Fraction),
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Some(Self::Exponent),
            (Self::Exponent, b'+' | b'-') => Some(Self::ExponentSign),
            (Self::Exponent | Self::ExponentSign | Self::ExponentDigits, b'0'..=b'9') => Some(Self::ExponentDigits),
            _ => None,
        }
    }

    pub fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Whole | Self::Fraction | Self::ExponentDigits)
    }
}
