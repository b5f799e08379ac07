//! A client and a server that do what they like, and a server that dies when it likes: whatever happens, every request has
//! one answer, and nobody hears of anything stale.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::random::Random;
use super::*;

struct World {
    relay: Relay,
    random: Random,
    now: Instant,
    is_stateless: bool,
    /// Every request of the client: how many answers it has, and whether it was cancelled.
    requests: BTreeMap<u64, (u32, bool)>,
    next: u64,
    /// Requests of the server that the client has and has not answered, by the id it knows: which life asked.
    asked_of_client: BTreeMap<String, u64>,
    /// What the life that lives now has received and not answered.
    received: BTreeSet<u64>,
    answered_in_life: Vec<u64>,
    asked_by_life: u64,
    life: u64,
    is_up: bool,
    sent: u64,
    heard_by_server: u64,
    told: u64,
    heard_by_client: u64,
    /// What is said together, in an array.
    array: Option<Vec<Value>>,
}

impl World {
    fn new(seed: u64, is_stateless: bool) -> Self {
        let mut world = Self {
            relay: Relay::new("web".into(), false),
            random: Random(seed | 1),
            now: crate::context::now(),
            is_stateless,
            requests: BTreeMap::new(),
            next: 100,
            asked_of_client: BTreeMap::new(),
            received: BTreeSet::new(),
            answered_in_life: Vec::new(),
            asked_by_life: 0,
            life: 0,
            is_up: true,
            sent: 0,
            heard_by_server: 0,
            told: 0,
            heard_by_client: 0,
            array: None,
        };
        let first = if is_stateless { [DISCOVER, DISCOVERED] } else { [INITIALIZE, ANSWER] };
        world.relay.client(piece(Framer::of_client(), first[0]), world.now);
        world.relay.server(piece(Framer::of_server(), first[1]), world.now);
        if !is_stateless {
            world.relay.client(piece(Framer::of_client(), INITIALIZED), world.now);
        }
        world
    }

    fn client_says(&mut self, message: &Value) {
        if let Some(array) = &mut self.array {
            return array.push(message.clone());
        }
        let actions = self.relay.client(piece(Framer::of_client(), &message.to_string()), self.now);
        self.carry_out(actions);
    }

    fn server_says(&mut self, message: &Value) {
        if let Some(array) = &mut self.array {
            return array.push(message.clone());
        }
        let actions = self.relay.server(piece(Framer::of_server(), &message.to_string()), self.now);
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::ToClient(bytes) => self.client_hears(&serde_json::from_slice(&bytes).unwrap()),
                Action::ToServer(bytes) | Action::ToThisServer(bytes) => {
                    self.server_hears(&serde_json::from_slice(&bytes).unwrap());
                }
                Action::Start => self.start(),
                Action::Fail(why) => panic!("{why}"),
                Action::Stray(_) | Action::Differs(_) | Action::Done(_) => {}
            }
        }
    }

    fn client_hears(&mut self, message: &Value) {
        if let Some(array) = message.as_array() {
            return array.iter().for_each(|message| self.client_hears(message));
        }
        let method = message["method"].as_str();
        if let Some(id) = message.get("id").filter(|_| method.is_some()) {
            let asker = message["params"]["life"].as_u64().unwrap();
            assert_eq!(asker, self.life, "a request of a dead server");
            let before = self.asked_of_client.insert(id.to_string(), asker);
            assert!(before.is_none(), "an id is used twice: {id}");
        } else if let Some(id) = message["id"].as_u64() {
            let (answers, was_cancelled) = self.requests.get_mut(&id).expect("an answer to nothing");
            *answers += 1;
            assert!(*answers == 1, "{id} is answered twice");
            if let Some(life) = message["result"]["life"].as_u64() {
                assert_eq!(message["result"]["for"].as_u64(), Some(id));
                assert_eq!(life, self.life, "an answer of a dead server");
            } else {
                assert!(!*was_cancelled, "an error for a cancelled request");
            }
        } else if method == Some("notifications/cancelled") {
            let id = message["params"]["requestId"].to_string();
            // The client stops working on it, but its answer may be under way already.
            assert!(self.asked_of_client.contains_key(&id), "{id} was never asked");
        } else if method == Some("notifications/message") {
            let number = message["params"]["number"].as_u64().unwrap();
            assert!(number > self.heard_by_client, "out of order");
            self.heard_by_client = number;
        }
    }

    fn server_hears(&mut self, message: &Value) {
        if let Some(array) = message.as_array() {
            return array.iter().for_each(|message| self.server_hears(message));
        }
        match (message["method"].as_str(), &message["id"]) {
            (Some("initialize"), _) => self.server_says(&serde_json::from_str(ANSWER).unwrap()),
            (Some("server/discover"), _) => self.server_says(&serde_json::from_str(DISCOVERED).unwrap()),
            (Some("tools/call"), id) => {
                assert!(self.received.insert(id.as_u64().unwrap()), "delivered twice");
            }
            (Some("notifications/cancelled"), _) => {
                let id = message["params"]["requestId"].as_u64().unwrap();
                let is_known = self.received.contains(&id) || self.answered_in_life.contains(&id);
                assert!(is_known, "a cancellation of what this life never had");
            }
            (Some("notifications/roots/list_changed"), _) => {
                let number = message["params"]["number"].as_u64().unwrap();
                assert!(number > self.heard_by_server, "out of order");
                self.heard_by_server = number;
            }
            (None, id) => {
                assert_eq!(message["result"]["life"].as_u64(), Some(self.life), "an answer for a dead server");
                assert_eq!(message["result"]["for"], *id, "ids are confused");
            }
            _ => {}
        }
    }

    fn start(&mut self) {
        self.life += 1;
        self.is_up = true;
        self.asked_by_life = 0;
        let actions = self.relay.started(self.now);
        self.carry_out(actions);
    }

    fn kill(&mut self) {
        let death = Death { exit: Some(Exit::Signal(9)), why: "was killed".into(), stderr: Vec::new() };
        let next = if self.random.below(3) == 0 { Next::OnRequest } else { Next::Now };
        self.is_up = false;
        self.received.clear();
        self.answered_in_life.clear();
        let actions = self.relay.ended(&death, Vec::new(), next.clone(), self.now);
        self.carry_out(actions);
    }

    fn step(&mut self) {
        match self.random.below(22) {
            20 => self.say_together(Self::client_step, Self::client_says),
            21 if self.is_up => self.say_together(Self::server_step, Self::server_says),
            0..10 => self.client_step(),
            10..18 if self.is_up => self.server_step(),
            18 if self.is_up => self.kill(),
            _ if !self.is_up && self.relay.life == Life::Starting => self.start(),
            _ => {}
        }
    }

    fn say_together(&mut self, step: fn(&mut Self), say: fn(&mut Self, &Value)) {
        self.array = Some(Vec::new());
        for _ in 0..=self.random.below(4) {
            step(self);
        }
        let array = self.array.take().unwrap();
        say(self, &Value::from(array));
    }

    fn client_step(&mut self) {
        match self.random.below(10) {
            0..=5 => {
                self.next += 1;
                self.requests.insert(self.next, (0, false));
                self.client_says(&json!({ "id": self.next, "method": "tools/call" }));
            }
            6 => {
                let open = self.requests.iter().filter(|(_, (answers, was_cancelled))| *answers == 0 && !was_cancelled);
                if let Some(id) = self.random.pick(open.map(|(id, _)| *id)) {
                    self.requests.get_mut(&id).unwrap().1 = true;
                    self.client_says(&json!({ "method": "notifications/cancelled", "params": { "requestId": id } }));
                }
            }
            7 => {
                self.sent += 1;
                self.client_says(
                    &json!({ "method": "notifications/roots/list_changed", "params": { "number": self.sent } }),
                );
            }
            _ => {
                if let Some(id) = self.random.pick(self.asked_of_client.keys().cloned()) {
                    let asker = self.asked_of_client.remove(&id).unwrap();
                    let number: Value = serde_json::from_str(&id).unwrap();
                    let own = number.as_u64().map_or_else(|| json!(null), Value::from);
                    self.client_answers(&number, own, asker);
                }
            }
        }
    }

    fn server_step(&mut self) {
        match self.random.below(8) {
            0..=4 => self.server_answers(),
            5 if !self.is_stateless => {
                // Each life counts from the beginning.
                self.asked_by_life += 1;
                self.server_says(
                    &json!({ "id": self.asked_by_life, "method": "ping", "params": { "life": self.life } }),
                );
            }
            _ => {
                self.told += 1;
                self.server_says(&json!({ "method": "notifications/message", "params": { "number": self.told } }));
            }
        }
    }

    fn client_answers(&mut self, id: &Value, own: Value, asker: u64) {
        // What the server is told must be about its own id, which the client does not know if it was changed.
        let own = if own.is_null() {
            self.relay
                .asked
                .iter()
                .find(|asked| asked.shown == Raw::new(id.to_string().into_bytes()))
                .map(|asked| serde_json::from_slice(&asked.id.bytes).unwrap())
                .unwrap()
        } else {
            own
        };
        self.client_says(&json!({ "id": id, "result": { "life": asker, "for": own } }));
    }

    fn server_answers(&mut self) {
        let Some(id) = self.random.pick(self.received.iter().copied()) else { return };
        let answer = json!({ "id": id, "result": { "life": self.life, "for": id } });
        self.received.remove(&id);
        self.answered_in_life.push(id);
        self.server_says(&answer);
        if self.random.below(4) == 0 {
            self.server_says(&answer);
        }
    }

    /// Everything that is open is answered, by a server that lives.
    fn finish(&mut self) {
        if !self.is_up {
            self.relay.revived();
            self.start();
        }
        while !self.received.is_empty() {
            self.server_answers();
        }
        for (id, (answers, was_cancelled)) in &self.requests {
            assert!(*answers == 1 || *was_cancelled, "{id} has {answers} answers");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_request_has_one_answer_whatever_happens(seed in any::<u64>(), is_stateless in any::<bool>()) {
        let mut world = World::new(seed, is_stateless);
        for _ in 0..400 {
            world.step();
        }
        world.finish();
    }
}
