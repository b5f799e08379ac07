//! What is nobody's business: what this process was given, and what its session's servers were. A client may have given them
//! more, as an entry's `env`, and they may print it.

use crate::context;
use crate::disk::layout::SessionPaths;
use crate::server::record::ServerRecord;
use crate::server::secret_name;
use crate::server::secrets::Secrets;
use crate::session::servers;
use crate::sys::handle::ProcessHandle;
use crate::sys::process;

/// The values of variables whose names say that they are secret.
pub fn known(session: Option<&SessionPaths>) -> Secrets {
    let own =
        context::variables().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let of_servers = session.into_iter().flat_map(processes).flat_map(|process| process::variables(process.pid()));
    let telling = own.chain(of_servers).filter(|(name, value)| secret_name::is_telling(name, value));
    Secrets::new(&telling.map(|(_, value)| value).collect::<Vec<_>>())
}

/// The first processes of servers, and their supervisors, which have what a client gave them also while none runs.
fn processes(session: &SessionPaths) -> Vec<ProcessHandle> {
    let records = servers::read(session).into_iter().filter_map(|(_, record)| record.ok());
    let records = records.filter(ServerRecord::is_of_this_host);
    let identities =
        records.flat_map(|record| [record.state.server(), record.watchers.map(|both| both.supervisor)]).flatten();
    identities.filter_map(|identity| ProcessHandle::reopen(&identity)).collect()
}
