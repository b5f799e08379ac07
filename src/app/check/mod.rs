//! What keeps servers from being started, and what keeps those from working that are.

pub mod connect;
mod definitions;
mod of_client;
mod remark;
mod subject;

pub use self::definitions::check;
