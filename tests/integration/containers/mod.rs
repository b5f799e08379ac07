//! Case 58: servers that run in containers, with a real engine. What becomes of a container is asked of the engine.

mod checked;
mod commands;
mod ends;
mod engine_away;
mod lost;
mod podman;
