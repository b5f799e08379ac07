//! What stands under `hook`: our own settings. A key that is not known is an error, at every depth.

use std::time::Duration;

use super::entry::{Config, Hook, Variable};
use super::reader::{Fields, ReadResult, Reader};
use crate::server::health::HealthCheck;
use crate::server::settings::{
    LauncherPolicy, LogLimits, PortChoice, PortWish, Ready, ReadyWhen, Restart, Settings, StopSignal,
};
use crate::text::excerpt::excerpt;

const KEYS: &[&str] = &[
    "autostart",
    "config",
    "environmentVariables",
    "exact",
    "health",
    "idle",
    "launcher",
    "log",
    "memory",
    "port",
    "ready",
    "relay",
    "restart",
    "sample",
    "stop",
    "terminal",
    "watch",
];
/// Those of the MCP registry's `server.json`; what is not read is allowed.
const VARIABLE_KEYS: &[&str] = &[
    "choices",
    "default",
    "description",
    "format",
    "isRequired",
    "isSecret",
    "name",
    "placeholder",
    "value",
    "variables",
];
/// No server gets by with less, in bytes.
const LEAST_MEMORY: u64 = 1 << 20;
/// A smaller log would be put aside with every few lines.
const SMALLEST_LOG: u64 = 4 << 10;
const MOST_LOGS: u64 = 100;
const MOST_FAILURES: u64 = 100;
/// Asking more often would keep a server from its work.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);
/// Sampling more often would cost more than it tells.
const SHORTEST_SAMPLE: Duration = Duration::from_secs(1);

pub fn hook(reader: &Reader) -> ReadResult<Hook> {
    let fields = reader.fields()?;
    fields.only(KEYS)?;
    Ok(Hook {
        autostart: fields.read("autostart", Reader::flag)?.unwrap_or_default(),
        settings: settings(reader)?,
        variables: fields.read("environmentVariables", variables)?.unwrap_or_default(),
        config: fields.read("config", config)?,
    })
}

fn settings(reader: &Reader) -> ReadResult<Settings> {
    let fields = reader.fields()?;
    let usual = Settings::default();
    let (stop_signal, grace_ms) = fields.read("stop", stop)?.unwrap_or_default();
    Ok(Settings {
        grace_ms,
        stop_signal,
        terminal: fields.read("terminal", Reader::flag)?.unwrap_or(usual.terminal),
        relay: fields.read("relay", Reader::flag)?.unwrap_or(usual.relay),
        exact: fields.read("exact", Reader::flag)?.unwrap_or(usual.exact),
        launcher: fields.read("launcher", |it| it.choice(&LauncherPolicy::ALL))?.unwrap_or(usual.launcher),
        restart: fields.read("restart", |it| it.choice(&Restart::ALL))?.unwrap_or(usual.restart),
        ready: fields.read("ready", |it| ready(it, &fields))?.unwrap_or_default(),
        health: fields.read("health", |it| health(it, &fields))?,
        port: fields.read("port", port)?,
        memory: fields.read("memory", |it| it.size(LEAST_MEMORY))?,
        log: fields.read("log", log)?.unwrap_or_default(),
        sample_ms: fields.read("sample", sample)?.unwrap_or(usual.sample_ms),
        watch: fields.read("watch", |it| it.items()?.map(|item| item.word()).collect())?.unwrap_or_default(),
        idle_ms: fields.read("idle", |it| idle(it, &fields))?,
    })
}

/// Only who sees the messages knows whether there are any.
fn idle(reader: &Reader, hook: &Fields) -> ReadResult<u64> {
    match hook.read("relay", Reader::flag)? {
        Some(false) => Err(reader.wrong("must not stand beside \"relay\": false, with which no message is seen")),
        _ => reader.time(MILLISECOND),
    }
}

fn stop(reader: &Reader) -> ReadResult<(StopSignal, Option<u64>)> {
    let fields = reader.fields()?;
    fields.only(&["signal", "grace"])?;
    let signal = fields.read("signal", |it| it.choice(&StopSignal::ALL))?.unwrap_or_default();
    Ok((signal, fields.read("grace", |it| it.time(Duration::ZERO))?))
}

fn ready(reader: &Reader, hook: &Fields) -> ReadResult<Ready> {
    let fields = reader.fields()?;
    fields.only(&["log", "delay", "mcp", "timeout"])?;
    for (one, other) in [("log", "delay"), ("log", "mcp"), ("delay", "mcp")] {
        fields.either(one, other)?;
    }
    let log = fields.read("log", pattern)?.map(ReadyWhen::Log);
    let delay = fields.read("delay", |it| it.time(Duration::ZERO))?.map(ReadyWhen::Delay);
    let mcp = fields.read("mcp", |it| by_handshake(it, hook))?.filter(|&is_so| is_so).map(|_| ReadyWhen::Mcp);
    let when = log.or(delay).or(mcp).unwrap_or_default();
    let timeout = fields.read("timeout", |it| it.time(MILLISECOND))?;
    Ok(Ready { when, timeout_ms: timeout.unwrap_or(Ready::default().timeout_ms) })
}

fn by_handshake(reader: &Reader, hook: &Fields) -> ReadResult<bool> {
    let is_wanted = reader.flag()?;
    if is_wanted && hook.at("port").is_none() {
        return Err(reader.wrong("must stand beside \"port\": a server is asked on its port"));
    }
    Ok(is_wanted)
}

/// Only who listens on a port can be asked beside its clients.
fn health(reader: &Reader, hook: &Fields) -> ReadResult<HealthCheck> {
    let fields = reader.fields()?;
    fields.only(&["every", "timeout", "failures"])?;
    if hook.at("port").is_none() {
        let why = "must stand beside \"port\": a server is asked on its port; one on standard input is started again when it ends";
        return Err(reader.wrong(why));
    }
    let usual = HealthCheck::default();
    let failures = fields.read("failures", |it| it.number(1..=MOST_FAILURES))?;
    Ok(HealthCheck {
        every_ms: fields.read("every", |it| it.time(SHORTEST_PAUSE))?.unwrap_or(usual.every_ms),
        timeout_ms: fields.read("timeout", |it| it.time(MILLISECOND))?.unwrap_or(usual.timeout_ms),
        failures: failures.map_or(usual.failures, |number| u32::try_from(number).unwrap_or(u32::MAX)),
    })
}

fn pattern(reader: &Reader) -> ReadResult<String> {
    let text = reader.word()?;
    match regex_lite::Regex::new(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(reader.wrong(format!("must be a regular expression: {error}"))),
    }
}

fn port(reader: &Reader) -> ReadResult<PortWish> {
    if !reader.value().is_object() {
        return Ok(PortWish { number: port_choice(reader, PortChoice::Fixed)?, variable: None });
    }
    let fields = reader.fields()?;
    fields.only(&["prefer", "number", "env"])?;
    fields.either("prefer", "number")?;
    let number = match (fields.at("prefer"), fields.at("number")) {
        (Some(preferred), _) => PortChoice::Prefer(port_number(&preferred)?),
        (None, Some(number)) => port_choice(&number, PortChoice::Fixed)?,
        (None, None) => PortChoice::Auto,
    };
    Ok(PortWish { number, variable: fields.read("env", Reader::variable)? })
}

fn port_choice(reader: &Reader, of: impl Fn(u16) -> PortChoice) -> ReadResult<PortChoice> {
    match reader.value().as_str() {
        Some("auto") => Ok(PortChoice::Auto),
        Some(text) => {
            Err(reader.wrong(format!("must be \"auto\" or a number from 1 to 65535, not {:?}", excerpt(text))))
        }
        None => port_number(reader).map(of),
    }
}

fn port_number(reader: &Reader) -> ReadResult<u16> {
    reader.number(1..=u16::MAX.into()).map(|number| u16::try_from(number).unwrap_or_default())
}

fn log(reader: &Reader) -> ReadResult<LogLimits> {
    let fields = reader.fields()?;
    fields.only(&["size", "keep"])?;
    let usual = LogLimits::default();
    let keep = fields.read("keep", |it| it.number(0..=MOST_LOGS))?;
    Ok(LogLimits {
        size: fields.read("size", |it| it.size(SMALLEST_LOG))?.unwrap_or(usual.size),
        keep: keep.map_or(usual.keep, |keep| u32::try_from(keep).unwrap_or(u32::MAX)),
    })
}

fn sample(reader: &Reader) -> ReadResult<Option<u64>> {
    match reader.value().as_str() {
        Some("off") => Ok(None),
        _ => reader.time(SHORTEST_SAMPLE).map(Some),
    }
}

fn variables(reader: &Reader) -> ReadResult<Vec<Variable>> {
    reader.items()?.map(|item| variable(&item)).collect()
}

fn variable(reader: &Reader) -> ReadResult<Variable> {
    let fields = reader.fields()?;
    fields.only(VARIABLE_KEYS)?;
    Ok(Variable {
        name: fields.required("name")?.variable()?,
        description: fields.read("description", Reader::text)?,
        is_required: fields.read("isRequired", Reader::flag)?.unwrap_or_default(),
        is_secret: fields.read("isSecret", Reader::flag)?.unwrap_or_default(),
        default: fields.read("default", Reader::text)?,
        choices: fields.read("choices", Reader::texts)?.unwrap_or_default(),
    })
}

fn config(reader: &Reader) -> ReadResult<Config> {
    let fields = reader.fields()?;
    fields.only(&["source", "required", "env"])?;
    Ok(Config {
        source: fields.required("source")?.word()?,
        required: fields.read("required", Reader::texts)?.unwrap_or_default(),
        env: fields.read("env", Reader::texts)?.unwrap_or_default(),
    })
}
