//! What the view knows from look to look: what is selected, and numbers over time.

use super::{NOW, names, selected, server, session, state, stopped, three};
use crate::server::history::{Sample, UsageHistory};
use crate::session::view::{ProcessView, TreeView};
use crate::ui::watch::state::{Sort, State};

#[test]
fn what_is_selected_stays_selected_however_servers_are_sorted_and_change() {
    let mut state = state(three());
    state.select(2);
    assert_eq!(selected(&state), "web");
    state.sort_by_next();
    assert_eq!((state.sort, names(&state)), (Sort::Cpu, ["web", "files", "old"].map(str::to_owned).to_vec()));
    assert_eq!(selected(&state), "web");
    state.sort_by_next();
    assert_eq!((state.sort, names(&state)), (Sort::Memory, ["files", "web", "old"].map(str::to_owned).to_vec()));
    let mut more = three();
    more.push(server("a-large-one", 1 << 32, 0.0));
    state.update(vec![session("pts3-4800-k7f2", more)], NOW + 1000);
    assert_eq!(names(&state), ["a-large-one", "files", "web", "old"]);
    assert_eq!(selected(&state), "web");
    // What is gone gives its place to the one that takes it.
    state.update(vec![session("pts3-4800-k7f2", vec![stopped("old"), server("files", 1, 0.0)])], NOW + 2000);
    assert_eq!(selected(&state), "old");
    state.update(vec![session("pts3-4800-k7f2", Vec::new())], NOW + 3000);
    assert_eq!(selected(&state), "");
    for _ in 0..2 {
        state.sort_by_next();
    }
    assert_eq!(state.sort, Sort::Name);
}

#[test]
fn numbers_over_time_go_on_from_the_record_and_begin_anew_with_a_new_process() {
    let mut state = state(three());
    let known = |state: &State| state.history().expect("known").samples.len();
    assert_eq!(known(&state), 13);
    let later = |seconds: u64, uptime: f64| {
        let mut server = server("files", 300 << 20, 1.4);
        let mut history = UsageHistory::default();
        history.push(Sample { at: NOW + seconds * 1000, memory: 7, cpu_ms: 2000 });
        server.tree = server.tree.map(|tree| TreeView { history, ..tree });
        server.process = Some(ProcessView { pid: 4821, uptime_seconds: uptime });
        session("pts3-4800-k7f2", vec![server])
    };
    state.update(vec![later(1, 62.0)], NOW + 1000);
    assert_eq!(known(&state), 14);
    state.update(vec![later(9, 70.0)], NOW + 9000);
    let share = state.selected().and_then(|server| server.tree.as_ref()).expect("it runs").cpu_percent_now;
    assert!(share.abs() < 1.0, "of the last seconds, not of its life: {share}");
    state.update(vec![later(20, 2.0)], NOW + 20_000);
    assert_eq!(known(&state), 1);
}
