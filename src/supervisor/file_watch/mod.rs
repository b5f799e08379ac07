//! `--watch`: a server is started again when one of its files has changed.

pub mod pattern;
