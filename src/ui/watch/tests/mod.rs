//! The live view without a terminal.

mod odd;
mod state;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Modifier;

use super::render::render;
use super::state::{Message, State};
use crate::server::client::ClientProcess;
use crate::server::endpoint::Endpoint;
use crate::server::history::{Sample, UsageHistory};
use crate::session::view::{
    MethodView, OwnerView, ProcessView, RecordView, ServerView, SessionView, StateView, TrafficView, TreeView, UsageSum,
};

const NOW: u64 = 1_795_373_384_000;

fn server(name: &str, memory: u64, cpu: f64) -> ServerView {
    let sample = |second: u64| Sample {
        at: NOW - (60 - second) * 1000,
        memory: memory / 2 + memory / 120 * second,
        cpu_ms: second * (second % 20) * 10,
    };
    let endpoint = Endpoint { number: 3001, url: None, shown: None, address: None, public: false };
    let endpoint = Some(endpoint).filter(|_| name == "web");
    let tree = TreeView {
        cpu_percent: cpu,
        cpu_percent_now: cpu,
        memory_bytes: memory,
        threads: 33,
        open_files: 71,
        pids: vec![4821, 4822, 4823],
        history: UsageHistory { peak: memory, samples: (0..=60).step_by(5).map(sample).collect() },
        ..TreeView::default()
    };
    ServerView {
        process: Some(ProcessView { pid: 4821, uptime_seconds: 61.0 }),
        tree: Some(tree),
        record: Some(RecordView { endpoint, memory_peak_bytes: Some(memory), ..RecordView::blank() }),
        ..ServerView::new(name.parse().expect("a name"), StateView::Running)
    }
}

fn stopped(name: &str) -> ServerView {
    stopped_for(name, "it was stopped")
}

fn stopped_for(name: &str, reason: &str) -> ServerView {
    ServerView::new(name.parse().expect("a name"), StateView::Stopped { reason: reason.to_owned(), exit: None })
}

fn session(id: &str, servers: Vec<ServerView>) -> SessionView {
    SessionView {
        id: id.to_owned(),
        current: true,
        owner: OwnerView { pid: 4800, alive: true, place: None },
        tty: None,
        shell: "zsh".to_owned(),
        created: 0,
        sum: UsageSum::default(),
        servers,
    }
}

fn three() -> Vec<ServerView> {
    vec![server("files", 300 << 20, 1.4), stopped("old"), server("web", 65 << 20, 8.25)]
}

fn state(servers: Vec<ServerView>) -> State {
    let mut state = State::new(false, true);
    state.update(vec![session("pts3-4800-k7f2", servers)], NOW);
    state
}

fn drawn(state: &State, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| render(state, frame)).expect("drawn");
    let text = terminal.backend().to_string();
    let lines = text.lines().map(|line| line.trim_matches('"').trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

fn names(state: &State) -> Vec<String> {
    state.servers.iter().map(|server| server.name.to_string()).collect()
}

fn selected(state: &State) -> String {
    state.selected().map(|server| server.name.to_string()).unwrap_or_default()
}

#[test]
fn a_usual_terminal_shows_servers_graphs_log_and_keys() {
    let mut state = state(three());
    state.log = vec![
        "2026-11-22T19:00:45.280Z hook started, pid 4821".to_owned(),
        "2026-11-22T19:00:45.392Z out \x1b[31mred\x1b[0m\tand a bell \x07".to_owned(),
        "a line of another kind".to_owned(),
    ];
    state.message = Some(Message::Done("stopped old after 0.12 s (exit status 0)".to_owned()));
    insta::assert_snapshot!(drawn(&state, 80, 24), @r"
    pts3-4800-k7f2  2 running, 9.7%, 365 MiB  by name
      NAME       STATE     PID  PORT  UPTIME   CPU    MEMORY  PROCS
    ● files      running  4821     -  1m 01s  1.4%   300 MiB      3
    ○ old        stopped     -     -       -     -         -      -
    ● web        running  4821  3001  1m 01s  8.2%  65.0 MiB      3
    ─ memory 300 MiB · last 1m, peak 300 Mi  ─ CPU 1.4% · last 1m, 1.4% on average ─
                        ▁▁▁▂▂▂▂▄▄▄▅▅▅▆▆▆███                                ▃▃▃███
     ▁▁▁▂▂▂▄▄▄▅▅▅▅▆▆▆██████████████████████                   ▁▁▁▆▆▆▆▆▆▆▆▆▆██████
    ███████████████████████████████████████         ▄▄▄▄▄▄▄▄▄▄███████████████████
    ███████████████████████████████████████     ▂▇▇▇█████████████████████████████
    ─ files · 3 processes, 33 threads, 71 open files ───────────────────────────────
    19:00:45 hook started, pid 4821
    19:00:45 out red  and a bell
    a line of another kind








    stopped old after 0.12 s (exit status 0)
    q quit  ↑↓ select  x stop  r restart  s sort
    ");
}

#[test]
fn what_passes_between_a_server_and_its_client_has_a_part_of_its_own() {
    let method = |count, errors| MethodView { count, errors, median_ms: Some(12.3), max_ms: Some(1200.0) };
    let methods = [("initialize", method(1, 0)), ("ping", method(1, 0)), ("resources/read", method(2, 0))];
    let traffic = TrafficView {
        requests: 41,
        errors: 3,
        in_flight: 1,
        open_since: Some(NOW - 12_000),
        stray_lines: 0,
        last: Some(NOW - 3000),
        methods: methods
            .into_iter()
            .chain([("tools/call", method(37, 3))])
            .map(|(name, it)| (name.to_owned(), it))
            .collect(),
    };
    let mut servers = three();
    let client = ClientProcess { pid: 4700, name: "claude-code".to_owned() };
    servers[0].record = Some(RecordView { client: Some(client), traffic: Some(traffic), ..RecordView::blank() });
    let mut state = state(servers);
    state.log = vec!["the last line".to_owned(); 30];
    insta::assert_snapshot!(drawn(&state, 80, 24), @r"
    pts3-4800-k7f2  2 running, 9.7%, 365 MiB  by name
      NAME       STATE     PID  PORT  UPTIME   CPU    MEMORY  PROCS  CLIENT
    ● files      running  4821     -  1m 01s  1.4%   300 MiB      3  claude-code
    ○ old        stopped     -     -       -     -         -      -  -
    ● web        running  4821  3001  1m 01s  8.2%  65.0 MiB      3  -
    ─ memory 300 MiB · last 1m ────────────  ─ CPU 1.4% · last 1m, 1.4% on average ─
                        ▁▁▁▂▂▂▂▄▄▄▅▅▅▆▆▆███                                ▃▃▃███
     ▁▁▁▂▂▂▄▄▄▅▅▅▅▆▆▆██████████████████████                   ▁▁▁▆▆▆▆▆▆▆▆▆▆██████
    ███████████████████████████████████████         ▄▄▄▄▄▄▄▄▄▄███████████████████
    ███████████████████████████████████████     ▂▇▇▇█████████████████████████████
    ─ requests 41, 3 errors, 1 open for 12s · claude-code, last message 3s ago ─────
    tools/call      37, median 12 ms, worst 1.2 s, 3 errors
    resources/read  2, median 12 ms, worst 1.2 s
    initialize      1, median 12 ms, worst 1.2 s
    ─ files · 3 processes, 33 threads, 71 open files ───────────────────────────────
    the last line
    the last line
    the last line
    the last line
    the last line
    the last line
    the last line
    the last line
    q quit  ↑↓ select  x stop  r restart  s sort
    ");
    insta::assert_snapshot!(drawn(&state, 60, 12), @r"
    pts3-4800-k7f2  2 running, 9.7%, 365 MiB  by name
      NAME       STATE     PID  PORT  UPTIME   CPU    MEMORY
    ● files      running  4821     -  1m 01s  1.4%   300 MiB
    ○ old        stopped     -     -       -     -         -
    ● web        running  4821  3001  1m 01s  8.2%  65.0 MiB
    ─ requests 41, 3 errors, 1 open for 12s · claude-code, last
    ─ files · 3 processes, 33 threads, 71 open files ───────────
    the last line
    the last line
    the last line
    the last line
    q quit  ↑↓ select  x stop  r restart  s sort
    ");
}

#[test]
fn a_small_terminal_shows_what_is_most_important() {
    let mut state = state(three());
    state.log = vec!["a line that is a good deal longer than the terminal is wide".to_owned()];
    insta::assert_snapshot!(drawn(&state, 40, 10), @r"
    pts3-4800-k7f2  2 running, 9.7%, 365 MiB
      NAME       STATE     CPU    MEMORY
    ● files      running  1.4%   300 MiB
    ○ old        stopped     -         -
    ● web        running  8.2%  65.0 MiB
    ─ files · 3 processes, 33 threads, 71 op
    a line that is a good deal longer than t


    q quit  ↑↓ select  x stop  r restart  s
    ");
}

#[test]
fn every_session_has_its_name_beside_its_servers() {
    let mut state = State::new(true, false);
    let sessions =
        vec![session("pts3-4800-k7f2", three()), session("pts12-90-a1b2", vec![server("web", 1 << 30, 0.0)])];
    state.update(sessions, NOW);
    state.select(9);
    insta::assert_snapshot!(drawn(&state, 100, 16), @r"
    2 sessions  3 running, 9.7%, 1.4 GiB  by name
    SESSION           NAME       STATE     PID  PORT  UPTIME   CPU    MEMORY  PROCS
    pts12-90-a1b2   ● web        running  4821  3001  1m 01s  0.0%   1.0 GiB      3
    pts3-4800-k7f2  ● files      running  4821     -  1m 01s  1.4%   300 MiB      3
    pts3-4800-k7f2  ○ old        stopped     -     -       -     -         -      -
    pts3-4800-k7f2  ● web        running  4821  3001  1m 01s  8.2%  65.0 MiB      3
    ─ memory 65.0 MiB · last 1m, peak 65.0 MiB ──────  ─ CPU 8.2% · last 1m, 8.2% on average ───────────
                             ▁▁▁▁▂▂▂▂▄▄▄▄▅▅▅▅▆▆▆▆████                                       ▃▃▃▃████
     ▁▁▁▁▂▂▂▂▄▄▄▄▅▅▅▅▆▆▆▆████████████████████████████                       ▁▁▁▁▆▆▆▆▆▆▆▆▆▆▆▆████████
    █████████████████████████████████████████████████           ▄▄▄▄▄▄▄▄▄▄▄▄████████████████████████
    █████████████████████████████████████████████████      ▂▇▇▇▇████████████████████████████████████
    ─ web · 3 processes, 33 threads, 71 open files ─────────────────────────────────────────────────────



    q quit  ↑↓ select  x stop  r restart  s sort
    ");
    state.update(vec![session("pts3-4800-k7f2", Vec::new())], NOW);
    insta::assert_snapshot!(drawn(&state, 60, 5), @r"
    1 session  0 running, 0.0%, 0 B  by name
      no servers


    q quit  ↑↓ select  x stop  r restart  s sort
    ");
}

#[test]
fn a_server_that_does_not_run_is_explained() {
    let mut state = state(three());
    state.select(1);
    insta::assert_snapshot!(drawn(&state, 60, 18), @r"
    pts3-4800-k7f2  2 running, 9.7%, 365 MiB  by name
      NAME       STATE     PID  PORT  UPTIME   CPU    MEMORY
    ● files      running  4821     -  1m 01s  1.4%   300 MiB
    ○ old        stopped     -     -       -     -         -
    ● web        running  4821  3001  1m 01s  8.2%  65.0 MiB
    ─ memory · last 1m ──────────  ─ CPU · last 1m ─────────────




    ─ old ──────────────────────────────────────────────────────
    it was stopped





    q quit  ↑↓ select  x stop  r restart  s sort
    ");
}

#[test]
fn without_colours_the_selected_line_still_stands_out() {
    for is_coloured in [false, true] {
        let mut state = state(three());
        state.is_coloured = is_coloured;
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
        terminal.draw(|frame| render(&state, frame)).expect("drawn");
        let cells = &terminal.backend().buffer().content;
        let has_colour = cells.iter().any(|cell| cell.fg != ratatui::style::Color::Reset);
        assert_eq!(has_colour, is_coloured);
        assert!(cells.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count() == 80);
    }
}
