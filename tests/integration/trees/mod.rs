//! Trees that are hard to end, and watchers that are killed, stopped or disturbed while they do it.

mod client_signals;
mod ending;
mod escape;
mod failpoints;
mod forks;
mod keep;
mod labels;
mod nested;
mod refused;
mod run;
mod signals;
mod stuck;
mod terminal;
mod watchers;
