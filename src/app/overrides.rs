//! Settings for one start, which count more than those of a definition.

use crate::server::settings::{PortChoice, PortWish, ReadyWhen, Restart, Settings, StopSignal};

/// What was set; everything else stays as it is. Times in milliseconds.
#[derive(Default)]
pub struct Overrides {
    pub grace_ms: Option<u64>,
    pub stop_signal: Option<StopSignal>,
    pub memory: Option<u64>,
    pub sampling: Option<Sampling>,
    pub port: Option<PortChoice>,
    pub no_terminal: bool,
    pub restart: Option<Restart>,
    pub ready: Option<ReadyWhen>,
    pub ready_timeout_ms: Option<u64>,
}

/// How often CPU and memory are sampled.
#[derive(Clone, Copy)]
pub enum Sampling {
    Off,
    Every(u64),
}

impl Overrides {
    pub fn apply(&self, settings: &mut Settings) {
        settings.grace_ms = self.grace_ms.or(settings.grace_ms);
        settings.stop_signal = self.stop_signal.unwrap_or(settings.stop_signal);
        settings.memory = self.memory.or(settings.memory);
        match self.sampling {
            Some(Sampling::Off) => settings.sample_ms = None,
            Some(Sampling::Every(ms)) => settings.sample_ms = Some(ms),
            None => {}
        }
        if let Some(number) = self.port {
            let variable = settings.port.take().and_then(|wish| wish.variable);
            settings.port = Some(PortWish { number, variable });
        }
        settings.terminal &= !self.no_terminal;
        settings.restart = self.restart.unwrap_or(settings.restart);
        if let Some(when) = &self.ready {
            settings.ready.when = when.clone();
        }
        settings.ready.timeout_ms = self.ready_timeout_ms.unwrap_or(settings.ready.timeout_ms);
    }
}
