//! The hooks in real shells on real terminals.

mod fixture;
mod hook;
