//! Real servers and clients take a processor for seconds: so many tests that each waits for all others only find out how slow
//! a machine can be.

use std::sync::{Condvar, Mutex};

/// How many tests have real servers at a time, however many threads there are.
const AT_A_TIME: usize = 2;

static TAKEN: Mutex<usize> = Mutex::new(0);
static GIVEN_BACK: Condvar = Condvar::new();

/// Held by a test that has real servers.
pub struct Turn(());

impl Turn {
    /// Waits for one.
    pub fn wait() -> Self {
        let taken = TAKEN.lock().unwrap();
        *GIVEN_BACK.wait_while(taken, |taken| *taken == AT_A_TIME).unwrap() += 1;
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap() -= 1;
        GIVEN_BACK.notify_one();
    }
}
