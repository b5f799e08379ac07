//! Settings for one start, which count more than those of a definition.

use crate::server::settings::{
    LauncherPolicy, PortChoice, PortWish, ReadyWhen, Restart, Sampling, Settings, StopSignal,
};

/// What was set; everything else stays as it is. Times in milliseconds.
#[derive(Default)]
pub struct Overrides {
    pub grace_ms: Option<u64>,
    pub stop_signal: Option<StopSignal>,
    pub memory: Option<u64>,
    pub sampling: Option<Sampling>,
    pub port: Option<PortChoice>,
    pub no_terminal: bool,
    pub launcher: Option<LauncherPolicy>,
    pub no_relay: bool,
    pub exact: bool,
    pub restart: Option<Restart>,
    pub ready: Option<ReadyWhen>,
    pub ready_timeout_ms: Option<u64>,
    /// Absolute.
    pub watch: Vec<String>,
    pub idle_ms: Option<u64>,
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
        settings.launcher = self.launcher.unwrap_or(settings.launcher);
        settings.relay &= !self.no_relay;
        if !self.watch.is_empty() {
            settings.watch.clone_from(&self.watch);
        }
        settings.idle_ms = self.idle_ms.or(settings.idle_ms);
        if self.no_relay {
            // A server with the client's own streams is not started again under it.
            settings.watch.clear();
            settings.idle_ms = None;
        }
        settings.exact |= self.exact;
        settings.restart = self.restart.unwrap_or(settings.restart);
        if let Some(when) = &self.ready {
            settings.ready.when = when.clone();
        }
        settings.ready.timeout_ms = self.ready_timeout_ms.unwrap_or(settings.ready.timeout_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_set_stays_and_what_was_counts_more_than_a_definition() {
        let port = Some(PortWish { number: PortChoice::Auto, variable: Some("PORT".to_owned()) });
        let defined = Settings { grace_ms: Some(1), memory: Some(2), port, ..Settings::default() };
        let mut settings = defined.clone();
        Overrides::default().apply(&mut settings);
        assert_eq!(settings, defined);

        let overrides = Overrides {
            grace_ms: Some(3),
            sampling: Some(Sampling::Off),
            port: Some(PortChoice::Fixed(8000)),
            no_terminal: true,
            ready: Some(ReadyWhen::Delay(4)),
            ..Overrides::default()
        };
        overrides.apply(&mut settings);
        let port = settings.port.expect("a port");
        assert_eq!((port.number, port.variable.as_deref()), (PortChoice::Fixed(8000), Some("PORT")));
        assert_eq!((settings.grace_ms, settings.memory, settings.sample_ms), (Some(3), Some(2), None));
        assert_eq!((settings.terminal, settings.ready.when), (false, ReadyWhen::Delay(4)));
        assert_eq!(settings.ready.timeout_ms, defined.ready.timeout_ms);
    }
}
