//! The pages of the documentation: what they show is run, and their links lead somewhere.

mod cases;
mod pages;
mod played;
