//! Servers that have one fault and no other.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::Sandbox;

/// One on standard input and output; its argument names the fault.
pub fn program(sandbox: &Sandbox) -> PathBuf {
    sandbox.write("fault_server.py", include_str!("../../fixtures/fault_server.py"))
}

/// One over HTTP; its arguments name the fault and the port.
pub fn http_program(sandbox: &Sandbox) -> PathBuf {
    sandbox.write("fault_http_server.py", include_str!("../../fixtures/fault_http_server.py"))
}

/// One over HTTP, which runs.
pub struct FaultyHttp {
    child: Child,
    pub url: String,
}

impl FaultyHttp {
    pub fn serve(sandbox: &Sandbox, fault: &str) -> Self {
        let mut command = sandbox.command("python3");
        command.arg(http_program(sandbox)).arg(fault).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { child, url: format!("http://127.0.0.1:{}/mcp", port.trim()) }
    }
}

impl Drop for FaultyHttp {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
