//! Ending a container: `stop` with the grace time, then `kill`; over when its engine no longer lists it.

use std::time::{Duration, Instant};

use super::cid::{self, Cid};
use super::engine::{Answer, Call, Engine};
use super::{Container, LABEL};
use crate::context;
use crate::sys::Pid;
use crate::terminate::budget;

/// A container whose engine was asked to stop it while its client lived.
pub struct StopRequest {
    call: Call,
    at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// To end the container well.
    Stop,
    Kill,
    Remove,
    /// Whether it is there.
    List,
}

/// How the container's client ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientExit {
    /// The engine has nothing more to do for it.
    ByItself,
    /// It was killed, or nobody knows: what it asked for may still be under way.
    Killed,
}

/// What follows an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// This.
    Do(Step),
    /// This, after a moment.
    Later(Step),
    /// It has ended, and is removed if it is to be.
    Over,
    /// The engine does not answer.
    GiveUp,
}

const SILENCE: &str = "its engine does not answer";

impl StopRequest {
    pub fn pid(&self) -> Pid {
        self.call.pid()
    }

    /// Does not wait for the answer.
    pub fn abandon(&self) {
        self.call.abandon();
    }
}

/// Asks the engine to stop the container, if its id is known and proven; does not wait.
pub fn request_stop(container: &Container, grace: Duration) -> Option<StopRequest> {
    let id = container.id().filter(|_| container.own_cidfile)?;
    let call = container.engine.ask(&["stop", "-t", &seconds(grace), &id]).ok()?;
    Some(StopRequest { call, at: context::now() })
}

/// Ends what is left of the server's containers once their client is gone, and waits until it has. `request` if the last
/// one was asked for already; `pause` waits for a child to end, at most for the given time. Afterwards `left` has those that are
/// still there, and `trouble` why. Returns the id of the last one, if that is known.
pub fn end(
    container: &mut Container,
    grace: Duration,
    client: ClientExit,
    mut request: Option<StopRequest>,
    pause: &mut dyn FnMut(Pid, Duration),
) -> Option<String> {
    let (current, mut trouble) = ids(container, client, pause);
    let last = current.last().cloned();
    let mut left = Vec::new();
    for id in std::mem::take(&mut container.left).into_iter().chain(current) {
        if left.contains(&id) {
            continue;
        }
        let request = request.take_if(|_| last.as_ref() == Some(&id));
        let order = Order { engine: &container.engine, id: &id, removed: container.removed, grace };
        // One engine has them all: it is waited for once.
        let result = match &trouble {
            None => order.carry_out(client, request, pause),
            Some(trouble) => Err(trouble.clone()),
        };
        if let Err(why) = result {
            trouble = Some(why);
            left.push(id);
        }
    }
    if let Some(request) = request {
        request.abandon();
    }
    (container.left, container.trouble) = (left, trouble);
    if container.own_cidfile && !container.is_left() {
        cid::remove(&container.cidfile);
    }
    last
}

/// The ids of the containers that were started last, or what keeps us from knowing.
fn ids(
    container: &Container,
    client: ClientExit,
    pause: &mut dyn FnMut(Pid, Duration),
) -> (Vec<String>, Option<String>) {
    match cid::read(&container.cidfile) {
        Cid::Missing if client == ClientExit::ByItself => (Vec::new(), None),
        Cid::Known(id) if container.own_cidfile => (vec![id], None),
        // Of two clients that are told to write to a file of the user's, one does, and the other refuses to start.
        Cid::Known(id) => match labelled(container, Some(&id), Duration::ZERO, pause) {
            (ids, None) if ids.is_empty() && client == ClientExit::Killed => {
                labelled(container, None, budget::ENGINE_CREATION, pause)
            }
            found => found,
        },
        // A client that is told to end may remove the file while the engine is still at it.
        Cid::Missing | Cid::Empty | Cid::Unreadable => labelled(container, None, budget::ENGINE_CREATION, pause),
    }
}

/// The containers with our label, or the one of this `id` if it has the label. `creation` is how long none may still become
/// one: their client was killed while it asked for one, and the engine may still be at it.
fn labelled(
    container: &Container,
    id: Option<&str>,
    creation: Duration,
    pause: &mut dyn FnMut(Pid, Duration),
) -> (Vec<String>, Option<String>) {
    let label = format!("label={LABEL}={}", container.label);
    let id = id.map(|id| format!("id={id}"));
    let mut words = vec!["ps", "--all", "--quiet", "--no-trunc", "--filter", &label];
    words.extend(id.iter().flat_map(|id| ["--filter", id]));
    let (made, deadline) = (context::now() + creation, context::now() + budget::ENGINE);
    loop {
        let trouble = match ask(&container.engine, &words, deadline, pause) {
            Answer::Yes(text) => {
                let ids: Vec<String> = text.split_whitespace().filter(|it| cid::is_id(it)).map(str::to_owned).collect();
                if !ids.is_empty() || context::now() >= made {
                    return (ids, None);
                }
                String::new()
            }
            Answer::No(why) => why,
            Answer::Silence => SILENCE.to_owned(),
        };
        if context::now() >= deadline {
            return (Vec::new(), Some(trouble));
        }
        pause(Pid::this(), budget::ENGINE_PAUSE);
    }
}

struct Order<'c> {
    engine: &'c Engine,
    id: &'c str,
    removed: bool,
    grace: Duration,
}

impl Order<'_> {
    fn carry_out(
        &self,
        client: ClientExit,
        request: Option<StopRequest>,
        pause: &mut dyn FnMut(Pid, Duration),
    ) -> Result<(), String> {
        let mut kill_at =
            request.as_ref().map_or_else(context::now, |request| request.at) + self.grace + budget::ENGINE_SLACK;
        let mut deadline = kill_at.max(context::now()) + budget::ENGINE;
        let mut step = if request.is_some() || client == ClientExit::Killed { Step::Stop } else { Step::List };
        let (mut call, mut was_asked) = (request.map(|request| request.call), false);
        let mut why = "it does not end".to_owned();
        loop {
            if call.is_none() && step == Step::Stop {
                kill_at = context::now() + self.grace + budget::ENGINE_SLACK;
            }
            let answer = match call.take() {
                Some(call) => call.answer(kill_at, pause),
                None => self.ask(step, if step == Step::Stop { kill_at } else { deadline }, pause),
            };
            match &answer {
                Answer::No(text) => why.clone_from(text),
                Answer::Silence => SILENCE.clone_into(&mut why),
                Answer::Yes(_) if step == Step::Stop => deadline = deadline.max(context::now() + budget::ENGINE),
                Answer::Yes(_) => {}
            }
            let next = next(step, &answer, was_asked, self.removed);
            // An engine that was away was asked for nothing.
            was_asked = step == Step::Stop || was_asked && !matches!((step, &answer), (Step::List, Answer::No(_)));
            step = match next {
                Next::Over => return Ok(()),
                Next::GiveUp => return Err(why),
                _ if context::now() >= deadline => return Err(why),
                Next::Do(step) => step,
                Next::Later(step) => {
                    pause(Pid::this(), budget::ENGINE_PAUSE);
                    step
                }
            };
        }
    }

    fn ask(&self, step: Step, limit: Instant, pause: &mut dyn FnMut(Pid, Duration)) -> Answer {
        let filter = format!("id={}", self.id);
        let seconds = seconds(self.grace);
        let words: &[&str] = match step {
            Step::Stop => &["stop", "-t", &seconds, self.id],
            Step::Kill => &["kill", self.id],
            Step::Remove => &["rm", "--force", self.id],
            Step::List if self.removed => &["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter],
            Step::List => &["ps", "--quiet", "--no-trunc", "--filter", &filter],
        };
        ask(self.engine, words, limit, pause)
    }
}

/// What follows. Only a list says that it is over: what was asked for by a client that was killed may happen later than
/// what we ask for, and the other answers differ from engine to engine.
fn next(step: Step, answer: &Answer, was_asked: bool, removed: bool) -> Next {
    match (step, answer) {
        (Step::List, Answer::Yes(ids)) if ids.trim().is_empty() => Next::Over,
        (Step::List, Answer::Yes(_)) if !was_asked => Next::Do(Step::Stop),
        (Step::List, Answer::Yes(_)) => Next::Do(if removed { Step::Remove } else { Step::Kill }),
        (Step::List, Answer::No(_)) => Next::Later(Step::Stop),
        (Step::Stop, Answer::Silence) => Next::Do(Step::Kill),
        (Step::Stop, _) => Next::Do(Step::List),
        (_, Answer::Silence) => Next::GiveUp,
        (Step::Kill | Step::Remove, _) => Next::Later(Step::List),
    }
}

fn ask(engine: &Engine, words: &[&str], limit: Instant, pause: &mut dyn FnMut(Pid, Duration)) -> Answer {
    match engine.ask(words) {
        Ok(call) => call.answer(limit, pause),
        Err(error) => Answer::No(format!("could not start {}: {error}", engine.program.display())),
    }
}

/// A time in whole seconds, as `stop` takes it, rounded up.
fn seconds(time: Duration) -> String {
    time.as_millis().div_ceil(1000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_stopped_then_killed_and_over_when_it_is_no_longer_listed() {
        let (none, one) = (Answer::Yes("\n".into()), Answer::Yes("d0fd4b169367\n".into()));
        let (no, silence) = (Answer::No("away".into()), Answer::Silence);
        for (step, answer, was_asked, removed, expected) in [
            (Step::Stop, &one, false, true, Next::Do(Step::List)),
            (Step::Stop, &no, false, true, Next::Do(Step::List)),
            (Step::Stop, &silence, false, true, Next::Do(Step::Kill)),
            (Step::List, &none, true, true, Next::Over),
            (Step::List, &none, false, false, Next::Over),
            (Step::List, &one, false, true, Next::Do(Step::Stop)),
            (Step::List, &one, true, true, Next::Do(Step::Remove)),
            (Step::List, &one, true, false, Next::Do(Step::Kill)),
            (Step::List, &no, true, false, Next::Later(Step::Stop)),
            (Step::List, &silence, true, false, Next::GiveUp),
            (Step::Kill, &one, true, true, Next::Later(Step::List)),
            (Step::Kill, &no, true, true, Next::Later(Step::List)),
            (Step::Kill, &silence, true, true, Next::GiveUp),
            (Step::Remove, &no, true, true, Next::Later(Step::List)),
            (Step::Remove, &silence, true, true, Next::GiveUp),
        ] {
            assert_eq!(next(step, answer, was_asked, removed), expected, "{step:?} {answer:?} {was_asked} {removed}");
        }
    }

    #[test]
    fn a_grace_time_is_never_shortened() {
        for (millis, expected) in [(0, "0"), (1, "1"), (1000, "1"), (1400, "2"), (3000, "3")] {
            assert_eq!(seconds(Duration::from_millis(millis)), expected);
        }
    }
}
